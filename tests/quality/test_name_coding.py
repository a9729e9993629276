"""Columns of names as numbers: whatever the order and the parts, the codes say what the column said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.answer_files import Coding
from leye_quality.name_coding import NameColumn


def coded(rows: list[str], at_once: int) -> tuple[list[str], list[str]]:
    """The distinct names, and the rows read back."""
    column = NameColumn()
    for start in range(0, len(rows), at_once):
        column.add(rows[start : start + at_once])
    names, codes = column.coded()
    return list(names), [names[code] for code in codes.tolist()]


DRAW = np.random.default_rng(1)
COLUMNS = {
    "in order and in groups": [f"item-{n // 3:05d}" for n in range(9000)],
    "in groups, out of order": [f"item-{n // 3 * 7 % 3000:05d}" for n in range(9000)],
    "mixed": [f"item-{n:05d}" for n in DRAW.permutation(9000).tolist()],
    "few": [f"class-{n}" for n in DRAW.integers(0, 5, 9000).tolist()],
    "few at first, many later": ["the same"] * 5000 + [f"item-{n}" for n in range(5000)],
    "groups after few": ["a", "b"] * 2500 + [f"item-{n // 3}" for n in range(5000)],
    "of one length but for one": [f"{n:05d}" for n in range(4000)] + ["4"] + [f"{n:05d}" for n in range(4999)],
    "ending alike": [f"{n % 50:04d}-of-a-long-name-{n % 7}" for n in range(9000)],
    "alike in too few places": [f"{n * 982451653 % 10**12:012d}" for n in range(9000)],
    "with NUL inside": [f"a\0{n:04d}" for n in range(2000)] + ["a", "\0"] * 100,
    "with NUL as if between two": ["abc", "a\0c"] * 500,
    "empty ones": [""] * 200,
    "one": ["one"],
    "none": [],
    "beyond ASCII": ["词", "𠀀", "z", "é", "词"],
}


@pytest.mark.parametrize("at_once", [1000, 1001, 5000])
@pytest.mark.parametrize("which", COLUMNS)
def test_a_column_comes_back_as_it_was(which: str, at_once: int) -> None:
    rows = COLUMNS[which]
    names, read = coded(rows, at_once)
    assert read == rows
    assert names == sorted(set(rows))


@given(st.lists(st.text("ab\0é", min_size=2, max_size=2), min_size=64, max_size=200), st.integers(64, 100))
def test_any_column_of_one_length_comes_back(rows: list[str], at_once: int) -> None:
    assert coded(rows, at_once) == (sorted(set(rows)), rows)


@given(st.lists(st.text(max_size=3), max_size=40), st.integers(1, 15))
def test_any_column_comes_back(rows: list[str], at_once: int) -> None:
    storable = [row.encode("utf-8", "ignore").decode() for row in rows]
    assert coded(storable, at_once) == (sorted(set(storable)), storable)


def test_names_are_a_sequence_equal_to_a_tuple() -> None:
    column = NameColumn()
    column.add(["b", "a", "b"])
    names, _ = column.coded()
    assert names == ("a", "b")
    assert names[0] == "a"
    assert names[-1] == "b"
    assert names[:1] == ("a",)
    assert "b" in names
    assert hash(names) == hash(("a", "b"))


def test_answers_in_any_order_give_one_file_and_the_last_answer_counts() -> None:
    rows = [(f"i{n % 400:03d}", f"p{n // 400 % 7}", f"c{n % 3}") for n in range(2800)]
    mixed = [rows[n] for n in DRAW.permutation(2800).tolist()]
    again = [*mixed[:5], *mixed]
    files = []
    for some in (rows, mixed, again):
        coding = Coding()
        for start in range(0, len(some), 999):
            coding.add(*zip(*some[start : start + 999], strict=True))
        files.append(coding.file())
    for file in files[1:]:
        assert (file.items, file.people, file.labels) == (files[0].items, files[0].people, files[0].labels)
        for name in ("item_of", "person_of", "label_of"):
            assert (getattr(file, name) == getattr(files[0], name)).all()
