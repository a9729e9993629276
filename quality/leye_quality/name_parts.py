"""A part of a column of names, in the form that is quickest to look through.

Most names in a file are ids of one length that differ in a few places. Such a part is one matrix of bytes; the bytes
that differ, put together as one number a row, tell which rows are equal without hashing a string. Everything else is
an Arrow array of strings.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]

LEAST_ROWS = 64  # fewer are not worth the look
MOST_DIFFERING = 8  # bytes in one number
ROWS_TOGETHER = 64
"""Rows that are looked at as one: reducing over rows of a dozen bytes would take most of the time."""


class NamePart(Protocol):
    """Some rows of a column of names."""

    def __len__(self) -> int: ...

    def distinct(self, looked_at: int) -> int:
        """How many different names the first rows hold."""

    def numbered(self) -> tuple[NDArray[Any], list[str]]:
        """The different names as they come first, and of each row which one it is."""

    def changed(self) -> NDArray[np.bool_]:
        """Of each row but the first, whether its name is another one than the last row's."""

    def taken(self, rows: Rows | None = None) -> Any:
        """Some rows, or all of them, as an Arrow array of strings."""


def part_of(names: Any) -> NamePart:
    """The rows as they are quickest looked through. names: a sequence of strings, or an Arrow array of them."""
    import pyarrow  # noqa: PLC0415 -- loaded where files are read, not in every process

    if isinstance(names, pyarrow.Array):
        return _Strings(names)
    return _OfOneLength.of(names) or _Strings(pyarrow.array(names, pyarrow.string()))


class _Strings:
    """Any names."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def distinct(self, looked_at: int) -> int:
        return len(self._column[:looked_at].unique())

    def numbered(self) -> tuple[NDArray[Any], list[str]]:
        few = self._column.dictionary_encode()
        return few.indices.to_numpy(), few.dictionary.to_pylist()

    def changed(self) -> NDArray[np.bool_]:
        import pyarrow.compute  # noqa: PLC0415 -- likewise

        changed: NDArray[np.bool_] = pyarrow.compute.not_equal(self._column[1:], self._column[:-1]).to_numpy(
            zero_copy_only=False
        )
        return changed

    def taken(self, rows: Rows | None = None) -> Any:
        import pyarrow  # noqa: PLC0415 -- likewise

        return self._column if rows is None else self._column.take(pyarrow.array(rows))


class _OfOneLength:
    """ASCII names of one length. keys: of each row a number, equal where names are."""

    def __init__(self, letters: NDArray[np.uint8], keys: NDArray[np.uint64]) -> None:
        self._letters, self._keys = letters, keys

    @classmethod
    def of(cls, names: Sequence[Any]) -> "_OfOneLength | None":
        """None where the names are not such ones."""
        if len(names) < LEAST_ROWS or not isinstance(names[0], str):
            return None
        rows, length = len(names), len(names[0])
        try:
            text = "\0".join(names)
        except TypeError:
            return None
        if len(text) != rows * (length + 1) - 1 or not text.isascii():
            return None
        letters = np.frombuffer((text + "\0").encode(), dtype=np.uint8).reshape(rows, length + 1)
        if letters[:, length].any() or np.count_nonzero(letters) != rows * length:
            return None
        differing = np.flatnonzero(_differing(letters))
        if len(differing) > MOST_DIFFERING:
            return None
        keys = np.zeros(rows, dtype=np.uint64)
        for place in differing.tolist():
            keys <<= np.uint64(8)
            keys |= letters[:, place]
        return cls(letters[:, :length], keys)

    def __len__(self) -> int:
        return len(self._keys)

    def distinct(self, looked_at: int) -> int:
        return len(np.unique(self._keys[:looked_at]))

    def numbered(self) -> tuple[NDArray[Any], list[str]]:
        import pyarrow  # noqa: PLC0415 -- likewise

        few = pyarrow.array(self._keys).dictionary_encode()
        numbers = few.indices.to_numpy()
        first = np.empty(len(few.dictionary), dtype=np.intp)
        first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)  # of several the last one written stays
        return numbers, self.taken(first).to_pylist()

    def changed(self) -> NDArray[np.bool_]:
        changed: NDArray[np.bool_] = self._keys[1:] != self._keys[:-1]
        return changed

    def taken(self, rows: Rows | None = None) -> Any:
        import pyarrow  # noqa: PLC0415 -- likewise

        letters = np.ascontiguousarray(self._letters if rows is None else self._letters[rows])
        ends = np.arange(len(letters) + 1, dtype=np.int32) * np.int32(letters.shape[1])
        return pyarrow.StringArray.from_buffers(len(letters), pyarrow.py_buffer(ends), pyarrow.py_buffer(letters))


def _differing(letters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of each place, the bits in which some row differs from the first."""
    whole = len(letters) // ROWS_TOGETHER * ROWS_TOGETHER
    together = letters[:whole].reshape(-1, ROWS_TOGETHER * letters.shape[1])
    most = np.bitwise_or.reduce(together ^ np.tile(letters[0], ROWS_TOGETHER), axis=0)
    rest = np.bitwise_or.reduce(letters[whole:] ^ letters[0], axis=0)
    bits: NDArray[np.uint8] = np.bitwise_or.reduce(most.reshape(ROWS_TOGETHER, -1), axis=0) | rest
    return bits
