"""`python -m keras_madd` is the `keras-madd` command."""

import sys

from keras_madd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
