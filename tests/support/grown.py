"""A project that has been worked in for long: answers in bulk, as many as one likes."""

from uuid import UUID

from sqlalchemy import insert, select, update

from leye_platform.assignments.models import Assignment, Response, Slot
from leye_platform.assignments.rules import AssignmentState, SlotState
from leye_platform.columns import take_numbers
from leye_platform.database import Database
from leye_platform.ids import new_id
from leye_platform.projects.models import Batch, GuideVersion, Item, MicroTask
from leye_platform.projects.rules import ItemState
from support.factories import AT, chosen, make_person

PEOPLE = 50


def answered_before(database: Database, batch_id: UUID, answers: int) -> None:
    """The first slots of a batch are answered, by fifty people in turn, and their items decided."""
    with database.write() as session:
        people = [make_person(session).id for _ in range(PEOPLE)]
        batch = session.get_one(Batch, batch_id)
        guide = session.scalars(select(GuideVersion.id).where(GuideVersion.project_id == batch.project_id)).first()
        slots = session.execute(
            select(Slot.id, Slot.microtask_id, Slot.item_id)
            .where(Slot.batch_id == batch_id, Slot.state == SlotState.OPEN)
            .order_by(Slot.position)
            .limit(answers)
        ).all()
        alike = {"batch_id": batch_id, "project_id": batch.project_id, "guide_id": guide, "round": 1}
        held = [
            {
                "id": new_id(),
                "slot_id": slot.id,
                "microtask_id": slot.microtask_id,
                "item_id": slot.item_id,
                "person_id": people[n % PEOPLE],
                "state": AssignmentState.SUBMITTED,
                "leased_at": AT,
                "lease_expires_at": AT,
            }
            | alike
            for n, slot in enumerate(slots)
        ]
        session.execute(insert(Assignment), held)
        numbers = take_numbers(session, "responses", "number", len(held))
        given = [
            {
                "id": new_id(),
                "number": number,
                "assignment_id": one["id"],
                "microtask_id": one["microtask_id"],
                "item_id": one["item_id"],
                "person_id": one["person_id"],
                "result": chosen("正面"),
                "labels": ["正面"],
                "idempotency_key": str(number),
                "active_ms": 4000,
                "pay_micros": 50_000,
                "submitted_at": AT,
            }
            | alike
            for number, one in zip(numbers, held, strict=True)
        ]
        session.execute(insert(Response), given)
        last = slots[-1].id
        until = session.get_one(Slot, last).position
        session.execute(
            update(Slot).where(Slot.batch_id == batch_id, Slot.position <= until).values(state=SlotState.ANSWERED)
        )
        tasks = select(Slot.microtask_id).where(Slot.batch_id == batch_id, Slot.state == SlotState.ANSWERED)
        items = select(Slot.item_id).where(Slot.batch_id == batch_id, Slot.state == SlotState.ANSWERED)
        session.execute(update(MicroTask).where(MicroTask.id.in_(tasks)).values(state=ItemState.DECIDED))
        session.execute(update(Item).where(Item.id.in_(items)).values(state=ItemState.DECIDED))
