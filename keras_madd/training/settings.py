"""TrainSettings: everything that a training run follows from, as plain data."""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_madd.model.presets import PRESETS
from keras_madd.support.errors import UserError
from keras_madd.support.remote import is_remote
from keras_madd.support.shipped import shipped_folder

DEFAULT_PRESET = "madd_efficientnet_b0"
SCHEDULES = ("cosine", "step", "linear")
OPTIMIZERS = ("adamw", "sgd")
PRECISIONS = ("float16", "bfloat16")
SAMPLINGS = ("natural", "balanced", "paired")
AUGMENTATIONS = ("none", "light", "strong", "video")
BLENDINGS = ("authors", "strong", "varied")
# What a resumed run may change: no number that is learnt depends on it, but for the rounding of
# sums that several devices make, or a compiler in another order.
FREE = ("output", "keep", "tensorboard", "devices", "rematerialize")


@dataclasses.dataclass(frozen=True)
class TrainSettings:
    """Settings of `keras_madd.training.train`; each is a flag of `keras-madd train`.

    Attributes:
        output: Folder of the run.
        data: Folders of shards with a train and a val split.
        faces: A folder of real faces to train on with self-blended fakes, instead of `data`.
        people: Who is shown in which of its files, a CSV file: then those held out are validated
            on with fakes made between them, as `make_unseen_fakes` does.
        preset: Name of a preset; "": that of `init`, else `DEFAULT_PRESET`.
        init: Model whose weights to start from: a `.keras` file, a preset's folder, a published
            `.pth` checkpoint, or the name of a trained detector that comes with the package.
        backbone_weights: `"imagenet"` or a weights file for the backbone; "": random.
        freeze_early: Whether the backbone's layers up to the texture tap keep their weights: for
            fine-tuning, in about two thirds of a step's time.
        fields: Fields of the configuration, such as `MADDConfig`, that replace the preset's.
        epochs: Epochs of training.
        stage1_epochs: Epochs of training the backbone alone first, as a plain classifier.
        batch_size: Faces in a batch, or clips, of all devices and workers together.
        gradient_accumulation: Batches whose gradients make one update.
        steps_per_epoch: Batches in an epoch; `None`: the data once.
        optimizer: `"adamw"` or `"sgd"` (Nesterov momentum 0.9).
        learning_rate: Highest learning rate.
        weight_decay: Decoupled weight decay.
        schedule: Of the learning rate after the warm-up: `"cosine"` and `"linear"` end at 0,
            `"step"` halves it every fifth epoch, as the released code does.
        warmup_epochs: Epochs in which the learning rate rises from near 0.
        mixed_precision: `"float16"`, `"bfloat16"`, or "" for float32.
        rematerialize: Whether a step keeps few feature maps and computes the others again: less
            memory, more time.
        ema: Decay of an exponential moving average of the weights, per update; the average is
            what is validated and kept. 0: none.
        sampling: `"natural"`, `"balanced"` or `"paired"`; see `load_dataset`.
        augment: `"none"`, `"light"`, `"strong"` or `"video"`; see `load_dataset`.
        self_blend: Share of the fakes that give way to self-blended ones, 0 to 1; needs balanced or
            paired sampling, and shards with landmarks.
        blending: How they are blended, and in which units of colour: `"authors"`, `"strong"` or
            `"varied"`; see `SELF_BLENDS`.
        max_val_videos: Most videos validated on; `None`: all.
        patience: Epochs without a better validation score after which training ends; `None`:
            never.
        keep: How many of the last epochs' checkpoints stay beside `last.keras`.
        tensorboard: Whether to write TensorBoard event files.
        devices: How many devices of this host share each batch, or `"all"`. Several workers use
            all of each host.
        seed: Everything random follows from it.
    """

    output: str
    data: tuple[str, ...] = ()
    faces: str = ""
    people: str = ""
    preset: str = ""
    init: str = ""
    backbone_weights: str = ""
    freeze_early: bool = False
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    epochs: int = 20
    stage1_epochs: int = 0
    batch_size: int = 32
    gradient_accumulation: int = 1
    steps_per_epoch: int | None = None
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-6
    schedule: str = "cosine"
    warmup_epochs: float = 1.0
    mixed_precision: str = ""
    rematerialize: bool = False
    ema: float = 0.0
    sampling: str = "balanced"
    augment: str = "light"
    self_blend: float = 0.0
    blending: str = "varied"
    max_val_videos: int | None = None
    patience: int | None = None
    keep: int = 0
    tensorboard: bool = True
    devices: int | str = 1
    seed: int = 0

    def __post_init__(self):
        data = (self.data,) if isinstance(self.data, str | Path) else self.data
        object.__setattr__(self, "data", tuple(_absolute(each) for each in data))
        object.__setattr__(self, "output", _absolute(self.output))
        object.__setattr__(self, "faces", _absolute(self.faces) if self.faces else "")
        object.__setattr__(self, "people", _absolute(self.people) if self.people else "")
        if self.init:
            shipped = shipped_folder(self.init)
            object.__setattr__(self, "init", str(shipped or _absolute(self.init)))
        if self.faces and not self.self_blend:
            # Real faces alone: every fake is a self-blended one.
            object.__setattr__(self, "self_blend", 1.0)
        # Lists for tuples, as JSON gives them back.
        object.__setattr__(self, "fields", json.loads(json.dumps(dict(self.fields))))
        self._check()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainSettings":
        """Build settings from plain data.

        Raises:
            UserError: If a name is unknown or a value cannot work.
        """
        unknown = sorted(set(values) - {field.name for field in dataclasses.fields(cls)})
        if unknown:
            raise UserError(f"Unknown training settings: {', '.join(unknown)}.")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def replace(self, **values: Any) -> "TrainSettings":
        """Return a copy with some settings changed."""
        return dataclasses.replace(self, **values)

    def _check(self):
        if self.faces and self.data:
            raise UserError("`data` and `faces` cannot be used together: choose one.")
        if self.people and not (self.faces or self.data):
            raise UserError("`people` says who is shown in `faces`: give both.")
        for name in ("stage1_epochs", "backbone_weights"):
            if self.init and getattr(self, name):
                raise UserError(
                    f"`init` and `{name}` cannot be used together: both say where the weights "
                    "come from."
                )
        if self.preset and self.preset not in PRESETS:
            presets = "\n".join(
                f"  {name}: {each['description']}" for name, each in PRESETS.items()
            )
            raise UserError(f"There is no preset {self.preset!r}. There are:\n{presets}")
        known = {"schedule": SCHEDULES, "optimizer": OPTIMIZERS, "sampling": SAMPLINGS}
        known |= {"augment": AUGMENTATIONS, "blending": BLENDINGS}
        for name, choices in (known | {"mixed_precision": ("", *PRECISIONS)}).items():
            value = getattr(self, name)
            _require(value in choices, name, value, f"one of {', '.join(filter(None, choices))}")
        least = {
            **dict.fromkeys(("epochs", "batch_size", "gradient_accumulation"), 1),
            **dict.fromkeys(("stage1_epochs", "warmup_epochs", "keep", "seed"), 0),
            **{"steps_per_epoch": 1, "max_val_videos": 2, "patience": 1},
        }
        for name, number in least.items():
            value = getattr(self, name)
            _require(value is None or value >= number, name, value, f"{number} or more")
        if self.sampling == "natural":
            blended = self.self_blend
            _require(not blended, "self_blend", blended, "0 with natural sampling")
        else:
            size, even = self.batch_size, f"even with {self.sampling} sampling"
            _require(size % 2 == 0, "batch_size", size, even)
        devices = self.devices
        can_share = devices == "all" or (type(devices) is int and devices >= 1)
        _require(can_share, "devices", devices, "all, or 1 or more")
        rate, decay = self.learning_rate, self.weight_decay
        _require(0 < rate < math.inf, "learning_rate", rate, "above 0")
        _require(0 <= decay < math.inf, "weight_decay", decay, "0 or more")
        _require(self.seed < 2**32, "seed", self.seed, "below 2^32")
        _require(0 <= self.ema < 1, "ema", self.ema, "from 0 to below 1")
        _require(0 <= self.self_blend <= 1, "self_blend", self.self_blend, "from 0 to 1")
        masks, blends = self.fields.get("blend_mask_weight"), self.self_blend > 0
        _require(blends or not masks, "blend_mask_weight", masks, "0 without self-blending")
        warmup, epochs = self.warmup_epochs, self.epochs
        fits = warmup < epochs or warmup <= 1
        _require(fits, "warmup_epochs", warmup, f"less than the {epochs} epochs")


def _require(holds: bool, name: str, value: Any, expected: str) -> None:
    if not holds:
        raise UserError(f"`{name}` must be {expected}. Received: {name}={value!r}")


def _absolute(path: str | Path) -> str:
    return str(path) if is_remote(path) else str(Path(path).expanduser().absolute())
