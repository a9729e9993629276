"""Submitting: once, whole, and with every consequence in the same unit of work."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.drafts import save_draft
from leye_platform.assignments.errors import (
    AnswerRefused,
    AssignmentMissing,
    TaskGivenBack,
    TaskSkipped,
)
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.leases import release, skip
from leye_platform.assignments.models import (
    ActiveTimeEvent,
    Assignment,
    Draft,
    Response,
    Slot,
    WorkRecord,
)
from leye_platform.assignments.rules import AssignmentState, InputMode, Lane, SkipReason, SlotState, refit_due
from leye_platform.billing.models import LedgerEntry
from leye_platform.billing.rules import EntryKind
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.matching.models import SealedKind, SealedRecord
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Item, MicroTask, PayRate
from leye_platform.projects.rules import ItemState, PaidWork, Pipeline, PipelineKind
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import DecisionMethod, ReviewCause
from support.clock import MovableClock
from support.crowd import Crowd

ONE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)
SURE_AT_TWO = Pipeline(overlap_start=2, overlap_limit=4, confidence=0.85, gold_share=0)


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def entries(session: Session, response: UUID) -> Sequence[EntryKind]:
    kinds = session.scalars(select(LedgerEntry.kind).where(LedgerEntry.response_id == response)).all()
    return sorted(kinds)


def states(session: Session, task: UUID) -> tuple[ItemState, ItemState]:
    microtask = session.get_one(MicroTask, task)
    return microtask.state, session.get_one(Item, microtask.item_id).state


def test_two_agreeing_answers_decide_pay_and_finish_the_batch(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=1, pipeline=SURE_AT_TWO)
    first, second = (crowd.person() for _ in range(2))
    one = crowd.answers(first, crowd.claims(first))
    with database.read() as session:
        assert entries(session, one.response_id) == [EntryKind.EARNING_PENDING]
        assert states(session, batch.tasks[0]) == (ItemState.WORKING, ItemState.WORKING)
    two = crowd.answers(second, crowd.claims(second))
    with database.read() as session:
        decision = session.scalars(select(Decision)).one()
        assert (decision.version, decision.method, decision.labels) == (1, DecisionMethod.CONSENSUS, [0])
        assert decision.confidence == pytest.approx(0.9)
        assert decision.result[0]["value"] == {"choices": ["正面"]}
        assert states(session, batch.tasks[0]) == (ItemState.DECIDED, ItemState.DECIDED)
        both = [EntryKind.EARNING_PAYABLE, EntryKind.EARNING_PENDING]
        assert [entries(session, answer.response_id) for answer in (one, two)] == [both, both]
        job = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.ASSEMBLE_LOT)).one()
        assert job.arguments == {"batch_id": str(batch.batch_id)}


def test_disagreement_asks_one_more_in_the_urgent_lane_up_to_the_limit_then_a_reviewer(
    crowd: Crowd, database: Database
) -> None:
    [task] = crowd.batch(items=1, pipeline=SURE_AT_TWO).tasks
    for number, label in enumerate(("正面", "负面", "正面", "负面"), 1):
        person = crowd.person()
        crowd.answers(person, crowd.claims(person), label)
        with database.read() as session:
            microtask = session.get_one(MicroTask, task)
            slots = session.scalars(select(Slot).where(Slot.state == SlotState.OPEN)).all()
            assert microtask.overlap_wanted == max(2, min(4, number + 1 if number > 1 else 2))
            if 1 < number < 4:
                assert [slot.lane for slot in slots] == [Lane.URGENT]
    with database.read() as session:
        review = session.scalars(select(Review)).one()
        assert (review.microtask_id, review.cause, review.round) == (task, ReviewCause.UNSURE, 1)
        assert states(session, task) == (ItemState.REVIEW, ItemState.REVIEW)
        assert slots == []


def test_the_same_answer_again_is_given_back_as_stored_under_any_key(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1, pipeline=SURE_AT_TWO)
    person = crowd.person()
    assignment = crowd.claims(person)
    first = crowd.answers(person, assignment, "正面", key="a")
    for label, key in (("正面", "a"), ("负面", "a"), ("负面", "b")):
        again = crowd.answers(person, assignment, label, key=key)
        assert (again.response_id, again.new) == (first.response_id, False)
    with database.read() as session:
        assert session.scalars(select(Response)).one().labels == [0]
        assert session.scalars(select(WorkRecord)).one().answers == 1
        assert entries(session, first.response_id) == [EntryKind.EARNING_PENDING]


def test_another_persons_assignment_is_not_found(crowd: Crowd) -> None:
    crowd.batch(items=1)
    assignment = crowd.claims(crowd.person())
    with pytest.raises(AssignmentMissing):
        crowd.answers(crowd.person(), assignment)
    with pytest.raises(AssignmentMissing):
        crowd.answers(crowd.person(), uuid4())


def test_a_refused_answer_says_what_to_change_and_leaves_nothing_behind(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1)
    person = crowd.person()
    assignment = crowd.claims(person)
    with pytest.raises(AnswerRefused, match="没有“中性”这个选项"):
        crowd.answers(person, assignment, "中性")
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 0
        assert session.get_one(Assignment, assignment).state is AssignmentState.LEASED


def test_a_late_answer_is_stored_paid_counted_and_the_replacement_withdrawn(crowd: Crowd, database: Database) -> None:
    [task] = crowd.batch(items=1, pipeline=ONE).tasks
    slow = crowd.person()
    assignment = crowd.claims(slow)
    crowd.clock.move(hours=3)
    with database.write() as session:
        assert expire_leases(session, crowd.clock.now()) == 1
    stored = crowd.answers(slow, assignment)
    assert stored.late
    with database.read() as session:
        assert states(session, task) == (ItemState.DECIDED, ItemState.DECIDED)
        assert entries(session, stored.response_id) == [EntryKind.EARNING_PAYABLE, EntryKind.EARNING_PENDING]
        by_state = sorted(session.scalars(select(Slot.state)).all())
        assert by_state == [SlotState.ANSWERED, SlotState.WITHDRAWN]


def test_a_late_answer_to_what_is_decided_is_paid_at_once_and_can_change_the_decision(
    crowd: Crowd, database: Database
) -> None:
    [task] = crowd.batch(items=1, pipeline=Pipeline(overlap_start=1, overlap_limit=3, confidence=0.7)).tasks
    people = [crowd.person() for _ in range(3)]
    late = []
    for person in people[:2]:
        late.append(crowd.claims(person))
        crowd.clock.move(hours=3)
        with database.write() as session:
            expire_leases(session, crowd.clock.now())
    crowd.answers(people[2], crowd.claims(people[2]), "正面")
    same = crowd.answers(people[0], late[0], "负面")
    changed = crowd.answers(people[1], late[1], "负面")
    with database.read() as session:
        assert [d.labels for d in session.scalars(select(Decision).order_by(Decision.version))] == [[0], [1]]
        for stored in (same, changed):
            assert entries(session, stored.response_id) == [EntryKind.EARNING_PAYABLE, EntryKind.EARNING_PENDING]
        assert session.get_one(MicroTask, task).state is ItemState.DECIDED


@pytest.mark.parametrize("ended", ["released", "skipped"])
def test_an_answer_to_a_task_given_back_is_kept_as_a_draft(crowd: Crowd, database: Database, ended: str) -> None:
    crowd.batch(items=1)
    person = crowd.person()
    assignment = crowd.claims(person)
    with database.write() as session:
        if ended == "released":
            release(session, person.person_id, assignment, crowd.clock.now())
        else:
            skip(session, person.person_id, assignment, SkipReason.OTHER, now=crowd.clock.now())
    with pytest.raises((TaskGivenBack, TaskSkipped), match="草稿"):
        crowd.answers(person, assignment)


def test_active_time_is_counted_by_its_differences_and_never_above_the_clocks(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1)
    person = crowd.person()
    assignment = crowd.claims(person)
    for seconds, reported, expected in ((10, 8_000, 8_000), (5, 60_000, 13_000), (5, 9_000, 13_000)):
        crowd.clock.move(seconds=seconds)
        with database.write() as session:
            save_draft(session, person.person_id, assignment, [], crowd.clock.now(), active_ms=reported)
        with database.read() as session:
            assert session.get_one(Assignment, assignment).active_ms == expected
    crowd.clock.move(seconds=2)
    crowd.answers(person, assignment, active_ms=14_500)
    with database.read() as session:
        assert session.scalars(select(Response)).one().active_ms == 14_500
        assert session.scalar(select(func.sum(ActiveTimeEvent.milliseconds))) == 14_500
        assert session.scalar(select(func.count()).select_from(Draft)) == 0


def test_the_input_mode_is_kept_sealed_and_nowhere_else(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=1)
    person = crowd.person()
    stored = crowd.answers(person, crowd.claims(person), input_mode=InputMode.SWITCH)
    with database.read() as session:
        record = session.get_one(SealedRecord, (SealedKind.INPUT_MODE, stored.response_id))
        assert b"switch" not in record.ciphertext
        opened = crowd.keys.open(SealedKind.INPUT_MODE, stored.response_id, record.key_id, record.ciphertext)
        assert opened == "switch"


def test_the_rate_of_the_leases_beginning_is_paid(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=1, pay=Decimal("0.05"))
    person = crowd.person()
    assignment = crowd.claims(person)
    crowd.clock.move(minutes=10)
    with database.write() as session:
        session.add(
            PayRate(
                project_id=batch.project_id,
                work=PaidWork.ANNOTATE,
                rate=Decimal("0.09"),
                valid_from=crowd.clock.now(),
                created_at=crowd.clock.now(),
                created_by=person.person_id,
            )
        )
    crowd.clock.move(minutes=10)
    assert crowd.answers(person, assignment).pay_micros == 50_000


def test_single_answers_decide_and_a_share_goes_to_a_reviewer(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=60, pipeline=Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0.2, gold_share=0))
    person = crowd.person()
    for _ in batch.tasks:
        crowd.answers(person, crowd.claims(person))
    with database.read() as session:
        checked = session.scalars(select(Review.cause)).all()
        decided = session.scalars(select(Decision.method)).all()
        assert set(checked) == {ReviewCause.CHECK}
        assert set(decided) == {DecisionMethod.SINGLE}
        assert len(checked) + len(decided) == 60
        assert 5 < len(checked) < 40


def test_gold_answers_are_paid_at_once_counted_and_leave_no_trace_on_the_item(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(
        items=60, gold=4, pipeline=Pipeline(kind=PipelineKind.SINGLE_CHECK, gold_share=0.25, check_share=0)
    )
    person = crowd.person()
    gold: list[tuple[int, UUID]] = []
    for number in range(60):
        assignment = crowd.claims(person)
        stored = crowd.answers(person, assignment, "正面" if number % 2 else "负面")
        task = crowd.task_of(assignment)
        if task in batch.gold:
            gold.append((number, stored.response_id))
            with database.read() as session:
                assert states(session, task) == (ItemState.WAITING, ItemState.WAITING)
                paid = [EntryKind.EARNING_PAYABLE, EntryKind.EARNING_PENDING]
                assert entries(session, stored.response_id) == paid
    assert len(gold) == 4, "drawn some fifteen times"
    assert min(number for number, _ in gold) >= 3
    with database.read() as session:
        record = session.scalars(select(WorkRecord)).one()
        assert (record.answers, record.gold_answers) == (60, 4)
        assert record.gold_right == sum(number % 2 for number, _ in gold)
        tasks = session.scalars(select(Decision.microtask_id)).all()
        assert not set(tasks) & set(batch.gold)


def refits(database: Database) -> list[dict[str, str]]:
    with database.read() as session:
        jobs = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.REFIT_SKILLS)).all()
        return [job.arguments for job in jobs]


def test_every_fortieth_answer_asks_once_for_a_refit(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=45, pipeline=SURE_AT_TWO)
    person = crowd.person()
    for _ in batch.tasks:
        crowd.answers(person, crowd.claims(person))
    assert refits(database) == [{"project_id": str(batch.project_id)}]


def test_answers_that_stand_alone_ask_for_no_refit(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=45, pipeline=ONE)
    person = crowd.person()
    for _ in batch.tasks:
        crowd.answers(person, crowd.claims(person))
    assert refits(database) == []


def test_a_large_project_is_fitted_anew_after_a_twentieth_of_its_answers() -> None:
    asked = [number for number in range(1, 10_001) if refit_due(number, author_answers=3, fitted_on=100_000)]
    assert asked == [5000, 10_000]
    assert sum(refit_due(number, author_answers=3, fitted_on=100) for number in range(1, 401)) == 10
    assert refit_due(7, author_answers=10, fitted_on=None)
    assert not refit_due(7, author_answers=9, fitted_on=None)


def test_a_decided_item_with_an_open_second_slot_asks_nobody_any_more(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=1, pipeline=Pipeline(overlap_start=1, overlap_limit=3, confidence=0.7))
    with database.write() as session:
        slot = session.scalars(select(Slot)).one()
        session.execute(update(MicroTask).values(overlap_wanted=2))
        session.add(
            Slot(batch_id=slot.batch_id, item_id=slot.item_id, microtask_id=slot.microtask_id, lane=Lane.NORMAL)
        )
    person = crowd.person()
    crowd.answers(person, crowd.claims(person))
    with database.read() as session:
        assert states(session, batch.tasks[0])[0] is ItemState.DECIDED
        assert sorted(session.scalars(select(Slot.state))) == [SlotState.ANSWERED, SlotState.WITHDRAWN]
