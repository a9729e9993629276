"""Skipping, giving back, signs of life, expiry and rework."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.drafts import save_draft
from leye_platform.assignments.errors import (
    AlreadyAnswered,
    AlreadyDecided,
    NoMoreTime,
    SkipReasonMissing,
)
from leye_platform.assignments.expiry import expire_leases, open_to_all
from leye_platform.assignments.leases import heartbeat, release, skip
from leye_platform.assignments.models import Assignment, Draft, Slot
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rework import start_round
from leye_platform.assignments.rules import AssignmentState, Lane, NoTask, SkipReason, SlotState
from leye_platform.database import Database
from leye_platform.errors import MoveNotAllowed
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import ItemState, Pipeline, PipelineKind
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import ReviewCause
from support.clock import MovableClock
from support.crowd import Crowd
from support.factories import chosen

ONE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)
TWO = Pipeline(overlap_start=2, overlap_limit=4, confidence=0.85, gold_share=0)


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def skipped(crowd: Crowd, who: Annotator, reason: SkipReason = SkipReason.UNCLEAR_GUIDE) -> UUID:
    assignment = crowd.claims(who)
    with crowd.database.write() as session:
        skip(session, who.person_id, assignment, reason, now=crowd.clock.now(), comment="看不懂")
    return assignment


def open_slots(session: Session) -> list[Slot]:
    return list(session.scalars(select(Slot).where(Slot.state == SlotState.OPEN).order_by(Slot.position)))


def test_a_skipped_task_goes_to_the_end_for_others_and_never_back_to_the_skipper(
    crowd: Crowd, database: Database
) -> None:
    batch = crowd.batch(items=2, pipeline=ONE)
    person, other = crowd.person(), crowd.person()
    skipped(crowd, person)
    with database.read() as session:
        assert [slot.microtask_id for slot in open_slots(session)] == [batch.tasks[1], batch.tasks[0]]
    crowd.answers(person, crowd.claims(person))
    nothing = crowd.claim(person)
    assert isinstance(nothing, Nothing)
    assert nothing.reason is NoTask.WAITING_FOR_OTHERS
    assert crowd.task_of(crowd.claims(other)) == batch.tasks[0]


def test_what_cannot_be_labelled_goes_to_a_reviewer_at_once(crowd: Crowd, database: Database) -> None:
    [task] = crowd.batch(items=1, pipeline=TWO).tasks
    assignment = skipped(crowd, crowd.person(), SkipReason.UNLABELABLE)
    with database.read() as session:
        review = session.scalars(select(Review)).one()
        assert (review.microtask_id, review.cause) == (task, ReviewCause.SKIPPED)
        assert session.get_one(MicroTask, task).state is ItemState.REVIEW
        assert open_slots(session) == []
        assert session.get_one(Assignment, assignment).skip_comment == "看不懂"


def test_skipping_wants_a_reason_and_skipping_twice_changes_nothing(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1, pipeline=ONE)
    person = crowd.person()
    assignment = crowd.claims(person)
    with pytest.raises(SkipReasonMissing), database.write() as session:
        skip(session, person.person_id, assignment, None, now=crowd.clock.now())
    for _ in range(2):
        with database.write() as session:
            skip(session, person.person_id, assignment, SkipReason.OTHER, now=crowd.clock.now())
    with database.read() as session:
        assert len(open_slots(session)) == 1


def test_a_task_given_back_is_asked_anew_and_may_come_to_the_same_person_again(
    crowd: Crowd, database: Database
) -> None:
    [task] = crowd.batch(items=1, pipeline=ONE).tasks
    person = crowd.person()
    first = crowd.claims(person)
    for _ in range(2):
        with database.write() as session:
            release(session, person.person_id, first, crowd.clock.now())
    second = crowd.claims(person)
    assert second != first
    assert crowd.task_of(second) == task
    crowd.answers(person, second)
    with database.write() as session, pytest.raises(AlreadyAnswered):
        release(session, person.person_id, second, crowd.clock.now())


def test_a_sign_of_life_renews_the_lease_and_revives_nothing(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1, pipeline=ONE)
    person = crowd.person()
    assignment = crowd.claims(person)
    for hours, state in ((1.5, AssignmentState.LEASED), (1.5, AssignmentState.LEASED), (3, AssignmentState.EXPIRED)):
        crowd.clock.move(hours=hours)
        with database.write() as session:
            expire_leases(session, crowd.clock.now())
            lease = heartbeat(session, person.person_id, assignment, crowd.keys, crowd.clock.now())
        assert lease.state is state
    assert lease.lease_expires_at < crowd.clock.now()
    with pytest.raises(NoMoreTime), database.write() as session:
        release(session, person.person_id, assignment, crowd.clock.now())


def test_expiry_is_bounded_and_asks_each_answer_anew_once(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=5, pipeline=ONE)
    for _ in range(5):
        crowd.claims(crowd.person())
    crowd.clock.move(hours=3)
    runs = []
    for _ in range(4):
        with database.write() as session:
            runs.append(expire_leases(session, crowd.clock.now(), at_most=2))
    assert runs == [2, 2, 1, 0]
    with database.read() as session:
        assert len(open_slots(session)) == 5


def test_an_expired_gold_task_goes_back_to_its_stock(crowd: Crowd, database: Database) -> None:
    pipeline = Pipeline(kind=PipelineKind.SINGLE_CHECK, gold_share=0.5, check_share=0)
    batch = crowd.batch(items=40, gold=1, pipeline=pipeline)
    person = crowd.person()
    while crowd.task_of(assignment := crowd.claims(person)) not in batch.gold:
        crowd.answers(person, assignment)
    crowd.clock.move(hours=3)
    with database.write() as session:
        assert expire_leases(session, crowd.clock.now()) == 1
    with database.read() as session:
        assert [slot.lane for slot in open_slots(session)].count(Lane.GOLD) == 1
    assert crowd.answers(person, assignment).late


def test_a_draft_is_kept_after_expiry_until_somebody_has_decided(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1, pipeline=ONE)
    slow, quick = crowd.person(), crowd.person()
    assignment = crowd.claims(slow)
    crowd.clock.move(hours=3)
    replacement = crowd.claims(quick)
    for label in ("正面", "负面"):
        with database.write() as session:
            save_draft(session, slow.person_id, assignment, chosen(label), crowd.clock.now())
    with database.read() as session:
        assert session.get_one(Draft, assignment).result == chosen("负面")
    crowd.answers(quick, replacement)
    with pytest.raises(AlreadyDecided), database.write() as session:
        save_draft(session, slow.person_id, assignment, chosen("正面"), crowd.clock.now())


def sent_back(crowd: Crowd, task: UUID) -> None:
    with crowd.database.write() as session:
        start_round(session, [task], crowd.clock.now())


def test_rework_goes_back_to_its_authors_first(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=1, pipeline=TWO)
    authors = [crowd.person(), crowd.person()]
    for author in authors:
        crowd.answers(author, crowd.claims(author))
    others = crowd.batch(items=2, pipeline=TWO)
    sent_back(crowd, batch.tasks[0])
    with database.read() as session:
        task = session.get_one(MicroTask, batch.tasks[0])
        assert (task.round, task.state, task.overlap_wanted, task.posterior) == (2, ItemState.REWORK, 2, None)
        assert session.get_one(Item, task.item_id).state is ItemState.REWORK
    stranger = crowd.person()
    assert crowd.task_of(crowd.claims(stranger)) == others.tasks[0]
    for author in authors:
        assignment = crowd.claims(author)
        assert crowd.task_of(assignment) == batch.tasks[0]
        crowd.answers(author, assignment, "负面")
    with database.read() as session:
        versions = session.execute(select(Decision.version, Decision.round, Decision.labels).order_by(Decision.version))
        assert [tuple(row) for row in versions] == [(1, 1, [0]), (2, 2, [1])]


def test_rework_that_its_author_leaves_is_everybodys_after_a_day(crowd: Crowd, database: Database) -> None:
    [task] = crowd.batch(items=1, pipeline=ONE).tasks
    author, other = crowd.person(), crowd.person()
    crowd.answers(author, crowd.claims(author))
    sent_back(crowd, task)
    assert isinstance(crowd.claim(other), Nothing)
    crowd.clock.move(hours=25)
    with database.write() as session:
        assert open_to_all(session, crowd.clock.now()) == 1
    assert crowd.task_of(crowd.claims(other)) == task


def test_an_answer_to_an_earlier_round_is_stored_and_does_not_count_in_the_new_one(
    crowd: Crowd, database: Database
) -> None:
    [task] = crowd.batch(items=1, pipeline=ONE).tasks
    slow, quick = crowd.person(), crowd.person()
    old = crowd.claims(slow)
    crowd.clock.move(hours=3)
    crowd.answers(quick, crowd.claims(quick))
    sent_back(crowd, task)
    crowd.answers(slow, old, "负面")
    with database.read() as session:
        assert session.get_one(MicroTask, task).state is ItemState.REWORK
        assert [decision.round for decision in session.scalars(select(Decision))] == [1]


def test_what_is_not_decided_cannot_be_sent_back(crowd: Crowd) -> None:
    [task] = crowd.batch(items=1, pipeline=ONE).tasks
    with pytest.raises(MoveNotAllowed):
        sent_back(crowd, task)


def test_a_lease_is_at_least_twenty_hours_by_switch_and_the_projects_otherwise(crowd: Crowd) -> None:
    crowd.batch(items=2, pipeline=ONE)
    person = crowd.person(preferences={"input": "switch"})
    assignment = crowd.claims(person)
    crowd.clock.move(hours=5)
    with crowd.database.write() as session:
        lease = heartbeat(session, person.person_id, assignment, crowd.keys, crowd.clock.now())
    assert lease.lease_expires_at == crowd.clock.now() + timedelta(hours=20)
