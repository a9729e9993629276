"""Imports by the API: good tasks come in, bad ones are named, answers come along."""

from typing import Any

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Response, Slot
from leye_platform.assignments.rules import SlotState
from leye_platform.projects.models import Batch, RefusedRow
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState
from support.label_studio import Face, choice

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_tasks_come_in_in_order_and_open_at_once(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    told = partner.post(f"/api/projects/{project}/import", [{"text": "甲"}, {"data": {"text": "乙"}}])
    assert told.status_code == 201
    assert {name: told.json()[name] for name in ("task_count", "annotation_count", "prediction_count")} == {
        "task_count": 2,
        "annotation_count": 0,
        "prediction_count": 0,
    }
    assert partner.next(project).json()["data"] == {"text": "甲"}
    partner.imports(project, {"text": "丙"})
    with face.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 1, "imports share one batch that grows"
    tasks = partner.get("/api/tasks", project=project).json()
    assert [task["data"]["text"] for task in tasks["tasks"]] == ["甲", "乙", "丙"]


def test_bad_tasks_are_named_and_the_good_ones_come_in(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    told = partner.post(
        f"/api/projects/{project}/import", [{"text": "好"}, {"text": ""}, 5, {"text": "a\x00b"}, {"words": "x"}]
    ).json()
    assert (told["task_count"], told["refused_count"]) == (1, 4)
    assert [one["index"] for one in told["refused"]] == [1, 2, 3, 4]
    assert all(one["problem"] for one in told["refused"])
    with face.database.read() as session:
        assert session.scalar(select(func.count()).select_from(RefusedRow)) == 4
    refused = partner.post(f"/api/projects/{project}/import", [{"text": ""}])
    assert refused.status_code == 400


@ON_ONE
@pytest.mark.parametrize("body", [None, [], "x", 5, {"url": "http://127.0.0.1/x.json"}, {}])
def test_what_holds_no_tasks_is_told_so(face: Face, body: Any) -> None:
    partner = face.partner()
    project = partner.project()
    assert partner.post(f"/api/projects/{project}/import", body).status_code == 400
    assert partner.get(f"/api/projects/{project}").json()["task_number"] == 0


def test_the_same_external_id_comes_in_once(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    task = {"data": {"text": "甲", "external_id": "a-1"}}
    partner.imports(project, [task])
    again = partner.post(f"/api/projects/{project}/import", [task]).json()
    assert (again["task_count"], again["known_count"]) == (0, 1)
    other = partner.post(f"/api/projects/{project}/import", [{"data": {"text": "乙", "external_id": "a-1"}}])
    assert other.status_code == 400


def test_answers_that_come_along_fill_slots_and_decide(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    told = partner.post(
        f"/api/projects/{project}/import",
        [{"data": {"text": "甲"}, "annotations": [{"result": choice("Positive", "q")}]}, {"data": {"text": "乙"}}],
    ).json()
    assert (told["task_count"], told["annotation_count"]) == (2, 1)
    assert partner.next(project).json()["data"] == {"text": "乙"}
    [exported] = partner.export(project).json()
    assert exported["annotations"][0]["result"] == choice("Positive", "q")
    assert exported["annotations"][0]["completed_by"] == partner.number
    assert exported["predictions"][0]["result"][0]["value"] == {"choices": ["Positive"]}
    with face.database.read() as session:
        assert session.scalars(select(Response.pay_micros)).all() == [0]
        states = session.scalars(select(Slot.state).order_by(Slot.position)).all()
    assert sorted(states) == [SlotState.ANSWERED, SlotState.HELD]


def test_answers_of_several_people_stay_theirs_and_more_are_asked_for_where_they_differ(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(maximum_annotations=3)
    agreed = [{"completed_by": who, "result": choice("Positive")} for who in (7, 8, 9)]
    differ = [
        {"completed_by": {"id": 7, "email": "x@old.example"}, "result": choice("Positive")},
        {"completed_by": 8, "result": choice("Negative")},
        {"completed_by": 8, "result": choice("Negative"), "was_cancelled": True},
    ]
    first, second = admin.imports(
        project, [{"data": {"text": "甲"}, "annotations": agreed}, {"data": {"text": "乙"}, "annotations": differ}]
    )
    exported = {task["id"]: task for task in admin.export(project).json()}
    for task, people in ((first, 3), (second, 2)):
        authors = [one["completed_by"] for one in exported[task]["annotations"]]
        assert len(authors) == len(set(authors)) == people
    given = admin.next(project).json()
    assert given["id"] == second, "the others agree"
    admin.annotates(second, choice("Negative"))
    assert admin.next(project).status_code == 404


@ON_ONE
@pytest.mark.parametrize("authors", [("a#2", "a", "a"), ("a", "a", "a#2"), ("", "#2", None), ("x" * 150, "x" * 160)])
def test_authors_who_are_called_alike_stay_several(face: Face, authors: tuple[Any, ...]) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(maximum_annotations=3)
    given = [{"completed_by": who, "result": choice("Positive")} for who in authors]
    admin.imports(project, [{"data": {"text": "甲"}, "annotations": given}])
    [exported] = admin.export(project).json()
    assert len({one["completed_by"] for one in exported["annotations"]}) == len(authors)


def test_gold_is_gold_only_where_it_is_marked(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    admin.imports(
        project,
        [
            {"data": {"text": "甲"}, "annotations": [{"result": choice("Positive"), "ground_truth": True}]},
            {"data": {"text": "乙"}},
        ],
    )
    told = {
        task["data"]["text"]: task for task in admin.get("/api/tasks", project=project, fields="all").json()["tasks"]
    }
    assert told["甲"]["annotations"][0]["ground_truth"] is True
    assert told["乙"]["annotations"] == []


@ON_ONE
def test_a_task_whose_answer_cannot_be_is_refused_whole(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    told = admin.post(
        f"/api/projects/{project}/import",
        [
            {"data": {"text": "甲"}, "annotations": [{"result": choice("Purple")}]},
            {"data": {"text": "乙"}, "annotations": "x"},
            {"data": {"text": "丙"}, "annotations": [{"result": 5}]},
            {"data": {"text": "丁"}, "annotations": []},
        ],
    ).json()
    assert (told["task_count"], [one["index"] for one in told["refused"]]) == (1, [0, 1, 2])


def test_predictions_are_proposals_and_may_follow_later(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    prediction = {"model_version": "m1", "score": 0.8, "result": choice("Negative")}
    first, second = admin.imports(project, [{"data": {"text": "甲"}, "predictions": [prediction]}, {"text": "乙"}])
    told = admin.post("/api/predictions", {"task": second, "result": choice("Positive"), "score": 0.7})
    assert told.status_code == 201
    assert [one["score"] for one in admin.get("/api/predictions", project=project).json()] == [0.8, 0.7]
    number = told.json()["id"]
    assert admin.patch(f"/api/predictions/{number}", {"score": 0.6}).json()["score"] == 0.6
    assert admin.delete(f"/api/predictions/{number}").status_code == 204
    assert admin.get(f"/api/predictions/{number}").status_code == 404
    bulk = admin.post(f"/api/projects/{project}/import/predictions", [{"task": second, "result": choice("Positive")}])
    assert bulk.json() == {"created": 1}
    admin.next(project)
    assert admin.post("/api/predictions", {"task": first, "result": choice("Positive")}).status_code == 400
    wrong = admin.post("/api/predictions", {"task": second, "result": choice("Purple")})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text\n甲\n乙\n".encode()),
        ("a.csv", "\ufefftext\n甲\n乙\n".encode()),
        ("a.csv", "text\n甲\n乙\n".encode("gbk")),
        ("a.json", '[{"text": "甲"}, {"data": {"text": "乙"}}]'.encode()),
        ("a.jsonl", '{"text": "甲"}\n{"text": "乙"}\n'.encode()),
    ],
)
@ON_ONE
def test_files_are_read_as_uploads_are(face: Face, name: str, content: bytes) -> None:
    partner = face.partner()
    project = partner.project()
    told = face.http.post(f"/api/projects/{project}/import", headers=partner.headers, files={"file": (name, content)})
    assert told.json()["task_count"] == 2, told.text
    tasks = partner.get(f"/api/projects/{project}/tasks").json()
    assert [task["data"]["text"] for task in tasks] == ["甲", "乙"]


@ON_ONE
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04half", b"\x89PNG\r\n", b"\x00\x01"])
def test_a_file_that_cannot_be_read_is_refused_and_nothing_comes_in(face: Face, content: bytes) -> None:
    partner = face.partner()
    project = partner.project()
    told = face.http.post(
        f"/api/projects/{project}/import", headers=partner.headers, files={"file": ("a.csv", content)}
    )
    assert told.status_code == 400
    assert told.json()["detail"]
    assert partner.get(f"/api/projects/{project}").json()["task_number"] == 0


@ON_ONE
def test_tasks_are_read_page_by_page_until_there_is_none(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    numbers = partner.imports(project, [{"text": str(n)} for n in range(5)])
    seen = []
    for page in (1, 2, 3):
        seen += [
            task["id"] for task in partner.get("/api/tasks", project=project, page=page, page_size=2).json()["tasks"]
        ]
    assert seen == numbers
    assert partner.get("/api/tasks", project=project, page=4, page_size=2).status_code == 404
    assert partner.delete(f"/api/tasks/{numbers[0]}").status_code == 204
    assert partner.delete(f"/api/tasks/{numbers[0]}").status_code == 404
    left = partner.get("/api/tasks", project=project).json()
    assert (left["total"], [task["id"] for task in left["tasks"]]) == (4, numbers[1:])
    single = partner.post("/api/tasks", {"project": project, "data": {"text": "新"}})
    assert single.status_code == 201
    assert partner.patch(f"/api/tasks/{single.json()['id']}", {"data": {"text": "旧"}}).status_code == 400


@ON_ONE
def test_answers_that_differ_to_the_limit_go_to_the_reviewers(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(maximum_annotations=2)
    differ = [{"completed_by": 7, "result": choice("Positive")}, {"completed_by": 8, "result": choice("Negative")}]
    admin.imports(project, [{"data": {"text": "甲"}, "annotations": differ}])
    assert admin.next(project).status_code == 404
    with face.database.read() as session:
        assert session.scalars(select(Review.state)).all() == [ReviewState.OPEN]
