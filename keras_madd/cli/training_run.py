"""What `keras-madd train` does with its settings: it trains, and says what came of it."""

import shlex
import sys
from pathlib import Path

from keras_madd.cli.devices import joined
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_folder
from keras_madd.support.native_stderr import native_stderr_silenced
from keras_madd.support.progress import Stages
from keras_madd.training.run_record import record_before
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData
from keras_madd.training.workers import Workers


def train_and_report(settings: TrainSettings, workers: Workers | None, resume: bool) -> int:
    """Train, print the result, and return the exit status.

    Args:
        settings: Of the run.
        workers: Those that train together; `None`: this process alone.
        resume: Whether to go on with the run in the folder.
    """
    # Keras takes seconds to import, and a mistake must not wait for it.
    if workers is None or not workers.index:
        check_folder(settings.output)
    record_before(Path(settings.output), resume)
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
            result = train(settings, resume, advance=stage.advance, say=stage.say)
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
    from keras_madd.training.checkpoints import STAGE1, finished_epochs
    from keras_madd.training.run_record import RUN_JSON

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
