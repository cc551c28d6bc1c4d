"""What `keras-madd export` is told."""

from dataclasses import dataclass
from pathlib import Path

from keras_madd.exporting.litert import CALIBRATED
from keras_madd.support.errors import UserError

_WHY_CALIBRATION = (
    "--quantize {} needs --calibration: the range of every activation is measured on faces of the "
    "kind that the model was trained on. Give the folder of shards it was trained on (its train "
    "split is used) or a folder of some 200 face crops or photographs. Generated noise would give "
    "ranges that ruin the scores of real faces."
)


@dataclass(frozen=True)
class ExportSettings:
    """What the command was told; see its help.

    Attributes:
        model, output: The saved model and the file to write.
        quantize, batch, input_type: As `export_litert`.
        calibration, samples, seed: Where pictures to calibrate on are, how many, and the seed.
        verify, verify_samples: The same of pictures to verify on.
        max_auc_drop: The largest loss of AUC that passes, or None.
        threads: Numbers of threads to time the file with.
        crop_margin, detector, training_data: Of the description; None: the model's own.
        temperature, threshold: Of the description; None: those of the description in the preset's
            folder, else 1 and 0.5.
        demonstration: Of the description.
        overwrite: Whether existing files may be replaced.
        command: The command line, for the report.

    Raises:
        UserError: If the settings do not fit together.
    """

    model: str
    output: Path
    quantize: str = "none"
    batch: int = 1
    input_type: str = "float32"
    calibration: str | None = None
    samples: int = 200
    seed: int = 0
    verify: str | None = None
    verify_samples: int = 1000
    max_auc_drop: float | None = None
    threads: tuple[int, ...] = (1, 2)
    crop_margin: float | None = None
    detector: str | None = None
    training_data: str | None = None
    temperature: float | None = None
    threshold: float | None = None
    demonstration: bool = False
    overwrite: bool = False
    command: str = ""

    @property
    def litert(self) -> bool:
        """Whether the file is one of LiteRT; else it is one of ONNX."""
        return self.output.suffix == ".tflite"

    def __post_init__(self) -> None:
        if self.quantize in CALIBRATED and self.calibration is None:
            raise UserError(_WHY_CALIBRATION.format(self.quantize))
        if self.quantize not in CALIBRATED and self.calibration is not None:
            raise UserError(
                f"--calibration is for --quantize int8 and int8-full. Received: {self.quantize}"
            )
        if self.max_auc_drop is not None and self.verify is None:
            raise UserError(
                "--max-auc-drop needs --verify: pictures of known label to measure it on."
            )
