"""Export a trained model to ONNX: `python export/to_onnx.py MODEL --output OUT.onnx`.

The same as `keras-madd export`; it is here for those who look for a script.
"""

import argparse
import sys

from keras_madd.cli import export
from keras_madd.errors import UserError


def main() -> int:
    """Runs the export and returns the exit status."""
    parser = argparse.ArgumentParser(description=export.__doc__)
    export.add_arguments(parser)
    try:
        return export.run(parser.parse_args())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
