"""Columns of names, coded as numbers: millions of strings without a dictionary of Python's.

Apache Arrow's arrays keep strings in one piece of memory and hash them by themselves. Names that come in groups, as
the items of most files do, are looked at once a group; where the groups come in order, nothing needs hashing at all.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from leye_quality.name_parts import part_of

Codes = NDArray[np.int32]

AT_A_TIME, LOOKED_AT = 65_536, 4096
GROUPED, FEW = 0.7, 0.2
"""Groups, or distinct names, for each row: fewer, and the rows are kept as groups, or by the names' numbers."""


class Names(Sequence[str]):
    """Distinct names, sorted, kept outside Python's memory; equal to a tuple of the same."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return tuple(self)[at]
        name: str = self._column[int(at)].as_py()
        return name

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), AT_A_TIME):
            yield from self._column.slice(start, AT_A_TIME).to_pylist()

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Names | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def column(self) -> Any:
        """As an Arrow array of strings."""
        return self._column


class NameColumn:
    """One column of names, added to in parts.

    A part is kept as its groups and their lengths, or as numbers in `_numbers`, or as it is.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._lengths: list[Codes | None] = []
        self._numbers: dict[str, int] = {}

    def add(self, names: Any) -> None:
        """A sequence of strings, or an Arrow array of them."""
        part = part_of(names)
        if not len(part):
            return
        if part.distinct(LOOKED_AT) <= FEW * min(len(part), LOOKED_AT):
            numbers, few = part.numbered()
            if len(few) <= FEW * len(part):
                self._parts.append(self._numbered(numbers, few))
                self._lengths.append(None)
                return
        starts = np.flatnonzero(np.concatenate([[True], part.changed()]))
        if len(starts) <= GROUPED * len(part):
            self._add_groups(part.taken(starts), np.diff(starts, append=len(part)))
            return
        self._parts.append(part.taken())
        self._lengths.append(None)

    def _add_groups(self, heads: Any, lengths: NDArray[np.int64]) -> None:
        """A group may go on from the last part."""
        before = self._lengths[-1] if self._lengths else None
        if before is not None and self._parts[-1][-1] == heads[0]:
            before[-1] += lengths[0]
            heads, lengths = heads[1:], lengths[1:]
        self._parts.append(heads)
        self._lengths.append(lengths.astype(np.int32))

    def _numbered(self, numbers: NDArray[Any], few: list[str]) -> NDArray[Any]:
        """A part as numbers, in as few bytes as they need. numbers: of each row, places in `few`."""
        known = [self._numbers.setdefault(name, len(self._numbers)) for name in few]
        kind = np.min_scalar_type(max(len(self._numbers) - 1, 0))
        part: NDArray[Any] = np.array(known, dtype=kind)[numbers]
        return part

    def coded(self) -> tuple[Names, Codes]:
        """The distinct names, sorted, and where each row's stands among them. What was added is let go."""
        import pyarrow  # noqa: PLC0415 -- likewise

        parts, numbers = self._parts, list(self._numbers)
        grouped = any(n is not None for n in self._lengths)
        each = zip(parts, self._lengths, strict=True)
        lengths = [np.ones(len(part), np.int32) if n is None else n for part, n in each] if grouped else []
        self._parts, self._lengths, self._numbers = [], [], {}
        if not parts:
            return Names(pyarrow.array([], pyarrow.string())), np.zeros(0, dtype=np.int32)
        if grouped and not numbers and _ascend(parts):
            heads = pyarrow.chunked_array(parts)
            return Names(heads), np.repeat(np.arange(len(heads), dtype=np.int32), np.concatenate(lengths))
        names, codes = _hashed(parts, numbers)
        return names, np.repeat(codes, np.concatenate(lengths)) if grouped else codes


def _ascend(parts: list[Any]) -> bool:
    """Whether each name comes after the one before it."""
    import pyarrow.compute  # noqa: PLC0415 -- likewise

    some = [part for part in parts if len(part)]
    return all(
        pyarrow.compute.all(pyarrow.compute.less(part[:-1], part[1:])).as_py() is not False for part in some
    ) and all(one[-1].as_py() < other[0].as_py() for one, other in pairwise(some))


def _hashed(parts: list[Any], numbers: list[str]) -> tuple[Names, Codes]:
    import pyarrow  # noqa: PLC0415 -- likewise
    import pyarrow.compute  # noqa: PLC0415 -- likewise

    names = pyarrow.array(numbers, pyarrow.string())
    if strings := [part for part in parts if not isinstance(part, np.ndarray)]:
        coded = pyarrow.concat_arrays([names, *strings]).dictionary_encode()
        names, place = coded.dictionary, coded.indices.to_numpy()[len(numbers) :]
        ends = np.cumsum([len(part) for part in strings])
        found = iter(np.split(place, ends[:-1]))
        parts = [part if isinstance(part, np.ndarray) else next(found) for part in parts]
    order = pyarrow.compute.sort_indices(names)
    position = np.empty(len(names), dtype=np.int32)
    position[order.to_numpy()] = np.arange(len(names), dtype=np.int32)
    codes = np.empty(sum(map(len, parts)), dtype=np.int32)
    start = 0
    for part in parts:
        np.take(position, part, out=codes[start : start + len(part)])
        start += len(part)
    return Names(names.take(order)), codes


def let_go() -> None:
    """Give memory that Arrow keeps for later back to the system."""
    import pyarrow  # noqa: PLC0415 -- likewise

    pyarrow.default_memory_pool().release_unused()
