"""A folder of real faces alone as the shards of a run."""

from collections.abc import Callable
from pathlib import Path

from keras_madd.training.settings import TrainSettings

# Where the shards lie in the run's own folder.
FACES = "faces"
_LARGER = 1.7
# Who is held out does not follow the run's seed: runs of several seeds are tested on one set of
# people, that of `make-fakes`.
_PEOPLE_SEED = 0


def settings_with_shards(
    settings: TrainSettings, size: int, progress: Callable[[int, int, str], None]
) -> TrainSettings:
    """Make shards of a folder of real faces, where a run is on one, and feed the run with them.

    Args:
        settings: Of the run.
        size: Side of the network's input in pixels.
        progress: Called as `progress(done, total, note)` after each file.

    Returns:
        Settings with `data`; the same ones where they have it already.

    Raises:
        UserError: If the folder does not have enough faces.
    """
    if not settings.faces:
        return settings
    folder, faces, seed = Path(settings.output) / FACES, settings.faces, settings.seed
    if not settings.people:
        from keras_madd.datasets.faces_folder import faces_from_folder

        faces_from_folder(faces, folder, size=size, seed=seed, progress=progress)
        return settings.replace(faces="", data=(folder,))
    from keras_madd.datasets.prepare import PrepareSettings, prepare
    from keras_madd.datasets.unseen_fakes import make_unseen_fakes

    # Larger than the network's input, so that faces can be filmed as large as videos show them.
    chosen = PrepareSettings(
        "faces",
        size=round(_LARGER * size),
        seed=_PEOPLE_SEED,
        landmarks=True,
        splits=("train",),
    )
    training = folder / "train"
    prepare(faces, training, chosen, people=settings.people, max_failures="50%", progress=progress)
    made = make_unseen_fakes(
        faces,
        settings.people,
        folder,
        splits=("val",),
        size=size,
        frames_per_video=1,
        seed=_PEOPLE_SEED,
        progress=progress,
    )
    return settings.replace(faces="", data=(training, *(folder / f"c{crf}" for crf in made)))
