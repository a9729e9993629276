"""Who reaches what by a guessed integer, and what an answer tells of gold."""

from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.models import Membership
from leye_platform.accounts.rules import Role
from leye_platform.billing.models import LedgerEntry
from leye_platform.projects.models import Project
from support.factories import make_organisation
from support.label_studio import Client, Face, choice, priced

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def also(face: Face, who: Client, role: Role, organisation: UUID) -> None:
    """Give somebody a second role, maybe elsewhere."""
    with face.database.write() as session:
        session.add(
            Membership(person_id=who.person_id, organisation_id=organisation, role=role, created_at=face.clock.now())
        )


@ON_ONE
def test_a_role_in_one_firm_changes_nothing_in_another(face: Face) -> None:
    with face.database.write() as session:
        elsewhere = make_organisation(session).id
    owner, both = face.partner(), face.partner(Role.PARTNER_QA)
    also(face, both, Role.PARTNER_ADMIN, elsewhere)
    project = owner.project()
    [task] = owner.imports(project, [{"text": "甲"}])
    owner.post("/api/predictions", {"task": task, "result": choice("Positive")})
    assert both.get(f"/api/tasks/{task}").status_code == 200, "who checks a firm's work sees it"
    assert both.post("/api/predictions", {"task": task, "result": choice("Negative")}).status_code == 404
    assert both.patch(f"/api/predictions/{task * 2}", {"result": choice("Negative")}).status_code == 404
    assert both.delete(f"/api/predictions/{task * 2}").status_code == 404
    assert both.patch(f"/api/tasks/{task}", {}).status_code == 404
    assert both.delete(f"/api/tasks/{task}").status_code == 404
    [kept] = owner.get(f"/api/tasks/{task}").json()["predictions"]
    assert kept["result"][0]["value"] == {"choices": ["Positive"]}


@ON_ONE
def test_nobody_is_paid_for_what_they_were_not_asked(face: Face) -> None:
    partner = face.partner()
    project = partner.project()
    priced(face, project)
    first, second = partner.imports(project, [{"text": "甲"}, {"text": "乙"}])
    coordinator = face.client(Role.COORDINATOR)
    also(face, coordinator, Role.ANNOTATOR, face.operator)
    coordinator.annotates(second, choice("Positive"))
    with face.database.read() as session:
        assert session.scalars(select(LedgerEntry)).all() == []
    assert coordinator.next(project).json()["id"] == first
    coordinator.annotates(first, choice("Positive"))
    with face.database.read() as session:
        assert session.scalars(select(LedgerEntry)).all() != [], "asked, they are paid as everybody"


@ON_ONE
def test_an_answer_to_a_gold_task_looks_like_every_other(face: Face) -> None:
    partner, annotator = face.partner(), face.client(Role.ANNOTATOR)
    project = partner.project()
    priced(face, project)
    with face.database.write() as session:
        found = session.scalars(select(Project)).one()
        found.pipeline = found.pipeline | {"gold_share": 0.5}  # another object, or it is not stored
    known = {"data": {"text": "金"}, "annotations": [{"result": choice("Positive"), "ground_truth": True}]}
    gold, *_ = partner.imports(project, [known, *({"text": f"第 {number} 条"} for number in range(30))])
    plain = annotator.next(project).json()
    given = plain
    while given["id"] != gold:
        annotator.annotates(given["id"], choice("Positive"))
        given = annotator.next(project).json()
    assert given.keys() == plain.keys()
    assert given["overlap"] == plain["overlap"]
    number = annotator.annotates(gold, choice("Negative"))
    assert annotator.annotates(gold, choice("Negative")) == number, "sent again"
    assert annotator.get(f"/api/annotations/{number}").json()["ground_truth"] is False
    assert len(annotator.get(f"/api/tasks/{gold}/annotations").json()) == 1
    seen, other = (annotator.get(f"/api/tasks/{task}").json() for task in (gold, plain["id"]))
    assert seen["total_annotations"] == other["total_annotations"] == 1
    assert partner.get(f"/api/annotations/{number}").status_code == 404
