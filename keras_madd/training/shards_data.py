"""The shards of a run, checked before any work starts."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.data.input_checks import check_side, common_margin
from keras_madd.data.remote_shards import local_shards
from keras_madd.data.shards import load_dataset_json, read_records
from keras_madd.data.shards_description import DATASET_JSON, ShardsDescription
from keras_madd.support.errors import UserError
from keras_madd.training.settings import TrainSettings

if TYPE_CHECKING:
    import tensorflow as tf

KINDS = ("real", "fake")
_BETWEEN = "\n"


@dataclass(frozen=True)
class ShardsData:
    """Shards to train and to validate on.

    Attributes:
        folders: The folders.
        descriptions: Their dataset.json, in the same order.
        settings: Of the run.
        clip_frames: Frames of a clip, where the network takes clips.
    """

    folders: tuple[Path, ...]
    descriptions: tuple[ShardsDescription, ...]
    settings: TrainSettings
    clip_frames: int | None = None

    @classmethod
    def open(cls, settings: TrainSettings, clip_frames: int | None = None) -> "ShardsData":
        """Read what the folders say of themselves, and check that a run can use them.

        Args:
            settings: Of the run.
            clip_frames: Frames of a clip, where the network takes clips.

        Raises:
            UserError: If there are no shards, a split or a class is missing, or the folders were
                made with different margins.
        """
        if not settings.data:
            raise UserError("There is nothing to train on: give --data SHARDS or --faces DIR.")
        folders = tuple(Path(local_shards(folder)) for folder in settings.data)
        for number, folder in enumerate(folders):
            if folder.resolve() in {other.resolve() for other in folders[:number]}:
                raise UserError(f"{settings.data[number]} is given twice.")
        descriptions = tuple(load_dataset_json(folder) for folder in folders)
        data = cls(folders, descriptions, settings, clip_frames)
        common_margin(data.descriptions, folders)
        data._check_split("train", KINDS[:1] if settings.self_blend else KINDS)
        data._check_split("val", KINDS)
        return data

    @property
    def face_fields(self) -> dict[str, object]:
        """What a model's configuration says of its faces."""
        detectors = {each.detector for each in self.descriptions} - {"none"}
        names = [
            " ".join(filter(None, (each.dataset, each.compression))) for each in self.descriptions
        ]
        return {
            "crop_margin": self.descriptions[0].margin,
            "detector": detectors.pop() if len(detectors) == 1 else "auto",
            "training_data": " + ".join(dict.fromkeys(names)),
        }

    @property
    def fingerprints(self) -> list[dict[str, str]]:
        """Path, name and SHA-256 of each dataset.json, which has those of all shards."""
        return [
            {
                "path": str(folder),
                "dataset": each.dataset,
                "sha256": hashlib.sha256((folder / DATASET_JSON).read_bytes()).hexdigest(),
            }
            for folder, each in zip(self.folders, self.descriptions, strict=True)
        ]

    def check_size(self, input_size: tuple[int, int]) -> None:
        """Check that the network takes squares, and that no face has to be enlarged.

        Raises:
            UserError: If it does not, or its input is larger than the pictures.
        """
        side = input_size[0]
        if input_size != (side, side):
            raise UserError(f"The network must take squares. Received: input_size={input_size}")
        for folder, each in zip(self.folders, self.descriptions, strict=True):
            remedy = f", or train with --image-size {each.size}"
            check_side(folder, each, side, "the network", remedy)

    def count(self, split: str, kind: str, unit: str = "crops") -> int:
        """Crops or videos of a split, `"real"` or `"fake"`, over all folders."""
        return sum(
            each.counts.get(split, {}).get(kind, {}).get(unit, 0) for each in self.descriptions
        )

    def batches_per_epoch(self) -> int:
        """Batches in which the training split goes by once, as it is sampled.

        Raises:
            UserError: If there is not even one.
        """
        from keras_madd.data.load_dataset import steps_per_epoch

        return steps_per_epoch(
            self._having("train"),
            "train",
            self.settings.batch_size,
            clip_frames=self.clip_frames,
            sampling=self.settings.sampling,
            self_blend=self.settings.self_blend,
        )

    def training_batches(
        self,
        image_size: int,
        first_epoch: int = 0,
        shard: tuple[int, int] | None = None,
        blend_masks: bool = False,
    ) -> "tf.data.Dataset":
        """Batches `(images, labels)` without end.

        Args:
            image_size: Side of the network's input in pixels.
            first_epoch: The epoch of the run, from 0, with whose first batch they begin.
            shard: This worker and how many there are; see `load_dataset`.
            blend_masks: Whether labels tell where a fake was blended.
        """
        whole = self.batches_per_epoch()
        # Where the run's epochs are shorter or longer, the data goes round at its own pace.
        gone = first_epoch * (self.settings.steps_per_epoch or whole)
        return self._load(
            "train",
            image_size,
            sampling=self.settings.sampling,
            augment=self.settings.augment,
            self_blend=self.settings.self_blend,
            blending=self.settings.blending,
            seed=self.settings.seed,
            repeat=True,
            first_epoch=gone // whole,
            first_step=gone % whole,
            shard=shard,
            blend_masks=blend_masks,
        )

    def validation_batches(
        self, image_size: int, shard: tuple[int, int] | None = None
    ) -> "tf.data.Dataset":
        """Batches `(images, labels, metadata)`: every face or clip once, or those of some videos.

        `max_val_videos` of the settings chooses as many real as fake ones, as far as there are.
        """
        batches = self._load("val", image_size, metadata=True, shard=shard)
        most = self.settings.max_val_videos
        if most is None or most >= sum(self.count("val", kind, "videos") for kind in KINDS):
            return batches
        import tensorflow as tf

        chosen = tf.constant(sorted(self._choose_videos(most)))

        def is_chosen(image, label, metadata):
            folder = tf.strings.as_string(metadata["folder"])
            key = tf.strings.join([metadata["dataset"], metadata["video"], folder], _BETWEEN)
            return tf.reduce_any(chosen == key)

        return batches.unbatch().filter(is_chosen).batch(self.settings.batch_size).prefetch(2)

    def _load(self, split: str, image_size: int, **options) -> "tf.data.Dataset":
        from keras_madd.data.load_dataset import load_dataset

        options |= {"image_size": image_size, "clip_frames": self.clip_frames}
        return load_dataset(self._having(split), split, self.settings.batch_size, **options)

    def _choose_videos(self, most: int) -> list[str]:
        videos: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for number, folder in enumerate(self._having("val")):
            for record in read_records(folder, "val"):
                name = _BETWEEN.join((record.dataset, record.video, str(number)))
                videos[KINDS[record.label]].add(name)
        random = np.random.default_rng(self.settings.seed)
        real, fake = (random.permutation(sorted(videos[kind])).tolist() for kind in KINDS)
        reals = min(len(real), max(most // 2, most - len(fake)))
        return real[:reals] + fake[: most - reals]

    def _having(self, split: str) -> list[Path]:
        return [
            folder
            for folder, each in zip(self.folders, self.descriptions, strict=True)
            if any(shard.split == split for shard in each.shards)
        ]

    def _check_split(self, split: str, kinds: tuple[str, ...]) -> None:
        where = ", ".join(map(str, self.folders))
        missing = [kind for kind in kinds if not self.count(split, kind)]
        if not missing:
            return
        if len(missing) == len(kinds):
            problem = f"{where} has no {split} split"
        else:
            problem = f"the {split} split of {where} has no {missing[0]} faces"
        purpose = {
            "train": "Training needs real and fake ones; real ones alone will do with --self-blend",
            "val": "The best epoch is chosen by the AUC of real against fake on it",
        }[split]
        raise UserError(
            f"{problem}. {purpose}. Prepare data that has them, or add another --data folder."
        )
