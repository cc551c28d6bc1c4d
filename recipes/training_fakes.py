"""Fakes between people of train, for training beside self-blended ones.

    python recipes/training_fakes.py --faces photos --people recipes/real_faces.csv \
        --output shards/between

Every photograph of train is reduced to several sizes; each becomes a real still and a fake of every
method, always between other people of train. `DIR/shards` is for `train --data`, with a share of
self-blended fakes (`--self-blend 0.5`): what is a fake's own is filmed and compressed as it trains,
alike on the real one beside it. A method that is left out stays one that no training saw; morphs
are, unless they are asked for. The same command goes on where it was stopped; with other arguments
it is refused in the same folder.

What rebuilds a face has learnt from other people than those whom it rebuilds, as it does in
`make-fakes`.
"""

import argparse
import functools
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from keras_madd.cli.arguments import COUNT, SEED, WORKERS, local_folder, path
from keras_madd.cli.told import told
from keras_madd.datasets.prepare import PrepareSettings, prepare
from keras_madd.datasets.sources import DatasetSource, SourceVideo
from keras_madd.datasets.sources.faces import Faces
from keras_madd.datasets.unseen_fakes import METHODS
from keras_madd.datasets.unseen_fakes.appearance_model import AppearanceModel
from keras_madd.datasets.unseen_fakes.made import remember
from keras_madd.datasets.unseen_fakes.make import (
    FACES,
    check_names,
    choose_donor,
    learn_appearance,
    manipulate,
)
from keras_madd.datasets.unseen_fakes.photo import FoundFace, find_faces
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_folder, replace_file
from keras_madd.support.held_folder import held_folder
from keras_madd.support.progress import Stages
from keras_madd.visualize.attention import encode_png

# Faces in the stills: longer side in pixels, uniform in the logarithm; none is enlarged.
SIDES = (140, 320)
_NAME, _LEFT_OUT = "between_people", "morph"


class _Stills(DatasetSource):
    """Stills that have just been made."""

    name = _NAME

    def __init__(self, root: Path, stills: list[SourceVideo]):
        super().__init__(root)
        self._stills = stills

    def _find(self) -> list[SourceVideo]:
        self._notes += ["Stills, manipulated between people of train."]
        return self._stills


def make_stills(
    faces: list[FoundFace], folder: Path, methods: list[str], takes: int, seed: int
) -> Iterator[SourceVideo]:
    """Make what is not there yet, and tell of each still.

    Args:
        faces: Of people of train.
        folder: Where the stills lie, by method.
        methods: Some of `METHODS`.
        takes: Sizes of each photograph.
        seed: Everything random follows from it.
    """

    @functools.cache
    def model_for(half: int) -> AppearanceModel:
        return _learnt([face for face in faces if _half(face) != half])

    for number, face in enumerate(faces):
        whole = None
        for take in range(takes):
            random = np.random.default_rng((seed, number, take))
            side, photo = np.exp(random.uniform(*np.log(SIDES))), None
            name = f"{face.name}#{take}"
            # All is drawn, whatever is made: one method does not change the others.
            for kind, method in enumerate(("real", *METHODS)):
                donor = choose_donor(face, faces, random)
                if method not in ("real", *methods):
                    continue
                still = folder / method / f"{name}.png"
                if not still.is_file():
                    whole = whole or face.read()
                    photo = photo or whole.reduced(side).framed()
                    image = photo.image
                    if method != "real":
                        model = functools.partial(model_for, _half(face))
                        image = manipulate(photo, donor, method, model, (seed, number, take, kind))
                    still.parent.mkdir(parents=True, exist_ok=True)
                    replace_file(still, encode_png(image))
                yield SourceVideo(
                    name=f"{method}/{name}",
                    path=None,
                    frames=(still,),
                    label=int(method != "real"),
                    method=method,
                    source=name,
                    identity=face.person,
                    split="train",
                    dataset=_NAME,
                )


def _half(face: FoundFace) -> int:
    return zlib.crc32(face.person.encode()) % 2


def _learnt(faces: list[FoundFace]) -> AppearanceModel:
    if len(faces) < 2:
        raise UserError("A model of appearance is learnt from two faces of other people or more.")
    return learn_appearance(faces)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments and make the shards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=path, required=True, metavar="DIR")
    parser.add_argument("--people", type=path, required=True, metavar="CSV")
    parser.add_argument("--output", type=local_folder, required=True, metavar="DIR")
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=sorted(METHODS),
        default=sorted(set(METHODS) - {_LEFT_OUT}),
        help="(default: all but " + _LEFT_OUT + ", which tests a detector that never saw it)",
    )
    parser.add_argument("--takes", type=COUNT, default=4, metavar="N", help="(default: 4)")
    parser.add_argument("--size", type=COUNT, default=384, metavar="PIXELS", help="(default: 384)")
    parser.add_argument(
        "--seed", type=SEED, default=0, help="of everything random, the people's split as well"
    )
    parser.add_argument("--workers", type=WORKERS, metavar="N")
    args = parser.parse_args(arguments)
    return told(lambda: _make(args), ValueError)


def _make(args: argparse.Namespace) -> None:
    output, stages = Path(args.output), Stages()
    check_folder(output)
    source = Faces(args.faces, people=args.people, seed=args.seed)
    with stages.stage("faces") as stage:
        faces, _ = find_faces(source.videos(), FACES[0], stage.advance)
    faces = [face for face in faces if face.split == "train"]
    check_names(faces)
    if len({face.person for face in faces}) < 2:
        raise UserError(f"{args.faces}: a swap needs faces of two people in train.")
    folder, methods = output / "stills", sorted(set(args.methods))
    folder.mkdir(parents=True, exist_ok=True)
    stills, total = [], len(faces) * args.takes * (1 + len(methods))
    with stages.stage("fakes") as stage:
        with held_folder(folder):
            wanted = {"seed": args.seed, "takes": args.takes, "methods": methods}
            remember(folder, faces, sides=list(SIDES), **wanted)
            for still in make_stills(faces, folder, methods, args.takes, args.seed):
                stills.append(still)
                stage.advance(len(stills), total, "stills")
        settings = PrepareSettings(
            _NAME, size=args.size, seed=args.seed, landmarks=True, real_boxes=True
        )
        made = prepare(
            folder,
            output / "shards",
            settings,
            source=_Stills(folder, stills),
            workers=args.workers or os.cpu_count() or 1,
            progress=stage.advance,
        )
    counts = made.description.counts["train"]
    print(
        f"{output / 'shards'}: {counts['real']['crops']} real faces, {counts['fake']['crops']} fake"
    )


if __name__ == "__main__":
    sys.exit(main())
