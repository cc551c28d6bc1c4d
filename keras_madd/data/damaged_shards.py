"""Which record is to blame when reading shards fails in the middle of something."""

import contextlib
import os
from collections.abc import Iterator, Sequence

from keras_madd.data.shards import read_records
from keras_madd.media.encoded import decode_picture
from keras_madd.support.errors import UserError


def first_damage(folder: str | os.PathLike) -> str | None:
    """Reads everything, pictures too, and says in one line what is damaged first, if anything."""
    try:
        for record in read_records(folder):
            try:
                decode_picture(record.image)
            except ValueError as error:
                return (
                    f"{folder}: the picture of {record.video}, frame {record.frame}, in the "
                    f"{record.split} split is broken: {error}. Prepare the data again."
                )
    except UserError as error:
        return str(error)
    return None


@contextlib.contextmanager
def damage_is_named(folders: Sequence[str | os.PathLike]) -> Iterator[None]:
    """Turns TensorFlow's errors over damaged shards into a line that names the record.

    The shards are read only when something has failed: checking them before would take as long as
    an epoch.

    Raises:
        UserError: Instead of TensorFlow's error, where a record is damaged.
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError:
        for folder in folders:
            if damage := first_damage(folder):
                raise UserError(damage) from None
        raise
