"""Files cut into parts: sizes, what is missing, what is another's content."""

from hypothesis import given
from hypothesis import strategies as st

from leye_platform.uploads.rules import (
    MOST_PARTS,
    SMALLEST_PART,
    ArrivedPart,
    Cut,
    missing,
    other_content,
    part_size_of,
)

SIZES = st.integers(min_value=1, max_value=1 << 44)


@given(SIZES)
def test_the_parts_of_a_file_cover_it_once_and_are_never_too_many(size: int) -> None:
    cut = Cut(size, part_size_of(size))
    assert 1 <= cut.count <= MOST_PARTS
    assert cut.part_size >= SMALLEST_PART
    assert cut.part_size % (1 << 20) == 0
    last = cut.size_of(cut.count)
    assert last is not None
    assert 0 < last <= cut.part_size
    assert (cut.count - 1) * cut.part_size + last == size
    assert cut.size_of(0) is None
    assert cut.size_of(cut.count + 1) is None


def test_a_part_of_the_wrong_size_is_missing() -> None:
    cut = Cut(25, 10)
    arrived = [ArrivedPart(1, 10, "a", None), ArrivedPart(2, 9, "b", None), ArrivedPart(3, 5, "c", None)]
    assert missing(cut, arrived) == [2]
    assert missing(cut, []) == [1, 2, 3]


def test_only_what_is_known_to_be_other_content_is_told() -> None:
    arrived = [ArrivedPart(1, 1, "a", "aa"), ArrivedPart(2, 1, "b", None), ArrivedPart(3, 1, "c", "cc")]
    assert other_content(arrived, ["AA", "bb", "dd"]) == [3]
    assert other_content(arrived, []) == []
