"""The main job on embedded data: prepare, train, export, evaluate and score, as a user would.

Every step is the function behind the command of that name; `commands` lists the commands.
"""

import contextlib
import dataclasses
import json
import os
import resource
import shlex
import sys
from pathlib import Path

import numpy as np

from keras_madd.datasets.prepare import PrepareSettings, prepare
from keras_madd.datasets.sources.folder import Folder
from keras_madd.demo.manipulations import UNSEEN
from keras_madd.demo.page import Findings, write_page
from keras_madd.demo.portrait import sample_photo_path
from keras_madd.demo.sample_videos import write_sample_videos
from keras_madd.inference import Detector, read_image
from keras_madd.support.errors import UserError
from keras_madd.support.native_stderr import native_stderr_silenced
from keras_madd.support.progress import Stage, Stages
from keras_madd.support.versions import package_versions
from keras_madd.training.settings import TrainSettings
from keras_madd.visualize import draw_scored_faces, encode_png

PRESET = "madd_small"
SIZE = 128
FRAMES = 6
LEARNING_RATE = 2e-3
# Names below the output folder.
DATA, SHARDS, RUN, MODEL, EVALUATION = "data", "shards", "run", "model.tflite", "evaluation"
PHOTO, METRICS, PAGE = "photo_scored.png", "metrics.json", "report.html"
TRAINING_DATA = "keras-madd quickstart: faces generated from one portrait; a demonstration"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a quickstart run depends on.

    Attributes:
        epochs: Epochs of training.
        people: People in the embedded data, at least 12.
        seed: Everything random follows from it.
        command: The command line, for the page.
    """

    epochs: int = 6
    people: int = 200
    seed: int = 0
    command: str = ""


def run(output: Path, settings: Settings) -> dict:
    """Run every stage and write all results into `output`, a folder that is empty.

    It works inside that folder, so that what is written names files as they will be found there.

    Returns:
        What `metrics.json` holds.

    Raises:
        UserError: If a stage breaks down.
    """
    with contextlib.chdir(output):
        return _run(settings)


def _run(settings: Settings) -> dict:
    from keras_madd.exporting.scoring_graph import check_backend

    check_backend()
    stages = Stages()
    with stages.stage("draw") as stage:
        write_sample_videos(DATA, settings.seed, settings.people, FRAMES, stage.advance)
    with stages.stage("prepare") as stage:
        prepared = prepare(
            DATA,
            SHARDS,
            prepare_settings(settings),
            workers=min(4, os.cpu_count() or 1),
            progress=stage.advance,
        )
    with stages.stage("train") as stage:
        trained = _train(settings, stage)
    exported = _export(settings, stages)
    evaluated = _evaluate(settings, stages)
    with stages.stage("score"):
        photo, faces = _score_photograph()
        Path(PHOTO).write_bytes(encode_png(photo))

    results = results_by_novelty(Path(EVALUATION))
    seen, unseen = results.values()
    metrics = {
        "frame_auc": seen["frames"]["auc"],
        "video_auc": seen["videos"]["auc"],
        "unseen_manipulation_auc": unseen["frames"]["auc"],
        "attention_overlap": evaluated.why[Folder.name].overlap,
        "best_epoch": trained.best["epoch"],
        "validation_video_auc": trained.best["val_video_auc"],
        "export": dict(exported.description.metrics["export"]),
        "photo": [face.to_json() for face in faces],
        "videos_without_a_face": sum(prepared.description.failures.values()),
        "seconds": {name: round(value, 2) for name, value in stages.seconds.items()},
        "peak_memory_bytes": _peak_memory(),
        "settings": dataclasses.asdict(settings),
        "versions": package_versions(),
        "results": results,
    }
    Path(METRICS).write_text(json.dumps(metrics, indent=2) + "\n")
    findings = Findings(metrics, results, photo, trained.history, commands(settings))
    write_page(Path(PAGE), findings)
    return metrics


def prepare_settings(settings: Settings) -> PrepareSettings:
    """Return how faces are cut out."""
    return PrepareSettings(
        Folder.name, frames_per_video=FRAMES, size=SIZE, real_boxes=True, seed=settings.seed
    )


def train_settings(settings: Settings) -> TrainSettings:
    """Return how the network is trained."""
    return TrainSettings(
        output=RUN,
        data=(SHARDS,),
        preset=PRESET,
        epochs=settings.epochs,
        learning_rate=LEARNING_RATE,
        tensorboard=False,
        seed=settings.seed,
    )


def commands(settings: Settings) -> dict[str, str]:
    """Return what to type in the output folder for the same: what is done to the command."""
    seed = f"--seed {settings.seed}"
    return {
        "Prepare": f"keras-madd prepare --dataset {Folder.name} --root {DATA} --output {SHARDS} "
        f"--frames-per-video {FRAMES} --size {SIZE} --real-boxes {seed}",
        "Train": f"keras-madd train --data {SHARDS} --preset {PRESET} --epochs {settings.epochs} "
        f"--learning-rate {LEARNING_RATE} --no-tensorboard {seed} --output {RUN}",
        "Export": f"keras-madd export {RUN}/best.keras --quantize int8 --calibration {SHARDS} "
        f"--verify {SHARDS} --demonstration --training-data {shlex.quote(TRAINING_DATA)} {seed} "
        f"--output {MODEL}",
        "Evaluate": f"keras-madd evaluate --model {MODEL} --data {SHARDS} --calibrate {seed} "
        f"--output {EVALUATION}",
        "Score": f"keras-madd score {DATA}/pictures --model {MODEL} --overlay scored",
    }


def _train(settings: Settings, stage: Stage):
    stage.say("starting Keras")
    with native_stderr_silenced():
        from keras_madd.training import train
    return train(
        train_settings(settings),
        advance=stage.advance,
        say=stage.say,
        echo=lambda line: None,
    )


def _export(settings: Settings, stages: Stages):
    from keras_madd.exporting.run_export import ExportSettings, run_export

    result = run_export(
        ExportSettings(
            model=f"{RUN}/best.keras",
            output=Path(MODEL),
            quantize="int8",
            calibration=SHARDS,
            verify=SHARDS,
            demonstration=True,
            training_data=TRAINING_DATA,
            seed=settings.seed,
            command=settings.command,
        ),
        stages,
    )
    if result.problems:
        raise UserError("\n".join(result.problems))
    return result


def _evaluate(settings: Settings, stages: Stages):
    """Fit temperature and threshold on the validation people, measure on the test people."""
    from keras_madd.evaluation.calibration_fit import save_calibration
    from keras_madd.evaluation.run_evaluation import EvaluationSettings, run_evaluation

    Path(EVALUATION).mkdir()
    evaluation = run_evaluation(
        Path(EVALUATION),
        EvaluationSettings(
            model=Path(MODEL),
            data=(Path(SHARDS),),
            calibrate=True,
            seed=settings.seed,
            command=settings.command,
        ),
    )
    stages.seconds.update(evaluation.seconds)
    assert evaluation.calibration is not None
    save_calibration(Path(MODEL), evaluation.calibration)
    return evaluation


def results_by_novelty(evaluation: Path) -> dict[str, dict]:
    """Return what training saw and what it never saw apart, against the same real videos.

    Args:
        evaluation: Folder of an evaluation of the embedded data.
    """
    from keras_madd.evaluation.protocol import Protocol, evaluate_table
    from keras_madd.evaluation.run_evaluation import SCORES_FILE
    from keras_madd.evaluation.scores import read_scores

    scores = read_scores(evaluation / SCORES_FILE).where(split="test")
    methods, protocol = scores.method.texts(), Protocol()
    unseen = methods == UNSEEN
    chosen = {"seen manipulations": ~unseen, "unseen manipulation": unseen | (scores.label == 0)}
    return {
        name: evaluate_table(scores[np.flatnonzero(rows)], protocol)[Folder.name]
        for name, rows in chosen.items()
    }


def _score_photograph():
    image = read_image(sample_photo_path())
    with Detector(MODEL) as detector:
        faces = detector.score_image(image)
    return draw_scored_faces(image, faces), faces


def _peak_memory() -> int:
    """Return the most memory that one process had, workers included."""
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    peak = max(resource.getrusage(each).ru_maxrss for each in who)
    return peak if sys.platform == "darwin" else 1024 * peak
