"""Whether a detector's maps mark what was manipulated.

    python recipes/marked_places.py madd_efficientnet_lite0_real_faces run/best.keras \
        --faces photos --people recipes/real_faces.csv

makes the fakes of `make-fakes` from photographs of the test people, compresses them at CRF 23, and
asks of each model's map, laid over the face, how often a place that the manipulation changed is
brighter than one that it left alone, and how often it is brighter than the same place of the real
picture: 1 is always, 0.5 is chance. The last line is of a map that is brightest in the middle of
the crop, whatever the face.
"""

import argparse
import os
import sys
from collections import defaultdict
from functools import cache, partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np

from keras_madd.cli.arguments import COUNT, SEED
from keras_madd.cli.told import told
from keras_madd.data.h264 import through_h264
from keras_madd.datasets.sources.faces import Faces
from keras_madd.datasets.unseen_fakes import METHODS
from keras_madd.datasets.unseen_fakes.make import choose_donor, learn_appearance, manipulate
from keras_madd.datasets.unseen_fakes.photo import find_faces
from keras_madd.evaluation.auc_interval import placements
from keras_madd.faces import FaceDetector, crop_face
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.support.errors import UserError

_PLACES = 28  # Along each side of a crop.
_SIDE = (80, 240)  # Of the faces in pixels.
_CHANGED = 12  # Grey levels, between a fake and its real picture.
_CRF = 23


def marking(heat: np.ndarray, changed: np.ndarray) -> float:
    """How often a changed place is brighter than one that is not, 0 to 1.

    Args:
        heat: `(h, w)`, of any scale.
        changed: `(H, W)`, 1 where the crop was changed and 0 elsewhere.

    Returns:
        The AUC over places; NaN where all or none were changed.
    """
    labels = (_places(changed, cv2.INTER_AREA) > 0.5).ravel()
    if labels.all() or not labels.any():
        return np.nan
    return float(placements(labels, _places(heat).ravel())[0].mean())


def rising(heat: np.ndarray, real: np.ndarray, changed: np.ndarray) -> float:
    """How often a changed place is brighter than the same place of the real picture, 0 to 1.

    Args:
        heat: `(h, w)`, of the fake.
        real: `(h, w)`, of the real picture, on the same scale.
        changed: As `marking`.

    Returns:
        The share of changed places, those that are alike counted half; NaN where none was changed.
    """
    labels = _places(changed, cv2.INTER_AREA) > 0.5
    if not labels.any():
        return np.nan
    difference = (_places(heat) - _places(real))[labels]
    return float(np.mean((np.sign(difference) + 1) / 2))


def _places(values: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), (_PLACES, _PLACES), interpolation=interpolation)


def _fakes(args, size: int, margin: float) -> dict[str, list[tuple[np.ndarray, ...]]]:
    """Method -> crops of fakes, of the real pictures, and what was changed."""
    source = Faces(args.faces, people=args.people, seed=args.seed)
    faces, _ = find_faces(source.videos(), _SIDE[0])
    trained_on = [face for face in faces if face.split == "train"]
    model = cache(lambda: learn_appearance(trained_on))
    held_out = [face for face in faces if face.split == "test"]
    if len({face.person for face in held_out}) < 2:
        raise UserError(f"{args.faces}: fakes need faces of two people in test.")
    made = defaultdict(list)
    with FaceDetector() as detector:
        for number, face in enumerate(held_out[: args.photographs]):
            random = np.random.default_rng((args.seed, number))
            side = np.exp(random.uniform(*np.log(_SIDE)))
            photo = face.read().reduced(side).framed()
            donor = choose_donor(face, held_out, random)
            found = detector.detect(photo.image)
            if not found:
                continue
            box = found[0].box
            cut = partial(crop_face, box=box, size=size, margin=margin)
            real = cut(_filmed(photo.image))
            for method in METHODS:
                fake = manipulate(photo, donor, method, model, (args.seed, number))
                apart = np.abs(fake.astype(int) - photo.image).max(-1) > _CHANGED
                apart = cv2.GaussianBlur(apart.astype(np.float32), (0, 0), box[2] / 40) > 0.25
                changed = np.repeat(apart[..., None], 3, axis=2).astype(np.uint8) * 255
                made[method].append((cut(_filmed(fake)), real, cut(changed)[..., 0] / 255))
    return made


def _filmed(picture: np.ndarray) -> np.ndarray:
    return through_h264(picture, _CRF, frames=3, motion=(0.5, 0.3))


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", help="presets, their folders or .keras files")
    parser.add_argument("--faces", type=Path, required=True, metavar="DIR")
    parser.add_argument("--people", type=Path, required=True, metavar="CSV")
    parser.add_argument("--photographs", type=COUNT, default=60, metavar="N")
    parser.add_argument(
        "--seed", type=SEED, default=0, help="of everything random, the people's split as well"
    )
    args = parser.parse_args(arguments)
    return told(lambda: _print(args), ValueError)


def _print(args: argparse.Namespace) -> None:
    models = {name: FaceClassifier.from_preset(name) for name in args.models}
    cuts = {(model.config.input_size[0], model.config.crop_margin) for model in models.values()}
    if len(cuts) > 1:
        raise UserError(f"The models take faces of other sizes or margins: {sorted(cuts)}.")
    made = _fakes(args, *cuts.pop())
    for method, each in made.items():
        crops, reals, masks = (np.stack(part) for part in zip(*each, strict=True))
        maps = {
            name: [model.heat_maps(part).sum(-1) for part in (crops, reals)]
            for name, model in models.items()
        }
        middle = -((np.indices((_PLACES, _PLACES)) - (_PLACES - 1) / 2) ** 2).sum(0)
        maps["the middle of the crop"] = [np.repeat(middle[None], len(each), axis=0)] * 2
        for name, (fake, real) in maps.items():
            inside = np.nanmean([marking(*one) for one in zip(fake, masks, strict=True)])
            rises = np.nanmean([rising(*one) for one in zip(fake, real, masks, strict=True)])
            print(
                f"{method}: {name}: {inside:.3f} brighter than other places, "
                f"{rises:.3f} than in the real picture, over {len(each)} fakes"
            )


if __name__ == "__main__":
    sys.exit(main())
