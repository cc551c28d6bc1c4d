"""Score the faces of a camera's picture as it comes."""

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_madd.cli.arguments import COUNT, SECONDS, path
from keras_madd.cli.scoring_options import (
    add_model_arguments,
    demonstration_note,
    model_files,
    say_what_it_runs_on,
)
from keras_madd.support.standard_streams import standard_output_error

if TYPE_CHECKING:
    from keras_madd.inference import Detector
    from keras_madd.inference.live import LiveFrame
    from keras_madd.media import VideoWriter
    from keras_madd.visualize.scored_video import VideoOverlay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd camera`."""
    parser.add_argument(
        "--source",
        type=path,
        default="0",
        metavar="SOURCE",
        help="number of the camera, or a video file that stands in for it (default: %(default)s)",
    )
    parser.add_argument(
        "--headless",
        action="store_true",
        help="open no window: print a line of JSON for each picture",
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="a video file: score each picture, as fast as can be, and not at the video's own pace",
    )
    parser.add_argument("--mirror", action="store_true", help="show the picture as a mirror does")
    parser.add_argument(
        "--record", type=path, metavar="OUT.mp4", help="write what the window shows to a file"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an existing file of --record"
    )
    parser.add_argument("--seconds", type=SECONDS, metavar="S", help="stop after S seconds")
    parser.add_argument("--frames", type=COUNT, metavar="N", help="stop after N pictures")
    add_model_arguments(parser)
    parser.epilog = (
        "q, Escape or closing the window ends it. A verdict is that of the smoothed score; it "
        "comes after five pictures of a face. Exit status: 0 at the end, 1 when the camera was "
        "lost, 2 for mistakes in the command, 130 after Ctrl-C, 143 after SIGTERM; a recording is "
        "complete in every case."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd camera`; returns the exit status."""
    from keras_madd.inference.capture import Camera, VideoAsCamera, is_camera
    from keras_madd.inference.detector import Detector
    from keras_madd.inference.live import LiveScorer
    from keras_madd.support.errors import UserError
    from keras_madd.support.files import check_outputs

    if args.record and Path(args.record).suffix.lower() != ".mp4":
        raise UserError(f"--record must end in .mp4. Received: {args.record}")
    if args.record:
        inputs = [args.source, *model_files(args.model)]
        check_outputs([args.record], overwrite=args.overwrite, inputs=inputs)
    live_camera = is_camera(args.source)
    if args.fast and live_camera:
        raise UserError("--fast is for video files; a camera has its own pace.")
    problem = None
    with contextlib.ExitStack() as stack:
        show: list = []
        if not args.headless:
            from keras_madd.visualize.window import Window

            window = Window("keras-madd camera (q quits)")
            show.append(stack.enter_context(contextlib.closing(window)))
        detector = stack.enter_context(Detector(args.model, args.threads, args.device))
        say_what_it_runs_on(detector)
        source: Camera | VideoAsCamera
        if live_camera:
            source = Camera(args.source)
        else:
            source = VideoAsCamera(args.source, not args.fast, args.seconds)
        stack.callback(source.close)
        if args.record:
            show.append(stack.enter_context(_Recording(args, source.frame_rate)))
        live = LiveScorer(detector, source, newest_only=not args.fast, mirror=args.mirror)
        stack.enter_context(live)
        if isinstance(source, VideoAsCamera):
            stack.callback(source.interrupt)  # Before `live` waits for its thread.
        try:
            _loop(live, detector, args, show)
        except (UserError, KeyboardInterrupt) as error:
            problem = error  # After the recording is complete.
    if isinstance(problem, KeyboardInterrupt):
        raise problem
    if problem is not None:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    if isinstance(source, VideoAsCamera) and source.broken_tail:
        print(f"note: {args.source} is damaged: {source.broken_tail}", file=sys.stderr)
    return 0


def _loop(live, detector: "Detector", args: argparse.Namespace, show: list) -> None:
    """Shows and prints scored pictures until somebody has enough."""
    composer = _Composer(detector) if show else None
    for number, frame in enumerate(live, 1):
        if args.seconds is not None and frame.seconds >= args.seconds:
            return
        if args.headless:
            print(json.dumps(frame.to_json()), flush=True)
            if standard_output_error() is not None:
                return  # Nobody reads any more.
        picture = composer.compose(frame) if composer else None
        # Each one is shown, also when the first of them is closed.
        if not all([each.show(picture, frame.seconds) for each in show]):
            return
        if args.frames is not None and number >= args.frames:
            return


class _Composer:
    """Draws scored pictures with what they were scored."""

    def __init__(self, detector: "Detector"):
        self._threshold = detector.description.threshold
        self._clear_threshold = detector.description.clear_threshold
        self._note = demonstration_note(detector)
        self._overlay: VideoOverlay | None = None

    def compose(self, frame: "LiveFrame"):
        from keras_madd.visualize.lettering import percent
        from keras_madd.visualize.scored_video import LIVE_SECONDS, VideoOverlay

        if self._overlay is None:
            height, width = frame.image.shape[:2]
            settings: dict[str, Any] = {"seconds": LIVE_SECONDS, "live": True, "note": self._note}
            settings["clear_threshold"] = self._clear_threshold
            self._overlay = VideoOverlay(width, height, self._threshold, **settings)
        # The face that is told about comes first.
        faces = sorted(frame.faces, key=lambda face: -(face.smoothed or 0.0))
        headline: tuple[str, str | None] = ("no face", None)
        score = faces[0].smoothed if faces else None
        if score is not None:
            words = f"face #{faces[0].track}, smoothed: {percent(score)} fake"
            headline = (words, faces[0].verdict)
        rate = frame.frames_per_second
        detect, network = frame.timings["detect"], frame.timings["score"]
        right = f"{rate:.0f} per second, " if rate else ""
        right += f"faces {detect:.0f} ms, scores {network:.0f} ms"
        return self._overlay.compose(frame.image, faces, frame.seconds, score, headline, right)


class _Recording:
    """Writes pictures, each until the next one came."""

    def __init__(self, args: argparse.Namespace, frame_rate: float | None):
        self._path, self._overwrite = args.record, args.overwrite
        self._rate = frame_rate or 30.0
        self._writer: VideoWriter | None = None

    def show(self, picture, seconds: float) -> bool:
        if self._writer is None:
            from keras_madd.media import VideoWriter
            from keras_madd.media.writer import MOST_FRAME_RATE

            self._rate = min(self._rate, MOST_FRAME_RATE)
            height, width = picture.shape[:2]
            settings: dict[str, Any] = {"speed": "ultrafast", "overwrite": self._overwrite}
            self._writer = VideoWriter(self._path, width, height, self._rate, **settings)
            self._start = seconds
        self._writer.write(picture, seconds - self._start)
        return True

    def __enter__(self) -> "_Recording":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if self._writer is not None:
            self._writer.__exit__(kind, error, traceback)
