"""Train a detector on face crops, with checkpoints, logs and exact resuming."""

import argparse
import shlex
import sys
from pathlib import Path

from keras_madd.cli.devices import joined, workers_asked
from keras_madd.cli.train_arguments import add_arguments, settings_of
from keras_madd.support.errors import UserError
from keras_madd.training.settings import TrainSettings

__all__ = ["add_arguments", "run", "settings_of"]


def run(args: argparse.Namespace) -> int:
    """Run `keras-madd train`; return the exit status."""
    settings = settings_of(args)
    workers = workers_asked(args)

    from keras_madd.support.native_stderr import native_stderr_silenced
    from keras_madd.support.progress import Stages
    from keras_madd.training.run_record import record_before
    from keras_madd.training.shards_data import ShardsData

    # Keras takes seconds to import, and a mistake must not wait for it.
    record_before(Path(settings.output), args.resume)
    if settings.faces:
        if not Path(settings.faces).is_dir():
            raise UserError(f"There is no folder {settings.faces}.")
        if settings.people and not Path(settings.people).is_file():
            raise UserError(f"There is no table of people {settings.people}.")
    else:
        ShardsData.open(settings)
    try:
        with joined(workers), Stages().stage("training") as stage:
            stage.say("starting Keras")
            with native_stderr_silenced():
                from keras_madd.training import train
            result = train(settings, args.resume, advance=stage.advance, say=stage.say)
    except KeyboardInterrupt:
        print(_how_to_go_on(settings), file=sys.stderr)
        raise
    if workers is not None and workers.index:
        print(f"worker {workers.index} of {workers.count}: done; worker 0 has written the model")
        return 0
    best = result.best
    if result.stopped:
        print(f"ended early: {result.stopped}")
    print(
        f"best epoch {best['epoch']}: validation video AUC {best['val_video_auc']:.4f}, "
        f"frame AUC {best['val_frame_auc']:.4f}"
    )
    print(f"model: {result.best_model}")
    tflite = result.folder / "model.tflite"
    print(f"next: keras-madd export {_quoted(result.best_model)} --output {_quoted(tflite)}")
    return 0


def _how_to_go_on(settings: TrainSettings) -> str:
    from keras_madd.training.checkpoints import finished_epochs
    from keras_madd.training.run_record import RUN_JSON
    from keras_madd.training.run_training import STAGE1

    folder = Path(settings.output)
    if not (folder / RUN_JSON).is_file():
        return "Nothing is trained yet. Go on with the same command and --resume."
    done, total, stage = finished_epochs(folder), settings.epochs, ""
    if not done and settings.stage1_epochs:
        done, total, stage = finished_epochs(folder / STAGE1), settings.stage1_epochs, " of stage 1"
    return (
        f"{done} of {total} epochs{stage} are finished and on disk. "
        f"Go on with: keras-madd train --output {_quoted(folder)} --resume"
    )


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
