"""Put a trained model into the Android app: `python export/to_android.py MODEL`.

The same as `keras-madd export MODEL --android android_demo`; it is here for those who look for a
script.
"""

import sys
from pathlib import Path

from keras_madd.cli.main import main

PROJECT = Path(__file__).parents[1] / "android_demo"

if __name__ == "__main__":
    sys.exit(main(["export", "--android", str(PROJECT), *sys.argv[1:]]))
