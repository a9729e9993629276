"""Annotations that their authors change: the same id, the answer that stands, and everybody else's left alone."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import ReplacedAnswer, Response
from leye_platform.billing.books import check_books
from leye_platform.billing.models import LedgerEntry
from leye_platform.delivery.service import assemble_lot
from leye_platform.projects.models import Batch
from support.label_studio import Face, choice, priced

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TASKS = [{"data": {"text": f"第 {number} 条"}} for number in range(3)]


def decided(task: dict[str, Any]) -> list[str]:
    """The classes that an exported task's decisions name."""
    return [one["result"][0]["value"]["choices"][0] for one in task["predictions"]]


def test_a_changed_annotation_keeps_its_id_and_is_shown_once(face: Face) -> None:
    admin, annotator = face.client(Role.ADMIN), face.client(Role.ANNOTATOR)
    project = admin.project()
    priced(face, project)
    [task] = admin.imports(project, TASKS[:1])
    annotator.next(project)
    number = annotator.annotates(task, choice("Positive", "first"))
    given = annotator.get(f"/api/annotations/{number}").json()
    face.clock.move(minutes=5)
    changed = annotator.patch(f"/api/annotations/{number}", {"result": choice("Negative", "second")})
    assert changed.status_code == 200, changed.text
    told = changed.json()
    assert (told["id"], told["task"], told["result"]) == (number, task, choice("Negative", "second"))
    assert told["created_at"] == given["created_at"] == given["updated_at"]
    assert told["updated_at"] > told["created_at"]
    assert (told["updated_by"], told["completed_by"]) == (annotator.number, annotator.number)
    assert told["lead_time"] == given["lead_time"]
    assert annotator.get(f"/api/annotations/{number}").json() == told
    assert annotator.get(f"/api/tasks/{task}/annotations").json() == [told]
    [exported] = admin.export(project).json()
    [annotation] = exported["annotations"]
    assert {name: annotation[name] for name in ("id", "result", "created_at", "updated_at", "updated_by")} == {
        name: told[name] for name in ("id", "result", "created_at", "updated_at", "updated_by")
    }
    assert decided(exported) == ["Negative"]
    assert admin.get(f"/api/projects/{project}").json()["total_annotations_number"] == 1
    with face.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 1
        kinds = sorted(session.scalars(select(LedgerEntry.kind)))
        assert kinds == ["earning_payable", "earning_pending"], "paid once"
        assert check_books(session) == []


def test_a_decision_falls_when_one_of_its_answers_is_changed(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(maximum_annotations=4)
    [task] = admin.imports(project, TASKS[:1])
    *people, fourth = [face.client(Role.ANNOTATOR) for _ in range(4)]
    numbers = []
    for who in people:
        assert who.next(project).status_code == 200
        numbers.append(who.annotates(task, choice("Positive")))
    last, changed = people[-1], f"/api/annotations/{numbers[-1]}"
    assert fourth.next(project).status_code == 404, "it is decided"
    assert last.patch(changed, {"result": choice("Negative")}).status_code == 200
    [exported] = admin.export(project).json()
    assert decided(exported) == []
    assert [one["id"] for one in exported["annotations"]] == numbers
    assert admin.get(f"/api/projects/{project}").json()["finished_task_number"] == 0
    assert fourth.next(project).json()["id"] == task, "one more is asked"
    assert last.patch(changed, {"result": choice("Positive")}).status_code == 200
    [exported] = admin.export(project).json()
    assert decided(exported) == ["Positive"]
    fourth.annotates(task, choice("Positive"))
    assert len(admin.export(project).json()[0]["annotations"]) == 4


@ON_ONE
def test_regions_alone_may_be_named_anew(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    [task] = admin.imports(project, TASKS[:1])
    number = admin.annotates(task, choice("Positive", "one"))
    before = admin.export(project).json()[0]["predictions"]
    assert admin.patch(f"/api/annotations/{number}", {"result": choice("Positive", "two")}).status_code == 200
    [exported] = admin.export(project).json()
    assert exported["annotations"][0]["result"] == choice("Positive", "two")
    assert exported["predictions"] == before, "it says the same"


@ON_ONE
def test_the_same_again_changes_nothing(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    [task] = admin.imports(project, TASKS[:1])
    number = admin.annotates(task, choice("Positive"))
    for _ in range(2):
        assert admin.patch(f"/api/annotations/{number}", {"result": choice("Negative")}).status_code == 200
        assert admin.patch(f"/api/annotations/{number}", {}).status_code == 200
        assert admin.patch(f"/api/annotations/{number}", {"lead_time": 9}).status_code == 200
    with face.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ReplacedAnswer)) == 1


@ON_ONE
@pytest.mark.parametrize(
    "result",
    [None, "Positive", [], choice("Purple"), [*choice("Positive"), *choice("Negative")], [{"value": 5}], ["x"]],
)
def test_what_cannot_be_an_answer_cannot_be_a_correction(face: Face, result: Any) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    [task] = admin.imports(project, TASKS[:1])
    number = admin.annotates(task, choice("Positive"))
    before = admin.get(f"/api/annotations/{number}").json()
    refused = admin.patch(f"/api/annotations/{number}", {"result": result})
    assert refused.status_code == 400
    assert refused.json()["detail"]
    assert admin.get(f"/api/annotations/{number}").json() == before


def test_only_its_author_changes_an_annotation_and_nobody_deletes_one(face: Face) -> None:
    partner, colleague, annotator = face.partner(), face.partner(), face.client(Role.ANNOTATOR)
    project = partner.project()
    [task] = partner.imports(project, TASKS[:1])
    number = partner.annotates(task, choice("Positive"))
    refused = colleague.patch(f"/api/annotations/{number}", {"result": choice("Negative")})
    assert refused.status_code == 403
    assert "作者" in refused.json()["detail"]
    assert colleague.patch(f"/api/annotations/{number}", {"result": choice("Positive")}).status_code == 200
    assert annotator.patch(f"/api/annotations/{number}", {"result": choice("Negative")}).status_code == 404
    assert partner.delete(f"/api/annotations/{number}").status_code == 400
    assert partner.get(f"/api/annotations/{number}").json()["result"] == choice("Positive")


def test_what_is_in_a_lot_is_not_changed_any_more(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    first, second = partner.imports(project, TASKS[:2])
    numbers = [partner.annotates(task, choice("Positive")) for task in (first, second)]
    with face.database.write() as session:
        assert assemble_lot(session, session.scalars(select(Batch.id)).one(), face.clock.now()) is not None
    for number in numbers:
        refused = partner.patch(f"/api/annotations/{number}", {"result": choice("Negative")})
        assert refused.status_code == 400, "never 409, which clients send again"
        assert "交付" in refused.json()["detail"]
        assert partner.get(f"/api/annotations/{number}").json()["result"] == choice("Positive")


@ON_ONE
def test_answers_that_came_with_the_tasks_are_their_importers(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    brought = {"annotations": [{"result": choice("Positive")}]}
    theirs = {"annotations": [{"result": choice("Positive"), "completed_by": 77}]}
    first, second = partner.imports(project, [TASKS[0] | brought, TASKS[1] | theirs])
    own = partner.get(f"/api/tasks/{first}/annotations").json()[0]["id"]
    other = partner.get(f"/api/tasks/{second}/annotations").json()[0]["id"]
    assert partner.patch(f"/api/annotations/{own}", {"result": choice("Negative")}).status_code == 200
    assert partner.patch(f"/api/annotations/{other}", {"result": choice("Negative")}).status_code == 403
    assert [decided(task) for task in partner.export(project).json()] == [["Negative"], ["Positive"]]


@ON_ONE
def test_our_own_api_corrects_by_the_assignment(face: Face) -> None:
    admin, annotator = face.client(Role.ADMIN), face.client(Role.ANNOTATOR)
    project = admin.project()
    priced(face, project)
    admin.imports(project, TASKS[:1])
    claimed = annotator.post("/api/v1/claims", {"project": project}).json()
    address = f"/api/v1/assignments/{claimed['assignment_id']}"

    def send(what: str, value: str, key: str | None) -> Any:
        headers = annotator.headers | ({} if key is None else {"Idempotency-Key": key})
        return face.http.post(f"{address}/{what}", headers=headers, json={"result": choice(value)})

    early = send("correction", "Negative", "c0")
    assert (early.status_code, early.json()["type"].rsplit("/", 1)[-1]) == (409, "not-answered-yet")
    stored = send("response", "Positive", "a").json()
    assert send("correction", "Negative", None).status_code == 422
    face.clock.move(minutes=1)
    done = send("correction", "Negative", "c1")
    assert done.status_code == 201, done.text
    assert done.json()["response_id"] == stored["response_id"]
    assert done.json()["corrected_at"] > done.json()["submitted_at"]
    again = send("correction", "Negative", "c1")
    assert (again.status_code, again.json()) == (200, done.json())
    assert annotator.get(address).json()["result"][0]["value"] == {"choices": ["Negative"]}
    assert send("response", "Positive", "a").json()["response_id"] == stored["response_id"], "sent again, late"
    assert annotator.get(address).json()["result"][0]["value"] == {"choices": ["Negative"]}
    with face.database.write() as session:
        session.execute(update(Batch).values(state="closed"))
    assert send("correction", "Positive", "c2").status_code == 409
