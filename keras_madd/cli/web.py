"""Score in a browser on this machine: photographs, videos, the camera."""

import argparse

from keras_madd.cli.arguments import Range
from keras_madd.cli.scoring_options import add_model_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd web`."""
    add_model_argument(parser)
    parser.add_argument(
        "--port",
        type=Range(0, 65_535),
        default=0,
        help="on 127.0.0.1; 0 takes a free one (default: 0)",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd web`; returns the exit status."""
    import tempfile
    import threading
    import webbrowser
    from pathlib import Path

    from keras_madd.support.shipped import default_litert
    from keras_madd.support.signals import Stopped
    from keras_madd.web.folder import write_web_folder
    from keras_madd.web.server import address_of, open_server

    with tempfile.TemporaryDirectory(prefix="keras-madd-web-") as folder:
        write_web_folder(args.model or default_litert(), folder)
        with open_server(Path(folder), args.port) as server:
            print(f"{address_of(server)} (Ctrl-C ends it)", flush=True)
            if not args.no_browser:
                # One in the terminal holds on until it is closed, and asks this server first.
                arguments = (address_of(server),)
                threading.Thread(target=webbrowser.open, args=arguments, daemon=True).start()
            try:
                server.serve_forever()
            except Stopped:
                raise
            except KeyboardInterrupt:  # How one leaves.
                return 0
    return 0
