"""Export a trained model to LiteRT: `python export/to_tflite.py MODEL --output OUT.tflite`.

The same as `keras-madd export`; it is here for those who look for a script.
"""

import sys

from keras_madd.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["export", *sys.argv[1:]]))
