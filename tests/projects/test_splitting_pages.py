"""What a project cuts, on the coordinator's forms and by API: said in figures before it is stored."""

import re

import pytest

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from support.boxes import BOXES
from support.clock import MovableClock
from support.factories import ENTITIES, make_project
from support.parts import LONG, LongTexts
from support.reviewing import Reviewing
from support.shipping import ONE, SignedIn
from support.uploading import hidden_key

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def people(installation: Installation, clock: MovableClock) -> Reviewing:
    return Reviewing(installation, clock)


@pytest.fixture
def coordinator(people: Reviewing) -> SignedIn:
    return people.browser(people.actor(Role.COORDINATOR).person_id)


def fields(people: Reviewing, coordinator: SignedIn, **other: str) -> dict[str, str]:
    return {
        "key": hidden_key(coordinator.get("/projects/new").text),
        "title": "大图",
        "organisation": str(people.firm()),
        "labels": "猫\n狗",
        "work": "boxes",
        "guide": "# 怎么画",
        "unit_price": "0.30",
        "answer_pay": "0.05",
        "review_pay": "0.10",
        "tile": "2200",
        "tile_overlap": "200",
        **other,
    }


def test_the_form_says_into_how_many_parts_and_makes_nothing_until_it_is_sent(
    people: Reviewing, coordinator: SignedIn
) -> None:
    assert "一张 8000×6000 的图会分成 12 块。" in coordinator.get("/projects/new").text
    typed = fields(people, coordinator, pictures_above="１２００", tile="2000", texts_above="1000")
    shown = coordinator.post("/projects/new", do="count", **typed)
    assert shown.status_code == 200
    assert "一张 8000×6000 的图会分成 20 块。" in shown.text
    assert "一篇 10000 字的文章会分成大约 14 段。" in shown.text
    assert 'value="１２００"' in shown.text
    made = coordinator.post("/projects/new", **typed)
    assert made.status_code == 303
    page = coordinator.get(made.headers["location"]).text
    assert "超过 1200 万像素的图切成边长 2,000 像素的块，相邻两块重叠 200 像素。" in page
    assert "长文分段" not in page


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"texts_above": "99"}, "texts_above", "100 到 3000"),
        ({"texts_above": "很多"}, "texts_above", "100 到 3000"),
        ({"pictures_above": "7000"}, "pictures_above", "6400 万"),
        ({"tile": "100"}, "tile", "600 到 4000"),
        ({"tile": "600", "tile_overlap": "301"}, "tile_overlap", "一半"),
        ({"tile_overlap": ""}, "tile_overlap", None),
    ],
)
def test_what_is_out_of_bounds_is_told_at_its_field(
    people: Reviewing, coordinator: SignedIn, wrong: dict[str, str], field: str, said: str | None
) -> None:
    answer = coordinator.post("/projects/new", **fields(people, coordinator, **wrong))
    told = re.search(rf'id="error-{field}">(.*?)</p>', answer.text, re.DOTALL)
    assert (answer.status_code, told is None) == ((303, True) if said is None else (422, False))
    assert said is None or (told is not None and said in told[1])


@pytest.mark.parametrize(
    ("config", "typed", "stored"),
    [
        ((ENTITIES, "named_entities"), {"texts_above": "800"}, {"texts_above": 800}),
        (
            (BOXES, "image_boxes"),
            {"pictures_above": "800", "tile": "1000", "tile_overlap": "100"},
            {"pictures_above": 8_000_000, "tile": 1000, "tile_overlap": 100},
        ),
    ],
)
def test_a_project_changes_what_it_cuts(
    people: Reviewing,
    coordinator: SignedIn,
    config: tuple[str, str],
    typed: dict[str, str],
    stored: dict[str, int],
) -> None:
    with people.database.write() as session:
        project_id = make_project(session, label_config=config[0], task_type=config[1]).id
    path = f"/projects/{project_id}/splitting"
    assert coordinator.post(path, do="count", **typed).status_code == 200
    assert people.project(project_id).splitting == {}
    assert coordinator.post(path, **typed).status_code == 303
    assert people.project(project_id).splitting == stored
    assert coordinator.post(path, **typed | dict.fromkeys(typed, "5")).status_code == 422
    page = coordinator.get(f"/projects/{project_id}").text
    assert all(f'value="{value}"' in page for value in typed.values())
    assert coordinator.post(path).status_code == 303
    assert people.project(project_id).splitting == {}
    admin = people.browser(people.actor(Role.ADMIN).person_id)
    assert "改大图和长文怎么分开" in admin.get("/admin/audit").text


def test_a_project_that_cannot_cut_offers_nothing_to_cut(people: Reviewing, coordinator: SignedIn) -> None:
    with people.database.write() as session:
        project_id = make_project(session).id
    assert "splitting-title" not in coordinator.get(f"/projects/{project_id}").text


def test_a_script_makes_a_project_that_cuts(people: Reviewing) -> None:
    who = people.actor(Role.COORDINATOR)
    partner = people.firm()
    with people.database.read() as session:
        firm = session.get_one(Organisation, partner).name
    body = {
        "title": "长文",
        "organisation": firm,
        "label_config": ENTITIES,
        "guide": "# 怎么标",
        "unit_price": "1",
        "answer_pay": "0.1",
        "splitting": {"texts_above": 500},
    }
    script = people.script(who.person_id)
    assert script.post("/api/v1/projects", json=body).json()["splitting"] == {"texts_above": 500}
    for wrong in ({"texts_above": 5}, {"colour": "red"}):
        assert script.post("/api/v1/projects", json=body | {"splitting": wrong}).status_code == 422


def test_the_batch_says_how_many_tasks_there_are_and_reckons_with_them(
    people: Reviewing, coordinator: SignedIn
) -> None:
    texts = LongTexts(people, ONE)
    batch_id = texts.read(f'{{"review": {LONG!r}}}'.replace("'", '"').encode(), "a.jsonl")
    page = coordinator.get(f"/batches/{batch_id}").text
    assert "一共 4 份任务" in page
    assert "多半要 4 份答案" in page
