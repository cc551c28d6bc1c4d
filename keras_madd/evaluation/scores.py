"""Scores of faces as a table that outlives the model: written once, measured as often as wanted."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_madd.evaluation.checks import checked_scores
from keras_madd.support.errors import UserError
from keras_madd.support.files import replacing

if TYPE_CHECKING:
    import pyarrow

TEXTS = ("dataset", "split", "video", "method", "source", "identity", "condition")
NUMBERS = {"frame": np.int64, "track": np.int64, "label": np.int64, "probability": np.float64}
# What a file may leave out, and what then stands in its place.
DEFAULTS = {
    "dataset": "data",
    "split": "test",
    "source": "",
    "identity": "",
    "condition": "clean",
    "track": 0,
}
CLEAN = "clean"
FILE_TYPES = (".parquet", ".csv")


@dataclass(frozen=True, eq=False)
class Names:
    """A column of texts, each different one held once.

    Attributes:
        codes: (N,) int64, indices into `names`.
        names: (K,) str, sorted, each in use.
    """

    codes: np.ndarray
    names: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Names":
        """Builds the column from (N,) texts."""
        import pyarrow

        return cls.of_arrow(pyarrow.array(np.asarray(texts, dtype=str)))

    @classmethod
    def of_arrow(cls, column: "pyarrow.Array | pyarrow.ChunkedArray") -> "Names":
        """Builds the column from Arrow texts, dictionary-encoded or plain."""
        import pyarrow

        if not len(column):
            return cls(np.zeros(0, np.int64), np.zeros(0, str))
        if isinstance(column, pyarrow.Array):
            column = pyarrow.chunked_array([column])
        if not pyarrow.types.is_dictionary(column.type):
            column = column.cast(pyarrow.string()).dictionary_encode()
        chunks = column.unify_dictionaries().chunks
        codes = np.concatenate([chunk.indices.to_numpy() for chunk in chunks])
        return cls._sorted(codes, np.array(chunks[0].dictionary.to_pylist(), str))

    @classmethod
    def joined(cls, columns: Sequence["Names"]) -> "Names":
        """Returns the rows of several columns as one."""
        offsets = np.cumsum([0, *(len(column.names) for column in columns[:-1])])
        codes = [column.codes + offset for column, offset in zip(columns, offsets, strict=True)]
        names = np.concatenate([column.names for column in columns])
        return cls._sorted(np.concatenate(codes), names)

    @classmethod
    def _sorted(cls, codes: np.ndarray, names: np.ndarray) -> "Names":
        names, place = np.unique(names, return_inverse=True)
        codes = place[codes]
        used = np.bincount(codes, minlength=len(names)) > 0
        return cls((np.cumsum(used) - 1)[codes], names[used])

    def __getitem__(self, rows: np.ndarray) -> "Names":
        return self._sorted(self.codes[rows], self.names)

    def __len__(self) -> int:
        return len(self.codes)

    def texts(self) -> np.ndarray:
        """Returns the column as (N,) str."""
        return self.names[self.codes]


@dataclass(frozen=True, eq=False)
class Scores:
    """One row per scored face.

    Attributes:
        dataset: Name of the data set.
        split: `"train"`, `"val"` or `"test"`.
        video: Name of the video, unique within its data set.
        method: `"real"` or the manipulation.
        source: Key of the real video that a real and its fakes share; empty where unknown.
        identity: The person; empty where unknown.
        condition: `"clean"`, or the corruption and its severity, such as `"jpeg 3"`.
        frame: (N,) int64, the frame's number in its video.
        track: (N,) int64, the face's number in its video.
        label: (N,) int64, 0 real, 1 fake.
        probability: (N,) float64 of being fake.
    """

    dataset: Names
    split: Names
    video: Names
    method: Names
    source: Names
    identity: Names
    condition: Names
    frame: np.ndarray
    track: np.ndarray
    label: np.ndarray
    probability: np.ndarray

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> "Scores":
        """Builds a table from columns of one length; those in `DEFAULTS` may be missing.

        Raises:
            ValueError: If a column is missing, lengths differ, a label is neither 0 nor 1 or a
                score is not a number from 0 to 1.
        """
        wanted = (*TEXTS, *NUMBERS)
        missing = [name for name in wanted if name not in columns and name not in DEFAULTS]
        if missing:
            raise ValueError(
                f"`columns` must hold {', '.join(wanted)}. Received: no {', '.join(missing)}"
            )
        count = len(columns["probability"])
        filled: dict[str, Any] = {name: columns.get(name) for name in wanted}
        for name, value in DEFAULTS.items():
            if filled[name] is None:
                filled[name] = np.full(count, value)
        lengths = {name: len(column) for name, column in filled.items()}
        if set(lengths.values()) != {count}:
            raise ValueError(f"`columns` must be of one length. Received: {lengths}")
        values: dict[str, Any] = {
            name: column if isinstance(column, Names) else Names.of(column)
            for name, column in filled.items()
            if name in TEXTS
        }
        values |= {name: np.asarray(filled[name], kind) for name, kind in NUMBERS.items()}
        checked_scores(values["probability"])
        if not np.isin(values["label"], (0, 1)).all():
            raise ValueError(
                "`label` must hold 0 (real) and 1 (fake) only. "
                f"Received: values {np.unique(values['label'])[:5].tolist()}"
            )
        return cls(**values)

    def __len__(self) -> int:
        return len(self.probability)

    def __getitem__(self, rows: np.ndarray) -> "Scores":
        """Returns the rows of a boolean mask or of an array of indices."""
        return Scores(**{name: getattr(self, name)[rows] for name in (*TEXTS, *NUMBERS)})

    def where(self, **texts: str) -> "Scores":
        """Returns the rows whose columns have these texts, such as `split="val"`."""
        kept = np.ones(len(self), bool)
        for name, text in texts.items():
            column = getattr(self, name)
            kept &= np.isin(column.codes, np.flatnonzero(column.names == text))
        return self[kept]

    def people(self) -> np.ndarray:
        """Returns whom each row shows, (N,) int64: the identity, else the source, else the video.

        A fake shows whom its real video shows, where a data set says so.
        """
        people = self.video.codes * len(self.dataset.names) + self.dataset.codes
        for column in (self.source, self.identity):
            known = (column.names != "")[column.codes]
            people = np.where(known, column.codes, len(column.names) + people)
        return people

    def with_probability(self, probability: np.ndarray) -> "Scores":
        """Returns the same rows with other scores, (N,) from 0 to 1."""
        columns = {name: getattr(self, name) for name in (*TEXTS, *NUMBERS)}
        return Scores.from_columns(columns | {"probability": probability})

    @staticmethod
    def concatenate(tables: Iterable["Scores"]) -> "Scores":
        """Returns the rows of several tables as one."""
        tables = list(tables)
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(table, name) for table in tables]) for name in NUMBERS
        }
        for name in TEXTS:
            columns[name] = Names.joined([getattr(table, name) for table in tables])
        return Scores.from_columns(columns)


def write_scores(path: str | os.PathLike, scores: Scores) -> Path:
    """Writes a table as Parquet or CSV, by the ending of `path`.

    Raises:
        UserError: If the ending is another one.
    """
    import pyarrow
    from pyarrow import csv, parquet

    path = Path(path)
    _check_type(path)
    columns = {name: _dictionary(getattr(scores, name)) for name in TEXTS}
    columns |= {name: pyarrow.array(getattr(scores, name)) for name in NUMBERS}
    table = pyarrow.table(columns)
    with replacing(path) as temporary:
        if path.suffix == ".parquet":
            parquet.write_table(table, temporary)
        else:
            plain = [
                column.cast(pyarrow.string()) if name in TEXTS else column
                for name, column in zip(table.column_names, table.columns, strict=True)
            ]
            csv.write_csv(pyarrow.table(plain, names=table.column_names), temporary)
    return path


def read_scores(path: str | os.PathLike) -> Scores:
    """Reads a table that `write_scores` or another program wrote.

    Raises:
        UserError: If the file is missing, cannot be read, lacks a column or holds values that are
            no scores; the message names the file and the column.
    """
    import pyarrow
    from pyarrow import csv, parquet

    path = Path(path)
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    _check_type(path)
    try:
        if path.suffix == ".parquet":
            table = parquet.read_table(path)
        else:
            kinds = {name: pyarrow.string() for name in TEXTS}
            options = csv.ConvertOptions(column_types=kinds, strings_can_be_null=False)
            table = csv.read_csv(path, convert_options=options)
        names = table.column_names
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read as {path.suffix[1:]}: {reason}") from None
    twice = sorted({name for name, times in Counter(names).items() if times > 1})
    if twice:
        raise UserError(f"{path} has several columns {', '.join(twice)}.")
    if table.num_rows == 0:
        raise UserError(f"{path} holds no scores.")
    present = [name for name in (*TEXTS, *NUMBERS) if name in names]
    try:
        columns = {name: _column(path, name, table.column(name)) for name in present}
        return Scores.from_columns(columns)
    except (ValueError, pyarrow.ArrowException) as error:
        raise UserError(f"{path}: {error}") from None


def _column(path: Path, name: str, column: "pyarrow.ChunkedArray") -> np.ndarray | Names:
    if column.null_count:
        raise UserError(f"{path}: column {name} has {column.null_count} empty or NaN entries.")
    if name in TEXTS:
        return Names.of_arrow(column)
    try:
        values = column.to_numpy()
        if NUMBERS[name] is np.int64 and values.dtype.kind == "f":
            # pandas writes 1.0 for 1 where a column once had a gap.
            if not np.array_equal(values, np.rint(values)):
                raise UserError(f"{path}: column {name} must hold whole numbers.")
            values = values.astype(np.int64)
        return values.astype(NUMBERS[name], casting="same_kind")
    except (TypeError, ValueError):
        raise UserError(f"{path}: column {name} must hold numbers, not {column.type}.") from None


def _dictionary(column: Names) -> "pyarrow.DictionaryArray":
    import pyarrow

    codes = column.codes.astype(np.int32)
    return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(column.names.tolist()))


def _check_type(path: Path) -> None:
    if path.suffix not in FILE_TYPES:
        raise UserError(f"Scores are kept in .parquet or .csv files. Received: {path}")
