"""Tiles cover their picture; what lies on it, cut by tiles and joined across their seams, is what it was."""

from itertools import pairwise, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality import seams
from leye_quality.tiles import Frame, Tile, cut, seen, tiles

SIZES = st.tuples(st.integers(1, 2000), st.integers(1, 2000), st.integers(100, 1200), st.integers(0, 50))


@given(SIZES)
def test_tiles_cover_the_picture_with_one_size_and_at_least_the_overlap(given_: tuple[int, int, int, int]) -> None:
    width, height, side, overlap = given_
    found = tiles(width, height, side, overlap)
    assert {(tile.width, tile.height) for tile in found} == {(min(side, width), min(side, height))}
    columns, rows = sorted({tile.left for tile in found}), sorted({tile.top for tile in found})
    assert [(tile.top, tile.left) for tile in found] == list(product(rows, columns))
    for starts, length in ((columns, width), (rows, height)):
        assert starts[0] == 0
        assert starts[-1] + min(side, length) == length
        assert all(one < other <= one + side - overlap for one, other in pairwise(starts))


@given(SIZES, st.randoms(use_true_random=False))
def test_what_is_no_larger_than_the_overlap_lies_whole_in_a_tile(
    given_: tuple[int, int, int, int], draw: Random
) -> None:
    width, height, side, overlap = given_
    wide, high = draw.uniform(0, min(overlap, width)), draw.uniform(0, min(overlap, height))
    left, top = draw.uniform(0, width - wide), draw.uniform(0, height - high)
    frame = Frame(left, top, left + wide, top + high, "a")
    assert any(seen(tile, frame) == frame for tile in tiles(width, height, side, overlap))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Tile], list[Frame]]:
    """A tiled picture and objects on it of any size; those of one class share no place."""
    width, height = draw(st.integers(300, 2000)), draw(st.integers(300, 2000))
    side, overlap = draw(st.integers(250, 900)), draw(st.integers(20, 99))
    frames: list[Frame] = []
    for _ in range(draw(st.integers(0, 8))):
        left, top = draw(st.floats(0, width - 2)), draw(st.floats(0, height - 2))
        right, bottom = draw(st.floats(left + 1, width)), draw(st.floats(top + 1, height))
        frame = Frame(left, top, right, bottom, draw(st.sampled_from("ab")))
        apart = all(
            other.label != frame.label
            or min(right, other.right) <= max(left, other.left)
            or min(bottom, other.bottom) <= max(top, other.top)
            for other in frames
        )
        if apart:
            frames.append(frame)
    return tiles(width, height, side, overlap), frames


def in_order(frames: list[Frame]) -> list[Frame]:
    return sorted(frames, key=lambda frame: (frame.top, frame.left, frame.bottom, frame.right, str(frame.label)))


@given(scenes())
def test_objects_cut_by_tiles_and_joined_are_the_objects(scene: tuple[list[Tile], list[Frame]]) -> None:
    parts, frames = scene
    assert in_order(seams.join(parts, cut(parts, frames))) == in_order(frames)


@given(scenes())
def test_no_tile_is_left_with_a_sliver_that_another_shows_better(scene: tuple[list[Tile], list[Frame]]) -> None:
    parts, frames = scene
    for tile, shown in zip(parts, cut(parts, frames), strict=True):
        assert all(seen(tile, piece) == piece and piece.area > 0 for piece in shown)


TWO = tiles(1800, 1000, 1000, 200)


def shaken(draw: Random, frame: Frame) -> Frame:
    left, top, right, bottom = (side + draw.uniform(-4, 4) for side in frame[:4])
    return Frame(left, top, right, bottom, frame.label)


def test_hands_that_shake_draw_one_object_once() -> None:
    draw = Random(7)
    objects = [Frame(700, 100, 1150, 300, "车"), Frame(820, 400, 900, 480, "车"), Frame(100, 600, 300, 700, "人")]
    for _ in range(200):
        drawn = [[shaken(draw, piece) for piece in shown] for shown in cut(TWO, objects)]
        joined = seams.join(TWO, drawn)
        assert len(joined) == 3
        for one, other in zip(in_order(joined), in_order(objects), strict=True):
            assert one.label == other.label
            assert max(abs(a - b) for a, b in zip(one[:4], other[:4], strict=True)) <= 4


def crowded(draw: Random, count: int, largest: float) -> list[Frame]:
    """Objects of two classes on a picture of 4000 by 3000; those of one class share no place."""
    objects: list[Frame] = []
    while len(objects) < count:
        wide, high = draw.uniform(20, largest), draw.uniform(20, largest)
        left, top = draw.uniform(0, 4000 - wide), draw.uniform(0, 3000 - high)
        new = Frame(left, top, left + wide, top + high, draw.choice("ab"))
        if all(one.label != new.label or overlap(one, new) == 0 for one in objects):
            objects.append(new)
    return objects


def overlap(one: Frame, other: Frame) -> float:
    """Intersection over union."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.area + other.area - shared)


def f1(found: list[Frame], objects: list[Frame]) -> float:
    """How many are found, each once and at three quarters of overlap at least."""
    left, hits = list(found), 0
    for wanted in objects:
        near = [one for one in left if one.label == wanted.label and overlap(one, wanted) >= 0.75]
        if near:
            hits += 1
            left.remove(max(near, key=lambda one: overlap(one, wanted)))
    return 2 * hits / (len(found) + len(objects))


@pytest.mark.parametrize("largest", [300, 1500])
def test_people_who_shake_and_miss_some_are_joined_to_what_is_there(largest: float) -> None:
    parts, joined, side_by_side = tiles(4000, 3000, 1100, 200), [], []
    for seed in range(5):
        draw = Random(seed)
        objects = crowded(draw, 60, largest)
        drawn = [[shaken(draw, one) for one in shown if draw.random() > 0.03] for shown in cut(parts, objects)]
        joined.append(f1(seams.join(parts, drawn), objects))
        side_by_side.append(f1([one for shown in drawn for one in shown], objects))
    assert sum(joined) / 5 > 0.95
    assert sum(side_by_side) / 5 < 0.65


def test_neighbours_of_one_class_and_another_class_in_the_same_place_stay_apart() -> None:
    crowd = [Frame(700 + 60 * n, 100, 750 + 60 * n, 900, "人") for n in range(8)]
    assert in_order(seams.join(TWO, cut(TWO, crowd))) == crowd
    both = [Frame(700, 100, 1150, 300, "车"), Frame(705, 105, 1145, 295, "货")]
    assert in_order(seams.join(TWO, cut(TWO, both))) == in_order(both)


def test_a_sliver_that_somebody_drew_all_the_same_is_no_second_object() -> None:
    whole = Frame(600, 100, 815, 300, "车")
    assert seams.join(TWO, [[whole], [Frame(800, 103, 812, 290, "车")]]) == [whole]


def test_what_only_one_of_two_people_saw_stands() -> None:
    assert seams.join(TWO, [[], [Frame(820, 10, 990, 50, "车")]]) == [Frame(820, 10, 990, 50, "车")]


def test_two_boxes_of_one_tile_never_become_one() -> None:
    left = [Frame(700, 100, 1000, 300, "车"), Frame(700, 120, 1000, 320, "车")]
    joined = seams.join(TWO, [left, [Frame(800, 110, 1200, 310, "车")]])
    assert len(joined) == 2
    assert {frame.right for frame in joined} == {1000, 1200}


def test_a_picture_of_the_size_that_people_ask_about() -> None:
    assert len(tiles(8000, 6000, 2200, 200)) == 12
    assert tiles(900, 500, 1000, 100) == [Tile(0, 0, 900, 500)]
    with pytest.raises(ValueError, match="less than their side"):
        tiles(900, 500, 100, 100)
