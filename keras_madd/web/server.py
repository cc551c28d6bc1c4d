"""Serves the folder to a browser on this machine, and to no one else."""

import errno
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from keras_madd.support.errors import UserError

HOST = "127.0.0.1"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # The next model may be served from the same address.
    "Cache-Control": "no-cache",
}


class _Handler(SimpleHTTPRequestHandler):
    # What the system's own list says of these differs from machine to machine.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".tflite": "application/octet-stream",
        ".svg": "image/svg+xml",
    }
    protocol_version = "HTTP/1.1"

    def send_head(self):
        # A name that someone else has pointed at this machine is not answered.
        if self.headers.get("Host", "").rsplit(":", 1)[0] not in (HOST, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN, "Only for this machine")
            return None
        return super().send_head()

    def list_directory(self, path):
        self.send_error(HTTPStatus.NOT_FOUND, "File not found")

    def end_headers(self):
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *arguments):
        """Stays quiet: the browser shows what goes wrong."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        # A page that is closed or loaded anew leaves in the middle of a file.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def open_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Returns a server of a folder that listens on 127.0.0.1; call `serve_forever()`.

    Args:
        folder: What `write_web_folder` wrote.
        port: 0 takes a free one.

    Raises:
        UserError: If the port is taken or not allowed.
    """
    try:
        return _Server((HOST, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise UserError(
                f"Port {port} cannot be used: {error.strerror}; --port 0 takes a free one."
            ) from None
        raise


def address_of(server: ThreadingHTTPServer) -> str:
    """Returns the address to open."""
    return f"http://{HOST}:{server.server_address[1]}/"
