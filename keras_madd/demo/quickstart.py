"""The main job on embedded data: faces, training, evaluation, export, a scored photograph."""

import dataclasses
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from keras_madd.demo import (
    SEEN,
    UNSEEN,
    FaceCrops,
    build_crops,
    sample_photo_path,
    write_sample_videos,
)
from keras_madd.demo.balanced_batches import BalancedBatches
from keras_madd.evaluation import evaluate_scores, mean_attention_overlap
from keras_madd.evaluation.report import (
    FaceExamples,
    Report,
    write_report,
)
from keras_madd.exporting.bundle import export_bundle
from keras_madd.exporting.verify import compare_export
from keras_madd.inference import Detector, read_image
from keras_madd.model.callbacks import BatchProgress, BestOnValidation, StopOnNonFinite
from keras_madd.model.madd import MADD
from keras_madd.support.errors import UserError
from keras_madd.support.progress import Stages
from keras_madd.support.shipped import CARD, DEFAULT, shipped_folder
from keras_madd.support.versions import package_versions
from keras_madd.visualize import draw_scored_faces, encode_png, page

PRESET = "madd_small"
BATCH_SIZE = 32
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-4
SUMMARY = (
    "Faces were drawn by computer from one public-domain portrait, half of them manipulated; a "
    "small network was trained on them, chosen on validation people, and tested on people it had "
    "never seen."
)
LIMITS = (
    "One photograph lies under every face, so a loss of texture gives most fakes away and high "
    "figures are easy here. They say nothing about photographs and videos from elsewhere."
)
PHOTO_CAPTION = (
    "NASA portrait of Eileen Collins, public domain, found by MediaPipe and scored by the exported "
    "LiteRT file. The embedded faces derive from this picture, so its score proves that the parts "
    "work together, not that the model knows real from fake."
)
TRAINING_DATA = "keras-madd quickstart: faces generated from one portrait; a demonstration"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a quickstart run depends on.

    Attributes:
        epochs: Epochs of training.
        identities: People in the embedded data, at least 8.
        seed: Everything random follows from it.
        command: The command line, for the report.
    """

    epochs: int = 6
    identities: int = 60
    seed: int = 0
    command: str = ""


def run(output: Path, settings: Settings) -> dict:
    """Run every stage and write all results into `output`.

    Args:
        output: An empty, existing folder.
        settings: See `Settings`.

    Returns:
        What `metrics.json` holds.

    Raises:
        UserError: If training breaks down.
    """
    stages = Stages()
    keras.utils.set_random_seed(settings.seed)
    with stages.stage("faces") as stage:
        model = MADD.from_preset(PRESET, seed=settings.seed)
        size = model.config.input_size[0]
        crops = build_crops(size, settings.seed, stage.advance, identities=settings.identities)
        write_sample_videos(output / "data", settings.seed, people=len(SEEN), frames=10)
    with stages.stage("training") as stage:
        history, best_epoch = train(model, crops, settings, stage.advance)
        model.save(output / "model.keras")
    with stages.stage("evaluation"):
        results, scores = evaluate(model, crops)
        overlap, examples = _attention(model, crops)
    with stages.stage("export"):
        test_images = crops.images[crops.splits == "test"][:64]
        _export(model, output / "model.tflite", results)
        difference = compare_export(model, output / "model.tflite", test_images)
    with stages.stage("photograph"):
        photo, faces = _score_photograph(output / "model.tflite")
        (output / "photo_scored.png").write_bytes(encode_png(photo))

    seen, unseen = results.values()
    metrics = {
        "frame_auc": seen["frames"]["auc"],
        "video_auc": seen["videos"]["auc"],
        "unseen_manipulation_auc": unseen["frames"]["auc"],
        "attention_overlap": overlap,
        "litert_max_probability_difference": difference["max_probability_difference"],
        "photo": [face.to_json() for face in faces],
        "faces_not_found": crops.faces_not_found,
        "real_frames": crops.real_frames,
        "best_epoch": best_epoch + 1,
        "seconds": {name: round(value, 2) for name, value in stages.seconds.items()},
        "peak_memory_bytes": _peak_memory(),
        "settings": dataclasses.asdict(settings),
        "versions": package_versions(),
        "results": results,
    }
    (output / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    write_report(
        output / "report.html",
        Report(
            title="keras_madd quickstart",
            results=results,
            scores=scores,
            summary=SUMMARY,
            banner=page.DEMONSTRATION_BANNER,
            history=history,
            best_epoch=best_epoch,
            faces=examples,
            attention_overlap=overlap,
            photo=photo,
            photo_caption=PHOTO_CAPTION,
            seconds=stages.seconds,
            peak_memory=metrics["peak_memory_bytes"],
            command=settings.command,
            seed=settings.seed,
            versions=metrics["versions"],
            notes={
                "What the figures mean": LIMITS,
                "Faces": f"{len(crops.images)} crops of {settings.identities} generated people; "
                f"MediaPipe found {crops.real_frames - crops.faces_not_found} of "
                f"{crops.real_frames} real faces",
                "Kept out of training": f"{UNSEEN}, and all test people",
                **_trained_detector(),
            },
        ),
    )
    return metrics


def _trained_detector() -> dict[str, str]:
    """Points from the demonstration to the detector for real pictures, if there is one."""
    folder = shipped_folder(DEFAULT)
    if folder is None:
        return {}
    told = f"{DEFAULT} comes with the package: keras-madd score photo.jpg. Its model card: "
    return {"A detector trained on real faces": f"{told}{folder / CARD}"}


def train(
    model: MADD, crops: FaceCrops, settings: Settings, advance: Callable[[int, int, str], None]
) -> tuple[dict, int]:
    """Train on the training people and keep the best epoch on the validation people.

    Args:
        model: The model; it is compiled and trained in place.
        crops: The data set.
        settings: Number of epochs and seed.
        advance: Called as `advance(batches done, batches in all, note)`.

    Returns:
        The history by epoch, and the index of the epoch whose weights were kept.

    Raises:
        UserError: If a loss is not finite.
    """
    train, val = crops.splits == "train", crops.splits == "val"
    batches = BalancedBatches(crops.images[train], crops.labels[train], BATCH_SIZE, settings.seed)
    steps = len(batches) * settings.epochs
    schedule = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / 10,
        decay_steps=max(1, steps - len(batches) // 2),
        warmup_target=LEARNING_RATE,
        warmup_steps=len(batches) // 2,
    )
    best = BestOnValidation(crops.images[val], crops.labels[val])
    finite = StopOnNonFinite()
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY))
    history = model.fit(
        batches,
        epochs=settings.epochs,
        verbose=0,
        callbacks=[
            best,
            finite,
            BatchProgress(
                lambda done, total, logs: advance(done, total, f"loss {logs['loss']:.3f}"),
                settings.epochs,
            ),
        ],
    ).history
    if finite.message:
        raise UserError(finite.message)
    return history, best.best_epoch


def evaluate(model: MADD, crops: FaceCrops) -> tuple[dict, dict]:
    """Score the test people once; seen and unseen manipulations apart, against the same reals.

    Returns:
        Name of the test set to its `evaluate_scores`, and to its frames' `(labels, scores)`.
    """
    test = crops.splits == "test"
    labels, methods, videos = crops.labels[test], crops.methods[test], crops.videos[test]
    probabilities = model.fake_probability(crops.images[test])
    results, scores = {}, {}
    for name, manipulations in (
        ("seen manipulations", SEEN),
        ("unseen manipulation", (UNSEEN,)),
    ):
        chosen = (labels == 0) | np.isin(methods, list(manipulations))
        scores[name] = labels[chosen], probabilities[chosen]
        results[name] = evaluate_scores(*scores[name], videos[chosen], methods[chosen])
    return results, scores


def _attention(model: MADD, crops: FaceCrops) -> tuple[float, FaceExamples]:
    test = np.flatnonzero(crops.splits == "test")
    overlap = mean_attention_overlap(model.attention_maps(crops.images[test]))
    kinds = ["real", *SEEN, UNSEEN]
    chosen = [test[np.flatnonzero(crops.methods[test] == kind)[0]] for kind in kinds]
    images = crops.images[chosen]
    captions = [
        f"{kind.replace('_', ' ')}, scored {probability:.0%}"
        for kind, probability in zip(kinds, model.fake_probability(images), strict=True)
    ]
    return overlap, FaceExamples(images, model.attention_maps(images), captions)


def _export(model: MADD, path: Path, results: dict) -> None:
    metrics = {name: result["frames"] for name, result in results.items()}
    export_bundle(model, path, training_data=TRAINING_DATA, demonstration=True, metrics=metrics)


def _score_photograph(model_path: Path):
    image = read_image(sample_photo_path())
    with Detector(model_path) as detector:
        faces = detector.score_image(image)
    return draw_scored_faces(image, faces), faces


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
