"""From shards of face crops to batches."""

from keras_madd.data.load_dataset import load_dataset, steps_per_epoch
from keras_madd.data.self_blend import SelfBlend
from keras_madd.support.moved import moved_names

__all__ = ["SelfBlend", "load_dataset", "steps_per_epoch"]

__getattr__ = moved_names(
    __name__,
    {
        "keras_madd.datasets": ("faces_from_folder",),
        "keras_madd.demo": (
            *("MANIPULATIONS", "SEEN", "UNSEEN", "SyntheticFaces", "SyntheticVideo"),
            *("sample_photo_path", "write_sample_videos"),
        ),
        "keras_madd.demo.face_crops": ("FaceCrops", "build_crops"),
    },
    dict.fromkeys(
        ("FaceCrops", "build_crops"),
        "keras_madd.demo.write_sample_videos and keras_madd.datasets.prepare",
    ),
)
