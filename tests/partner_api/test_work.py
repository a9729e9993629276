"""`next` and annotations: one task a person, one answer a slot, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Response
from leye_platform.billing.models import LedgerEntry
from support.label_studio import WORDS, Client, Face, choice

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def texts(count: int) -> list[dict[str, Any]]:
    return [{"data": {"text": f"第 {number} 条", "ref": number}} for number in range(count)]


def test_next_gives_the_same_task_until_it_is_answered(face: Face) -> None:
    admin, annotator = face.client(Role.ADMIN), face.client(Role.ANNOTATOR)
    project = admin.project()
    first, second = admin.imports(project, texts(2))
    assert annotator.next(project).json()["id"] == first
    assert annotator.next(project).json()["id"] == first
    assert admin.next(project).json()["id"] == second, "held by another"
    annotation = annotator.annotates(first, choice("Positive", "abc"))
    kept = annotator.get(f"/api/annotations/{annotation}").json()
    assert kept["result"] == choice("Positive", "abc"), "as it was sent, ids of regions too"
    assert kept["completed_by"] == annotator.number
    nothing = annotator.next(project)
    assert nothing.status_code == 404
    assert nothing.json()["detail"]
    assert int(nothing.headers["Retry-After"]) > 0


def test_an_answer_is_taken_once_however_often_it_is_sent(face: Face) -> None:
    admin, annotator = face.client(Role.ADMIN), face.client(Role.ANNOTATOR)
    project = admin.project()
    [task] = admin.imports(project, texts(1))
    annotator.next(project)
    first = annotator.annotates(task, choice("Positive"))
    again = annotator.post(f"/api/tasks/{task}/annotations", {"result": choice("Negative")})
    assert (again.status_code, again.json()["id"]) == (201, first)
    assert again.json()["result"] == choice("Positive"), "what is stored is given back"
    with face.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 1


def test_one_answer_decides_and_is_exported_at_once(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    tasks = admin.imports(project, texts(3))
    assert admin.next(project).json()["id"] == tasks[0]
    number = admin.annotates(tasks[0], choice("Positive"))
    exported = admin.export(project).json()
    assert [task["id"] for task in exported] == [tasks[0]]
    assert [one["id"] for one in exported[0]["annotations"]] == [number]
    assert exported[0]["predictions"][0]["result"][0]["value"] == {"choices": ["Positive"]}
    assert len(admin.export(project, download_all_tasks=True).json()) == 3
    told = admin.get(f"/api/projects/{project}").json()
    assert (told["task_number"], told["finished_task_number"], told["total_annotations_number"]) == (3, 1, 1)


def test_two_answers_that_agree_decide_and_the_overlap_is_not_passed(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(maximum_annotations=3)
    [task] = admin.imports(project, texts(1))
    people = [face.client(Role.ANNOTATOR) for _ in range(4)]
    for value in ("Positive", "Negative", "Positive"):
        who = people.pop()
        assert who.next(project).json()["id"] == task
        who.annotates(task, choice(value))
    assert people.pop().next(project).status_code == 404
    [exported] = admin.export(project).json()
    assert len(exported["annotations"]) == 3
    assert len({one["completed_by"] for one in exported["annotations"]}) == 3


def test_many_at_once_get_no_task_twice(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    admin.imports(project, texts(24))
    people = [face.client(Role.ANNOTATOR) for _ in range(6)]

    def work(who: Client) -> list[int]:
        answered = []
        while (given := who.next(project)).status_code == 200:
            task = given.json()["id"]
            who.annotates(task, choice("Positive"))
            answered.append(task)
        return answered

    with ThreadPoolExecutor(6) as pool:
        answered = [task for found in pool.map(work, people) for task in found]
    assert len(answered) == len(set(answered)) == 24
    assert all(len(task["annotations"]) == 1 for task in admin.export(project).json())


def test_a_firms_own_people_label_without_a_lease_unpaid(face: Face) -> None:
    partner, admin = face.partner(), face.client(Role.PARTNER_ADMIN, face.firm)
    project = partner.project()
    first, second = partner.imports(project, texts(2))
    partner.annotates(second, choice("Negative"))
    assert admin.next(project).json()["id"] == first, "the answered one's slot is filled"
    with face.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 0
        assert session.scalars(select(Response.late)).all() == [False]
    assert [task["id"] for task in partner.export(project).json()] == [second]


def test_one_answer_sent_several_times_at_once_is_taken_once(face: Face) -> None:
    partner = face.partner()
    project = partner.project(maximum_annotations=5)
    tasks = partner.imports(project, texts(6))

    def send(task: int) -> tuple[int, int]:
        told = partner.post(f"/api/tasks/{task}/annotations", {"result": choice("Positive")})
        return told.status_code, told.json()["id"]

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(send, [task for task in tasks for _ in range(4)]))
    assert {status for status, _ in got} == {201}
    assert len({number for _, number in got}) == len(tasks)


def test_without_a_price_the_crowd_gets_nothing_of_a_partners_project(face: Face) -> None:
    partner, annotator = face.partner(), face.client(Role.ANNOTATOR)
    project = partner.project()
    partner.imports(project, texts(1))
    assert annotator.next(project).status_code == 404
    assert partner.next(project).status_code == 200


def test_a_lease_in_another_project_is_given_back(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    one, other = admin.project(), admin.project()
    [first] = admin.imports(one, texts(1))
    [second] = admin.imports(other, texts(1))
    assert admin.next(one).json()["id"] == first
    assert admin.next(other).json()["id"] == second
    assert admin.next(one).json()["id"] == first


@ON_ONE
def test_annotators_read_their_own_and_nobody_elses(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(maximum_annotations=2)
    [task] = admin.imports(project, texts(1))
    one, other = face.client(Role.ANNOTATOR), face.client(Role.ANNOTATOR)
    for who in (one, other):
        who.next(project)
    theirs = other.annotates(task, choice("Negative"))
    mine = one.annotates(task, choice("Positive"))
    assert [got["id"] for got in one.get(f"/api/tasks/{task}/annotations").json()] == [mine]
    assert one.get(f"/api/annotations/{theirs}").status_code == 404
    seen = one.get(f"/api/tasks/{task}").json()
    assert [got["id"] for got in seen["annotations"]] == [mine]
    assert seen["predictions"] == []
    assert len(admin.get(f"/api/tasks/{task}").json()["annotations"]) == 2


@ON_ONE
def test_a_draft_is_its_writers_alone_and_goes_with_the_answer(face: Face) -> None:
    admin, annotator = face.client(Role.ADMIN), face.client(Role.ANNOTATOR)
    project = admin.project()
    [task] = admin.imports(project, texts(1))
    assert annotator.post(f"/api/tasks/{task}/drafts", {"result": []}).status_code == 403
    annotator.next(project)
    saved = annotator.post(f"/api/tasks/{task}/drafts", {"result": choice("Negative")})
    assert saved.status_code == 201
    assert annotator.post(f"/api/tasks/{task}/drafts", {"result": [{"x": "\x00"}]}).status_code == 400
    assert annotator.next(project).json()["drafts"][0]["result"] == choice("Negative")
    assert annotator.patch(f"/api/drafts/{task}", {"result": choice("Positive")}).status_code == 200
    assert annotator.get(f"/api/drafts/{task}").json()["result"] == choice("Positive")
    assert admin.get(f"/api/drafts/{task}").status_code == 404
    annotator.annotates(task, choice("Positive"))
    assert annotator.get(f"/api/drafts/{task}").status_code == 404


@ON_ONE
def test_a_cancelled_annotation_passes_the_task_on(face: Face) -> None:
    admin, annotator = face.client(Role.ADMIN), face.client(Role.ANNOTATOR)
    project = admin.project()
    [task] = admin.imports(project, texts(1))
    annotator.next(project)
    passed = annotator.post(f"/api/tasks/{task}/annotations", {"result": [], "was_cancelled": True})
    assert (passed.status_code, passed.json()["was_cancelled"]) == (201, True)
    assert annotator.next(project).status_code == 404
    assert admin.next(project).json()["id"] == task


@ON_ONE
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"result": None},
        {"result": "Positive"},
        {"result": choice("Purple")},
        {"result": [*choice("Positive"), *choice("Negative")]},
        {"result": [{"from_name": "other", "to_name": "text", "type": "choices", "value": {"choices": ["Positive"]}}]},
        {"result": [{"value": 5}]},
        {"result": ["x"]},
        {"result": choice("Positive\x00")},
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_the_task_stays_in_hand(face: Face, body: dict[str, Any]) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    [task] = admin.imports(project, texts(1))
    admin.next(project)
    refused = admin.post(f"/api/tasks/{task}/annotations", body)
    assert refused.status_code == 400
    assert refused.json()["detail"]
    admin.annotates(task, choice("Positive"))


@ON_ONE
@pytest.mark.parametrize("seconds", [-1, 1e300, True, "3", None, 10**400])
def test_a_strange_lead_time_harms_nothing(face: Face, seconds: Any) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    [task] = admin.imports(project, texts(1))
    admin.next(project)
    taken = admin.post(f"/api/tasks/{task}/annotations", {"result": choice("Positive"), "lead_time": seconds})
    # What no JSON number can be is no JSON.
    assert taken.status_code == (400 if seconds == 10**400 else 201)


@ON_ONE
def test_answers_are_records_that_nobody_deletes(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    [task] = admin.imports(project, texts(1))
    number = admin.annotates(task, choice("Positive"))
    assert admin.patch(f"/api/annotations/{number}", {"result": choice("Positive")}).status_code == 200
    assert admin.delete(f"/api/annotations/{number}").status_code == 400
    assert admin.get(f"/api/annotations/{number}").json()["result"] == choice("Positive")


@ON_ONE
def test_words_keep_their_offsets_over_emoji_and_combining_marks(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(WORDS)
    text = "👩‍🚀 Ana\u0301 去了北京。"
    start = text.index("北京")
    [task] = admin.imports(project, [{"data": {"text": text}}])
    region = {
        "id": "s1",
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {"start": start, "end": start + 2, "text": "北京", "labels": ["Place"]},
    }
    admin.annotates(task, [region])
    [exported] = admin.export(project).json()
    assert exported["annotations"][0]["result"] == [region]


@ON_ONE
@pytest.mark.parametrize("path", ["projects", "tasks", "annotations", "drafts", "predictions"])
def test_numbers_that_are_not_there_are_not_found(face: Face, path: str) -> None:
    admin = face.client(Role.ADMIN)
    for number in (0, 999, 2**63 - 1):
        assert admin.get(f"/api/{path}/{number}").status_code == 404
    for wrong in (2**63, "x", -1):
        assert admin.get(f"/api/{path}/{wrong}").status_code in {400, 404}


@ON_ONE
def test_unpaid_work_is_given_only_to_who_asks_for_that_project(face: Face) -> None:
    admin, annotator = face.client(Role.ADMIN), face.client(Role.ANNOTATOR)
    project = admin.project()
    admin.imports(project, texts(1))
    assert annotator.post("/api/v1/claims").status_code == 204
    assert "短评" not in annotator.get("/work").text
    assert annotator.next(project).status_code == 200
