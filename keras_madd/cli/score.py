"""Score the faces of photographs and videos with an exported model."""

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keras_madd.cli.arguments import count, folder
from keras_madd.cli.scoring_options import (
    add_model_arguments,
    demonstration_note,
    say_what_it_runs_on,
)

if TYPE_CHECKING:
    from keras_madd.inference import Detector, VideoResult
    from keras_madd.inference.media import Media


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd score`."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="photographs and videos, or folders that are searched; what a file holds decides, "
        "not its name",
    )
    parser.add_argument(
        "--json",
        metavar="OUT",
        help="also write the scores to this file, replacing it; - is standard output, and the "
        "words for people go to standard error",
    )
    parser.add_argument(
        "--overlay",
        type=folder,
        metavar="DIR",
        help="write each photograph and video with boxes, scores and attention to this folder, as "
        "NAME.scored.png and, with a timeline, NAME.scored.mp4",
    )
    frames = parser.add_mutually_exclusive_group()
    frames.add_argument(
        "--every", type=count, default=1, metavar="N", help="score each N-th frame of a video"
    )
    frames.add_argument(
        "--frames", type=count, metavar="N", help="score N frames of a video, evenly spaced"
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
    from keras_madd.support.files import STANDARD_OUTPUT

    # What reads standard output finds nothing there but the JSON.
    words = sys.stderr if args.json == STANDARD_OUTPUT else sys.stdout
    with contextlib.redirect_stdout(words):
        content, records = _run(args)
    if args.json:
        _write_json(args.json, content | {"files": records})
    failed = sum("error" in record for record in records)
    if failed and len(records) > 1:
        print(f"{failed} of {len(records)} files failed", file=sys.stderr)
    return 1 if failed else 0


def _run(args: argparse.Namespace) -> tuple[dict, list[dict]]:
    """Scores all files; returns what the JSON says of the model, and a record of each file."""
    from keras_madd.inference.detector import Detector
    from keras_madd.inference.media import find_media, read_ahead
    from keras_madd.support.errors import UserError

    _check_outputs(args)
    files = list(find_media(args.paths))
    if not files:
        raise UserError(f"No images and no videos in {', '.join(args.paths)}.")
    names = _overlay_names(files)
    with Detector(args.model, threads=args.threads, device=args.device) as detector:
        say_what_it_runs_on(detector)
        with contextlib.closing(read_ahead(files)) as opened:
            records = [_score(media, detector, args, names[media.path]) for media in opened]
    return _facts(detector), records


def _score(media: "Media", detector: "Detector", args: argparse.Namespace, name: str) -> dict:
    """Scores one file, prints the result, and returns its record for the JSON file."""
    from keras_madd.support.errors import UserError

    try:
        if media.error is not None:
            raise UserError(media.error)
        score = _score_video if media.is_video else _score_photograph
        overlay = Path(args.overlay) / name if args.overlay else None
        return {"path": str(media.path)} | score(media, detector, args, overlay)
    except UserError as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename or media.path}: {error.strerror or error}"
    print(f"error: {message}", file=sys.stderr)
    return {"path": str(media.path), "error": message}


def _score_photograph(media, detector, args, overlay: Path | None) -> dict:
    faces = detector.score_image(media.image)
    if overlay:
        from keras_madd.inference.media import IMAGE_OVERLAY
        from keras_madd.support.files import replace_file
        from keras_madd.visualize.attention import encode_png
        from keras_madd.visualize.overlays import draw_scored_faces, enlarge_small

        picture = draw_scored_faces(*enlarge_small(media.image, faces))
        replace_file(overlay.with_name(overlay.name + IMAGE_OVERLAY), encode_png(picture))
    if not faces:
        print(f"{media.path}: no face found")
    for face in faces:
        x, y, width, height = face.box
        print(
            f"{media.path}: fake score {face.probability:.1%} ({face.verdict}), "
            f"face {width}x{height} at {x},{y}"
        )
    return {"kind": "photograph", "faces": [face.to_json() for face in faces]}


def _score_video(media, detector, args, overlay: Path | None) -> dict:
    from keras_madd.support.progress import Stages

    with contextlib.ExitStack() as stack:
        on_frame = None
        if overlay:
            on_frame = stack.enter_context(_video_overlay(media.path, detector, args, overlay)).add
        # Within the overlay, so that a stopped command leaves no file.
        stage = stack.enter_context(Stages().stage(media.path.name))
        result = detector.score_video(
            media.path,
            every=args.every,
            frames=args.frames,
            all_faces=args.all_faces,
            progress=stage.advance,
            on_frame=on_frame,
        )
    print(f"{media.path}: {_in_words(result)}")
    if args.all_faces:
        for track in result.tracks:
            print(
                f"{media.path}: face #{track.track}: fake score {track.probability:.1%} "
                f"({track.verdict}), {_frames(track.frames)}, "
                f"{track.first_seconds:.1f} to {track.last_seconds:.1f} s"
            )
    if result.broken_tail:
        print(f"note: {media.path} is damaged: {result.broken_tail}", file=sys.stderr)
    return {"kind": "video"} | result.to_json()


def _video_overlay(path: Path, detector, args, overlay: Path):
    from keras_madd.inference.media import VIDEO_OVERLAY
    from keras_madd.media import VideoReader
    from keras_madd.visualize import ScoredVideoWriter

    with VideoReader(path) as video:
        rate = video.frame_rate or 25.0
        seconds = video.frame_count and video.frame_count / rate
        scored = args.frames / seconds if args.frames and seconds else rate / args.every
        return ScoredVideoWriter(
            overlay.with_name(overlay.name + VIDEO_OVERLAY),
            video.width,
            video.height,
            min(scored, rate),
            seconds,
            detector.description.threshold,
            demonstration_note(detector),
        )


def _in_words(result: "VideoResult") -> str:
    if result.probability is None:
        return f"no face found in {_frames(len(result.frames))}"
    faces = f"{result.frames_with_face} of {_frames(len(result.frames))} with a face"
    return f"fake score {result.probability:.1%} ({result.verdict}), {faces}"


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _check_outputs(args: argparse.Namespace) -> None:
    """Makes the overlay's folder and says at once what could not be written at the end."""
    import os

    from keras_madd.support.errors import UserError
    from keras_madd.support.files import STANDARD_OUTPUT

    folders = []
    if args.overlay:
        try:
            Path(args.overlay).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--overlay {args.overlay}: {error.strerror}") from None
        folders.append(Path(args.overlay))
    if args.json and args.json != STANDARD_OUTPUT:
        if Path(args.json).is_dir():
            raise UserError(f"--json {args.json} is a folder.")
        folders.append(Path(args.json).parent)
    for each in folders:
        if not each.is_dir():
            raise UserError(f"There is no folder {each}.")
        if not os.access(each, os.W_OK):
            raise UserError(f"The folder {each} cannot be written to.")


def _overlay_names(files: list[Path]) -> dict[Path, str]:
    """Returns a name for each file's overlay; like names from several folders are numbered."""
    names, taken = {}, set()
    for file in dict.fromkeys(files):
        name, number = file.name, 1
        while name in taken:
            number += 1
            name = f"{file.name}.{number}"
        taken.add(name)
        names[file] = name
    return names


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
        "device": detector.device,
    }


def _write_json(path: str, content: dict) -> None:
    from keras_madd.support.files import write_output

    write_output(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
