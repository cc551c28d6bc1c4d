"""An old name of `keras_madd.evaluation.calibration_fit`; it goes with version 0.3."""

from keras_madd.support.moved import moved_names

__getattr__ = moved_names(
    __name__,
    {
        "keras_madd.evaluation.calibration_fit": (
            "Calibration",
            "fit_calibration",
            "save_calibration",
        )
    },
)
