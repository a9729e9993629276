"""A project of the face that is priced after its first import; what comes back after a delivery."""

from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import Role
from leye_platform.delivery.deliver import deliver_lot
from leye_platform.delivery.service import assemble_lot, send_back
from leye_platform.projects.models import Batch
from support.label_studio import Client, Face, choice, priced
from support.shipping import actor_of

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def delivered(face: Face) -> UUID:
    """What is decided of the one batch, in a lot that the partner has."""
    with face.database.write() as session:
        lot = assemble_lot(session, session.scalars(select(Batch.id)).one(), face.clock.now())
        assert lot is not None
        lot_id = lot.id
    deliver_lot(face.installation, lot_id)
    return lot_id


def test_a_price_after_the_first_import_binds_the_batch_and_the_lot_is_settled(face: Face) -> None:
    partner, annotator = face.partner(Role.PARTNER_ADMIN), face.client(Role.ANNOTATOR)
    project = partner.project()
    [task] = partner.imports(project, [{"text": "甲"}])
    face.clock.move(days=1)
    priced(face, project)
    face.clock.move(days=1)
    priced(face, project, price="0.90")
    assert annotator.next(project).json()["id"] == task, "the crowd works once there is a price"
    annotator.annotates(task, choice("Positive"))
    lot = delivered(face)
    assert "0.30" in partner.get(f"/partner/lots/{lot}").text
    accepted = partner.post(f"/api/v1/lots/{lot}/accept")
    assert accepted.status_code == 200, accepted.text


@ON_ONE
def test_without_any_price_a_lot_waits_and_nothing_is_booked(face: Face) -> None:
    partner = face.partner(Role.PARTNER_ADMIN)
    project = partner.project()
    [task] = partner.imports(project, [{"text": "甲"}])
    partner.annotates(task, choice("Positive"))
    lot = delivered(face)
    refused = partner.post(f"/api/v1/lots/{lot}/accept")
    assert refused.json()["type"] == "/problems/no-price"
    assert partner.get(f"/partner/lots/{lot}").status_code == 200


@ON_ONE
def test_what_was_sent_back_is_answered_anew_by_the_same_person(face: Face) -> None:
    partner = face.partner(Role.PARTNER_ADMIN)
    project = partner.project()
    [task] = partner.imports(project, [{"text": "甲"}])
    first = partner.annotates(task, choice("Positive"))
    lot = delivered(face)
    _send_back(face, partner, lot)
    second = partner.annotates(task, choice("Negative"))
    assert second != first
    assert partner.annotates(task, choice("Negative")) == second, "sent again"
    [exported] = partner.export(project).json()
    assert exported["predictions"][0]["result"][0]["value"] == {"choices": ["Negative"]}


def _send_back(face: Face, who: Client, lot_id: UUID) -> None:
    with face.database.write() as session:
        actor = actor_of(session, session.get_one(Person, who.person_id))
        send_back(session, actor, lot_id, item_ids=None, reason="选错了", now=face.clock.now())
