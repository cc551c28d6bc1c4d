"""Score the faces of photographs and videos with an exported model."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from keras_madd.cli.arguments import COUNT, local_folder, path
from keras_madd.cli.scoring_options import (
    add_model_arguments,
    demonstration_note,
    model_files,
    say_what_it_runs_on,
)
from keras_madd.support.standard_streams import printable, standard_output_error

if TYPE_CHECKING:
    from keras_madd.cli.overlays import Overlays
    from keras_madd.inference import Detector, VideoResult
    from keras_madd.inference.media import Media

STANDARD_INPUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd score`."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=path,
        metavar="PATH",
        help="photographs and videos, or folders that are searched; what a file holds decides, "
        "not its name; - is standard input",
    )
    parser.add_argument(
        "--json",
        type=path,
        metavar="OUT",
        help="also write the scores to this file; - is standard output, and the words for people "
        "go to standard error",
    )
    parser.add_argument(
        "--overlay",
        type=local_folder,
        metavar="DIR",
        help="write each photograph and video with boxes, scores and what looks manipulated (the "
        "attention of a model that has no such map) to this folder, as NAME.scored.png and, with a "
        "timeline, NAME.scored.mp4",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace existing files of --json and --overlay; what is scored, the model and what "
        "is no plain file are never replaced",
    )
    frames = parser.add_mutually_exclusive_group()
    frames.add_argument(
        "--every", type=COUNT, default=1, metavar="N", help="score each N-th frame of a video"
    )
    frames.add_argument(
        "--frames", type=COUNT, metavar="N", help="score N frames of a video, evenly spaced"
    )
    parser.add_argument(
        "--all-faces",
        action="store_true",
        help="score every face of a video's frames, not only the largest (of a photograph every "
        "face is scored anyway)",
    )
    add_model_arguments(parser)
    parser.epilog = (
        "The score of a frame is the highest of its faces, that of a video the mean over its "
        "frames with a face. Exit status: 0 when every file was read, faces or none, whatever "
        "their scores; 1 when a file failed; 2 for mistakes in the command."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd score`; returns the exit status."""
    from keras_madd.support.files import STANDARD_OUTPUT, json_bytes, write_output

    # What reads standard output finds nothing there but the JSON.
    words = sys.stderr if args.json == STANDARD_OUTPUT else sys.stdout
    with contextlib.redirect_stdout(words):
        content, records, stop = _run(args)
    if args.json and (records or not stop):
        stopped = {"stopped": True} if stop else {}
        content |= stopped | {"files": records}
        write_output(args.json, json_bytes(content), args.overwrite)
    if stop:
        raise stop
    failed = sum("error" in record or "overlay_error" in record for record in records)
    if failed and len(records) > 1:
        print(f"{failed} of {len(records)} files failed", file=sys.stderr)
    return 1 if failed else 0


def _run(args: argparse.Namespace) -> tuple[dict, list[dict], BaseException | None]:
    """Scores all files.

    Returns:
        What the JSON says of the model, a record of each file (without `--json` of what failed
        alone: there may be very many), and what ended the work early.
    """
    if STANDARD_INPUT not in args.paths:
        return _score_files(args, args.paths)
    with _standard_input() as file:
        args.standard_input = str(file)
        paths = [str(file) if each == STANDARD_INPUT else each for each in args.paths]
        return _score_files(args, paths)


def _named(text: object, args: argparse.Namespace) -> str:
    """A path, or what is said of one, with the user's name of standard input."""
    copy = getattr(args, "standard_input", None)
    return str(text).replace(copy, STANDARD_INPUT) if copy else str(text)


@contextlib.contextmanager
def _standard_input() -> Iterator[Path]:
    """What standard input holds, as a file for as long as it is scored."""
    import shutil
    import tempfile

    from keras_madd.support.errors import UserError

    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        raise UserError("- is standard input: pipe a photograph or a video into the command.")
    with tempfile.TemporaryDirectory(prefix="keras-madd-") as folder:
        file = Path(folder) / "standard_input"
        with file.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield file


def _score_files(args: argparse.Namespace, paths: list[str]) -> tuple:
    from keras_madd.inference.detector import Detector
    from keras_madd.inference.media import find_media, read_ahead
    from keras_madd.support.errors import UserError

    # Each once, also where it is named and in a folder that is named.
    files = list({os.path.abspath(file): file for file in find_media(paths)}.values())
    if not files:
        raise UserError(f"No images and no videos in {', '.join(args.paths)}.")
    records: list[dict] = []
    stop = None
    with Detector(args.model, threads=args.threads, device=args.device) as detector:
        overlays = _outputs(args, files)
        say_what_it_runs_on(detector)
        with contextlib.closing(read_ahead(files)) as opened:
            try:
                for media in opened:
                    record = _score(media, detector, args, overlays)
                    records.append(record if args.json else _failure(record))
                    if standard_output_error() and not (args.json or overlays):
                        break  # Nobody learns of more.
            except BaseException as error:  # Raised again once the records are written.
                stop = error
    return _facts(detector), records, stop


def _outputs(args: argparse.Namespace, files: list[Path]) -> "Overlays | None":
    """Checks what will be written, once all that is read is there; returns the overlays."""
    from keras_madd.cli.overlays import Overlays
    from keras_madd.support.errors import UserError
    from keras_madd.support.files import check_outputs

    inputs = [*model_files(args.model), *files]
    overlays = Overlays(args.overlay, files, args.overwrite, inputs) if args.overlay else None
    taken = {os.path.abspath(each) for each in overlays.paths} if overlays else set()
    if args.json and os.path.abspath(args.json) in taken:
        raise UserError(f"--json {args.json} is the name of an overlay, too: choose another one.")
    if args.json:
        check_outputs([args.json], overwrite=args.overwrite, inputs=inputs)
    return overlays


def _failure(record: dict) -> dict:
    return {name: record[name] for name in ("error", "overlay_error") if name in record}


def _score(media: "Media", detector: "Detector", args, overlays: "Overlays | None") -> dict:
    """Scores one file, prints the result, and returns its record for the JSON file."""
    from keras_madd.support.errors import UserError

    record = {"path": _named(media.path, args)}
    try:
        if media.error is not None:
            raise UserError(media.error)
        score = _score_video if media.is_video else _score_photograph
        record |= score(media, detector, args, overlays)
        message = record.get("overlay_error")
    except UserError as error:
        message = record["error"] = _named(error, args)
    except OSError as error:
        message = f"{error.filename or media.path}: {error.strerror or error}"
        message = record["error"] = _named(message, args)
    if message:
        print(f"error: {printable(message)}", file=sys.stderr)
    return record


def _score_photograph(media, detector, args, overlays: "Overlays | None") -> dict:
    faces = detector.score_image(media.image)
    name = printable(_named(media.path, args))
    if not faces:
        print(f"{name}: no face found")
    for face in faces:
        x, y, width, height = face.box
        print(
            f"{name}: fake score {face.probability:.1%} ({face.verdict}), "
            f"face {width}x{height} at {x},{y}"
        )
    record = {
        "kind": "photograph",
        "damage_detection": media.damage_detection,
        "faces": [face.to_json() for face in faces],
    }
    failure = overlays and overlays.add_photograph(media, faces, demonstration_note(detector))
    return record | ({"overlay_error": failure} if failure else {})


def _score_video(media, detector, args, overlays: "Overlays | None") -> dict:
    from keras_madd.support.progress import Stages

    with contextlib.ExitStack() as stack:
        overlay = None
        if overlays:
            note = demonstration_note(detector)
            overlay = overlays.video(media.path, args.every, args.frames, detector, note)
            stack.enter_context(overlay)
        # Within the overlay, so that a stopped command leaves no file.
        stage = stack.enter_context(Stages().stage(Path(_named(media.path, args)).name))
        result = detector.score_video(
            media.path,
            every=args.every,
            frames=args.frames,
            all_faces=args.all_faces,
            progress=stage.advance,
            on_frame=overlay and overlay.add,
        )
    _print_video(printable(_named(media.path, args)), result, args.all_faces)
    record = {"kind": "video"} | result.to_json()
    if overlay is None or overlay.failure is None:
        return record
    return record | {"overlay_error": overlay.failure}


def _print_video(name: str, result: "VideoResult", all_faces: bool) -> None:
    print(f"{name}: {_in_words(result)}")
    for track in result.tracks if all_faces else ():
        print(
            f"{name}: face #{track.track}: fake score {track.probability:.1%} "
            f"({track.verdict}), {_frames(track.frames)}, "
            f"{track.first_seconds:.1f} to {track.last_seconds:.1f} s"
        )
    if result.broken_tail:
        print(f"note: {name} is damaged: {result.broken_tail}", file=sys.stderr)


def _in_words(result: "VideoResult") -> str:
    if result.probability is None:
        return f"no face found in {_frames(len(result.frames))}"
    faces = f"{result.frames_with_face} of {_frames(len(result.frames))} with a face"
    words = f"fake score {result.probability:.1%} ({result.verdict}), {faces}"
    if result.damage_detection == "none" and not result.broken_tail:
        words += " (damage cannot be ruled out: its codec shows damaged frames as if sound)"
    return words


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _facts(detector: "Detector") -> dict:
    description = detector.description
    return {
        "model": detector.name,
        "model_card": detector.model_card and str(detector.model_card),
        "sha256": description.sha256,
        "training_data": description.training_data,
        "demonstration": description.demonstration,
        "temperature": description.temperature,
        "threshold": description.threshold,
        "clear_threshold": description.clear_threshold,
        "device": detector.device,
    }
