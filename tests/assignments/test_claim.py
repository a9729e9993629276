"""Claiming, seen from outside: who gets what, in which order, and what is said when there is nothing."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.models import Assignment, Slot
from leye_platform.assignments.rules import AssignmentState, Lane, NoTask, SlotState
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState, ItemState, Pipeline
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewCause, ReviewState
from support.clock import MovableClock
from support.crowd import Crowd
from support.factories import make_batch, make_items, make_person, make_project


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def test_a_claim_gives_the_first_slot_and_shows_that_work_has_begun(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=3)
    person = crowd.person()
    task = crowd.claims(person)
    with database.read() as session:
        assignment = session.get_one(Assignment, task)
        microtask = session.get_one(MicroTask, assignment.microtask_id)
        assert session.get_one(Slot, assignment.slot_id).state is SlotState.HELD
        assert microtask.id == batch.tasks[0]
        assert (microtask.state, session.get_one(Item, microtask.item_id).state) == (
            ItemState.WORKING,
            ItemState.WORKING,
        )
        assert assignment.lease_expires_at == crowd.clock.now() + timedelta(minutes=120)


def test_claiming_again_gives_the_same_lease_back_and_renews_it(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=3)
    person = crowd.person()
    first = crowd.claims(person)
    crowd.clock.move(minutes=50)
    assert crowd.claims(person) == first
    with database.read() as session:
        assert session.get_one(Assignment, first).lease_expires_at == crowd.clock.now() + timedelta(minutes=120)


def test_two_people_never_get_the_same_slot_and_nobody_the_same_task_twice(crowd: Crowd) -> None:
    batch = crowd.batch(items=2, pipeline=Pipeline(overlap_start=2, confidence=0.999))
    people = [crowd.person(), crowd.person()]
    seen: dict[UUID, list[UUID]] = {person.person_id: [] for person in people}
    for _ in range(2):
        for person in people:
            assignment = crowd.claims(person)
            seen[person.person_id].append(crowd.task_of(assignment))
            crowd.answers(person, assignment)
    assert all(sorted(tasks) == sorted(batch.tasks) for tasks in seen.values())


def test_urgent_slots_come_before_normal_ones_and_higher_priority_before_age(crowd: Crowd, database: Database) -> None:
    low = crowd.batch(items=2)
    high = crowd.batch(items=1, priority=5, project_id=low.project_id)
    with database.write() as session:
        session.execute(update(Slot).where(Slot.microtask_id == low.tasks[1]).values(lane=Lane.URGENT))
    person = crowd.person()
    order = []
    for _ in range(3):
        assignment = crowd.claims(person)
        order.append(crowd.task_of(assignment))
        crowd.answers(person, assignment)
    assert order == [low.tasks[1], high.tasks[0], low.tasks[0]]


def test_only_open_batches_and_the_project_asked_for_are_served(crowd: Crowd, database: Database) -> None:
    one, other = crowd.batch(items=1), crowd.batch(items=1)
    person = crowd.person()
    assert crowd.task_of(crowd.claims(person, project=other.project_id)) == other.tasks[0]
    paused = crowd.person()
    with database.write() as session:
        session.execute(update(Batch).where(Batch.id == one.batch_id).values(state=BatchState.PAUSED))
    nothing = crowd.claim(paused, project=one.project_id)
    assert isinstance(nothing, Nothing)
    assert nothing.reason is NoTask.NO_OPEN_BATCH


def test_whoever_reviewed_an_item_is_not_asked_to_answer_it(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=2, pipeline=Pipeline(overlap_start=1, overlap_limit=3))
    person = crowd.person()
    with database.write() as session:
        task = session.get_one(MicroTask, batch.tasks[0])
        session.add(
            Review(
                microtask_id=task.id,
                item_id=task.item_id,
                batch_id=task.batch_id,
                project_id=task.project_id,
                round=1,
                cause=ReviewCause.CHECK,
                state=ReviewState.SETTLED,
                reviewer_id=person.person_id,
                opened_at=crowd.clock.now(),
            )
        )
    assert crowd.task_of(crowd.claims(person)) == batch.tasks[1]


def test_nothing_says_that_all_is_held_and_until_when(crowd: Crowd) -> None:
    crowd.batch(items=1, pipeline=Pipeline(overlap_start=1))
    crowd.claims(crowd.person())
    nothing = crowd.claim(crowd.person())
    assert isinstance(nothing, Nothing)
    assert nothing.reason is NoTask.ALL_HELD
    assert nothing.lease_ends_at == crowd.clock.now() + timedelta(minutes=120)


def test_nothing_says_that_the_rest_waits_for_others(crowd: Crowd) -> None:
    crowd.batch(items=1, pipeline=Pipeline(overlap_start=2))
    person = crowd.person()
    crowd.answers(person, crowd.claims(person))
    nothing = crowd.claim(person)
    assert isinstance(nothing, Nothing)
    assert nothing.reason is NoTask.WAITING_FOR_OTHERS


def test_a_lease_that_ran_out_is_offered_anew_even_before_the_job_comes_by(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1, pipeline=Pipeline(overlap_start=1))
    first, second = crowd.person(), crowd.person()
    late = crowd.claims(first)
    crowd.clock.move(hours=3)
    assert crowd.task_of(crowd.claims(second)) == crowd.task_of(late)
    with database.read() as session:
        assert session.get_one(Assignment, late).state is AssignmentState.EXPIRED


def test_a_slot_passed_over_is_found_by_the_sweep(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=700, pipeline=Pipeline(overlap_start=1, overlap_limit=1))
    person = crowd.person()
    with database.write() as session:
        last = session.scalars(select(Slot).order_by(Slot.position.desc()).limit(1)).one()
        session.execute(update(Slot).where(Slot.id != last.id).values(state=SlotState.WITHDRAWN))
    crowd.answers(person, crowd.claims(person))
    with database.write() as session:  # as after another's rollback: open, and behind the cursor
        middle = batch.tasks[350]
        session.execute(update(Slot).where(Slot.microtask_id == middle).values(state=SlotState.OPEN))
    assert crowd.task_of(crowd.claims(person)) == middle


def test_nothing_is_said_only_after_all_was_looked_at(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=4000, pipeline=Pipeline(overlap_start=2))
    person = crowd.person()
    with database.write() as session:  # this person has skipped everything but the last
        slots = session.scalars(select(Slot).order_by(Slot.position)).all()
        session.execute(
            update(Slot)
            .where(Slot.position < slots[-1].position)
            .values(reserved_for=crowd.person_in(session).id, reserved_until=crowd.clock.now() + timedelta(days=1))
        )
    crowd.answers(person, crowd.claims(person))
    first = crowd.claim(person)
    assert isinstance(first, Nothing)
    assert first.reason is NoTask.STILL_LOOKING
    while isinstance(first, Nothing) and first.reason is NoTask.STILL_LOOKING:
        first = crowd.claim(person)
    assert isinstance(first, Nothing)
    assert first.reason is NoTask.WAITING_FOR_OTHERS


def test_a_person_who_answers_by_switch_keeps_a_task_for_twenty_hours(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1)
    person = crowd.person(preferences={"input": "switch"})
    assignment = crowd.claims(person)
    with database.read() as session:
        assert session.get_one(Assignment, assignment).lease_expires_at == crowd.clock.now() + timedelta(hours=20)


def test_factories_make_what_a_claim_needs(database: Database) -> None:
    with database.write() as session:
        project = make_project(session)
        tasks = make_items(session, make_batch(session, project), 2)
        assert make_person(session).number > 0
        assert len({task.item_id for task in tasks}) == 2
