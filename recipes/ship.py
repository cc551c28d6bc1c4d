"""Make the detector that comes with the package from a trained run: a maintainer's release step.

    python recipes/ship.py mean.keras --calibration shards/photos \
        --data shards/unseen/c23 --data shards/unseen/c40

quantises the model to 8 bits, fits temperature and words on the `val` people of all `--data`,
measures the 8-bit file on the `test` people, and writes `keras_madd/weights/NAME` with the model
card. It refuses a file whose AUC falls by more than 0.003, whose log-odds correlate below 0.998,
or a folder above 16 MB. `recipes/real_faces.md` says how the run is made.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_madd.cli.arguments import PART, SEED
from keras_madd.cli.told import told
from keras_madd.support.shipped import DEFAULT, WEIGHTS

TRAINING_DATA = (
    "photographs of people under CC0 and CC BY 4.0 (recipes/real_faces.csv), fakes by self-blending"
    ", face swaps, transferred expressions and re-synthesis"
)


def main() -> int:
    """Read the arguments and ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="a run's best.keras, or a mean of several")
    parser.add_argument("--calibration", type=Path, required=True, metavar="SHARDS")
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="SHARDS")
    parser.add_argument("--name", default=DEFAULT, help="(default: %(default)s)")
    parser.add_argument(
        "--card", type=Path, default=Path(__file__).parent / "real_faces_card.md", metavar="FILE"
    )
    parser.add_argument("--training-data", default=TRAINING_DATA, metavar="TEXT")
    parser.add_argument("--output", type=Path, default=WEIGHTS, metavar="DIR")
    parser.add_argument("--false-alarms", type=PART, default=0.05, metavar="SHARE")
    parser.add_argument("--misses", type=PART, default=0.1, metavar="SHARE")
    parser.add_argument("--seed", type=SEED, default=0)
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier release")
    args = parser.parse_args()

    from shipping import ShipSettings, ship

    settings = ShipSettings(
        model=args.model,
        calibration=args.calibration,
        data=args.data,
        card=args.card,
        training_data=args.training_data,
        false_alarms=args.false_alarms,
        misses=args.misses,
        seed=args.seed,
    )
    folder = args.output / args.name
    return told(lambda: print("\n".join(ship(folder, settings, args.overwrite))))


if __name__ == "__main__":
    sys.exit(main())
