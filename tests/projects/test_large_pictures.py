"""Large pictures are cut into tiles when they come in, drawn on tile by tile, and delivered as one."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.delivery.models import LotItem
from leye_platform.delivery.queries import sample_of, view_lot
from leye_platform.installation import Installation
from leye_platform.projects.ingest import run_ingest
from leye_platform.projects.pictures import tiling
from leye_platform.projects.pictures.keeping import key_of
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.pictures.looking import look_at, tiles_of
from leye_platform.projects.rules import BatchState, ItemState
from leye_platform.projects.splitting import Splitting, cut_result, joined_result, parts_of
from leye_platform.projects.task_type import task_type
from leye_quality.tiles import Tile
from leye_task_templates.splitting import PART, SplitRule
from support.boxes import BOXES, box
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.parts import InParts
from support.pictures import packed, photo, written
from support.reviewing import Reviewing
from support.shipping import ONE

KIND = task_type("image_boxes", BOXES)
WIDTH, HEIGHT = 1500, 1000
CUT = Splitting(pictures_above=1_000_000, tile=700, tile_overlap=100)
PHOTO = {"photo": {"file": "a.jpg", "sha256": "0" * 64, "width": WIDTH, "height": HEIGHT}}


def canonical(*boxes: dict[str, Any]) -> list[dict[str, Any]]:
    return KIND.template.validate_result(KIND.config, PHOTO, list(boxes))


def drawn(result: list[Any]) -> list[tuple[float, ...]]:
    values = [region["value"] for region in result]
    return [
        (*(round(value[side], 6) for side in ("x", "y", "width", "height")), value["rectanglelabels"][0])
        for value in values
    ]


@pytest.fixture
def people(installation: Installation, clock: MovableClock) -> Reviewing:
    return Reviewing(installation, clock)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(0.1, 9.9), st.floats(0.1, 9.9), st.booleans()),
        max_size=20,
        unique_by=lambda one: one[:2],
    )
)
def test_boxes_cut_with_their_picture_and_joined_are_the_boxes(cells: list[Any]) -> None:
    whole = canonical(*(box(10 * x, 10 * y, w, h, "猫" if cat else "狗") for x, y, w, h, cat in cells))
    _, contents = parts_of(KIND, PHOTO, SplitRule(pictures_above=1_000_000, side=700, overlap=100))
    joined = joined_result(KIND, contents, cut_result(KIND, contents, whole))
    for one, other in zip(drawn(joined), drawn(whole), strict=True):
        assert one[:4] == pytest.approx(other[:4], abs=2e-6)
        assert one[4] == other[4]
    assert [(region["id"], region["original_width"]) for region in joined] == [
        (region["id"], region["original_width"]) for region in whole
    ]


def test_a_large_picture_is_delivered_as_one(people: Reviewing) -> None:
    pictures = InParts(people, CUT, ONE)
    pictures.change(unit="object")
    content = {"big.jpg": written(photo(WIDTH, HEIGHT)), "small.jpg": written(photo(400, 300))}
    batch_id, who = pictures.open(pictures.read(packed(content))), people.person()
    tasks = pictures.tasks(batch_id)
    assert [(row, task.part) for row, task in tasks] == [*((1, n) for n in range(1, 7)), (2, 1)]
    [first] = [task.content for row, task in tasks if (row, task.part) == (1, 1)]
    assert (first["photo"]["width"], first["photo"]["height"]) == (700, 700)
    assert (first[PART]["picture"]["width"], first[PART]["count"]) == (WIDTH, 6)
    across = [box(30, 20, 40, 60), box(2, 2, 3, 3, "狗"), box(60, 88, 39, 11)]
    pictures.truth = {1: canonical(*across), 2: [box(10, 10, 50, 50)]}
    pictures.works(who, batch_id, 7)
    [joined] = pictures.joined(batch_id)
    assert drawn(joined.result) == drawn(canonical(*across))
    lot_id = people.cut(batch_id)
    links = PictureLinks("s", who.person_id, people.clock.now())
    with people.database.read() as session:
        lot = people.lot(lot_id)
        held = {one.item_id: one for one in session.scalars(select(LotItem).where(LotItem.lot_id == lot_id))}
        shown = {one.row: one for one in sample_of(session, view_lot(session, lot), links)}
    assert (held[joined.item_id].result, int(held[joined.item_id].quantity)) == (joined.result, 3)
    assert shown[1].view is not None
    assert (shown[1].view["width"], shown[1].view["height"]) == (WIDTH, HEIGHT)


def test_a_tile_is_shown_pixel_for_pixel_turned_as_the_camera_meant(people: Reviewing) -> None:
    pictures = InParts(people, CUT, ONE)
    lying = photo(HEIGHT, WIDTH)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn to the right
    batch_id = pictures.read(packed({"a.jpg": written(lying, exif=exif, quality=95)}))
    upright = np.asarray(lying.rotate(-90, expand=True)).astype(int)
    for _, task in pictures.tasks(batch_id):
        facts, part = task.content["photo"], task.content[PART]
        shown = Image.open(BytesIO(b"".join(people.installation.objects.read(key_of(facts["sha256"], "shown")))))
        assert shown.size == (facts["width"], facts["height"]) == (700, 700)
        meant = upright[part["top"] : part["top"] + 700, part["left"] : part["left"] + 700]
        assert np.abs(np.asarray(shown).astype(int) - meant).mean() < 12


def test_who_works_on_a_tile_sees_it_and_where_it_lies(people: Reviewing) -> None:
    pictures = InParts(people, CUT, ONE)
    batch_id = pictures.open(pictures.read(packed({"a.jpg": written(photo(WIDTH, HEIGHT))})))
    who = people.person()
    assignment, task = pictures.takes(who)
    mine = people.browser(who.person_id)
    page = mine.get(f"/work/tasks/{assignment}")
    assert "这是一张大图的第 1 块，共 6 块。" in page.text
    told = people.script(who.person_id).get(f"/api/v1/assignments/{assignment}").json()["task"]["data"]
    for facts in (told["photo"], told[PART]["picture"]):
        assert mine.get(facts["url"]).status_code == mine.get(facts["thumb"]).status_code == 200
    assert task.batch_id == batch_id


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_page_of_a_tile_holds_at_any_width(people: Reviewing) -> None:
    pictures = InParts(people, CUT, ONE)
    pictures.open(pictures.read(packed({"a.jpg": written(photo(WIDTH, HEIGHT))})))
    who = people.person()
    assignment, _ = pictures.takes(who)
    token = people.browser(who.person_id).token
    with live_site(people.installation) as base, chromium() as browser:
        for width in (1280, 320):
            context = new_context(browser, width=width)
            context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
            page = context.new_page()
            Browse(page, base).open(f"/work/tasks/{assignment}")
            page.locator("summary", has_text="看整张图").click()
            Browse(page, base).check()
            context.close()


def test_tiles_are_cut_once_and_a_reading_that_was_killed_goes_on(
    people: Reviewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = InParts(people, CUT, ONE)
    content = packed({f"{n}.png": written(photo(WIDTH, HEIGHT, n), "PNG") for n in range(2)} | {"2.png": b"x"})
    batch_id = pictures.stored(content)
    job = pictures.batch(batch_id).ingest_job
    assert job is not None
    cut: list[Tile] = []

    def counted(file: bytes, wanted: Any) -> Any:
        for tile, looked in zip(wanted, tiles_of(file, wanted), strict=True):
            if len(cut) == 8:
                cut.append(tile)
                raise ConnectionError("killed")
            cut.append(tile)
            yield looked

    monkeypatch.setattr(tiling, "tiles_of", counted)
    with pytest.raises(ConnectionError):
        run_ingest(people.installation, job, batch_id)
    run_ingest(people.installation, job, batch_id)
    assert pictures.batch(batch_id).state is BatchState.READY
    assert len(cut) == 13  # twelve, and the one that was being cut
    assert [(row, task.part) for row, task in pictures.tasks(batch_id)] == [
        (row, part) for row in (1, 2) for part in range(1, 7)
    ]
    pictures.read(content)
    assert len(cut) == 13


def test_an_item_whose_tiles_wait_is_not_decided_by_one(people: Reviewing) -> None:
    pictures = InParts(people, CUT, ONE)
    batch_id = pictures.open(pictures.read(packed({"a.jpg": written(photo(WIDTH, HEIGHT))})))
    pictures.truth = {1: []}
    pictures.works(people.person(), batch_id, 5)
    assert pictures.item(batch_id).state is ItemState.WORKING
    pictures.works(people.person(), batch_id, 1)
    assert pictures.item(batch_id).state is ItemState.DECIDED
    assert [one.result for one in pictures.joined(batch_id)] == [[]]


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "I;16", "CMYK"])
def test_tiles_of_every_kind_of_picture_look_as_the_whole_does(mode: str) -> None:
    plain = photo(300, 200)
    picture = (
        Image.fromarray(np.asarray(plain.convert("L")).astype(np.uint16) * 200)
        if mode == "I;16"
        else (plain.convert(mode))
    )
    file = written(picture, "JPEG" if mode == "CMYK" else "PNG")
    whole = np.asarray(Image.open(BytesIO(look_at(file).shown)).convert("RGB")).astype(int)
    for tile in (Tile(0, 0, 160, 120), Tile(140, 80, 160, 120)):
        [looked] = tiles_of(file, [tile])
        shown = np.asarray(Image.open(BytesIO(looked.shown)).convert("RGB")).astype(int)
        assert (looked.width, looked.height) == (160, 120)
        meant = whole[tile.top : tile.bottom, tile.left : tile.right]
        assert np.abs(shown - meant).mean() < 12
