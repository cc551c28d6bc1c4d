"""Export a trained model to ONNX: `python export/to_onnx.py MODEL --output OUT.onnx`.

The same as `keras-madd export`; it is here for those who look for a script.
"""

import sys

from keras_madd.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["export", *sys.argv[1:]]))
