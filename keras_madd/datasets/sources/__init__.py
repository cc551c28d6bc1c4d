"""Data sets as downloaded: one file each, all giving the same list of videos.

Whatever a data set says about its splits, a real video and its fakes end up in the same one.
"""

import os
from collections.abc import Sequence

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.celebdf import CelebDFv1, CelebDFv2
from keras_madd.datasets.sources.deeperforensics import DeeperForensics
from keras_madd.datasets.sources.deepfakebench import DeepfakeBench
from keras_madd.datasets.sources.dfd import DFD
from keras_madd.datasets.sources.dfdc import DFDC
from keras_madd.datasets.sources.dfdc_preview import DFDCPreview
from keras_madd.datasets.sources.faceforensics import FaceForensics
from keras_madd.datasets.sources.faces import Faces
from keras_madd.datasets.sources.folder import Folder
from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo
from keras_madd.support.errors import check_choice

SOURCES: dict[str, type[DatasetSource]] = {
    source.name: source
    for source in (
        FaceForensics,
        DFD,
        CelebDFv1,
        CelebDFv2,
        DFDC,
        DFDCPreview,
        DeeperForensics,
        DeepfakeBench,
        Folder,
        Faces,
    )
}


def open_source(
    name: str,
    root: str | os.PathLike,
    *,
    compression: str = "c23",
    methods: Sequence[str] | None = None,
    split: str | None = None,
    split_files: str | os.PathLike | None = None,
) -> DatasetSource:
    """Opens a data set.

    Args:
        name: One of `SOURCES`.
        root: Its folder.
        compression: "raw" (or "c0"), "c23" or "c40", where the data set has several.
        methods: Manipulations to take; all that are there if None.
        split: "train", "val" or "test"; all if None.
        split_files: The official lists, where they are not in `root`: a folder or the file.

    Raises:
        UserError: The folder is missing.
        ValueError: An argument is out of its range.

    Example:
        >>> source = open_source("faceforensics", "FaceForensics++", compression="c40")
        >>> [video.name for video in source.videos()][:2]
        ['Deepfakes/c40/000_003', 'Deepfakes/c40/001_870']
    """
    check_choice("name", name, sorted(SOURCES))
    return SOURCES[name](
        root, compression=compression, methods=methods, split=split, split_files=split_files
    )


__all__ = ["SOURCES", "SPLITS", "DatasetSource", "SourceVideo", "open_source"]
