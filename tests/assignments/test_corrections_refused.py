"""Corrections that come too late are refused by name, and nothing changes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from leye_platform.assignments.correct import MOST_CORRECTIONS, is_correctable
from leye_platform.assignments.errors import (
    AnswerRefused,
    AssignmentMissing,
    CorrectedTooOften,
    CorrectionTooLate,
    NotAnsweredYet,
    ReviewerHasIt,
    ReviewerHasSettled,
    RoundIsOver,
    TaskErased,
    WorkIsOver,
)
from leye_platform.assignments.models import ReplacedAnswer, Response, Slot
from leye_platform.assignments.rules import Lane
from leye_platform.database import Database
from leye_platform.delivery.models import LotItem
from leye_platform.delivery.service import assemble_lot
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState, DataState, ItemState
from leye_platform.review.replayed import replay_decisions
from leye_platform.review.rules import Reason, Verdict
from leye_platform.review.service import take_next
from support.clock import MovableClock
from support.correcting import AT_MOST_TWO, NO, ONE, YES, Correcting
from support.crowd import OpenBatch
from support.factories import chosen


@pytest.fixture
def desk(installation: Installation, clock: MovableClock) -> Correcting:
    return Correcting(installation, clock)


def test_an_answer_that_does_not_fit_is_refused(desk: Correcting) -> None:
    [author] = desk.given(desk.batch(1, pipeline=ONE), YES)
    desk.refuses(author, AnswerRefused, "没有这个标签")
    desk.refuses((desk.person(), author[1]), AssignmentMissing)
    batch = desk.batch(1, pipeline=ONE)
    who = desk.person()
    desk.refuses((who, desk.claims(who, batch.project_id)), NotAnsweredYet)


def test_what_lies_in_a_lot_stays(desk: Correcting, database: Database) -> None:
    batch = desk.batch(2, pipeline=ONE, gold=0)
    first, second = desk.given(batch, YES, YES)
    with database.write() as session:
        assert assemble_lot(session, batch.batch_id, desk.clock.now()) is not None
    desk.refuses(first, CorrectionTooLate)
    with database.write() as session:
        session.execute(delete(LotItem).where(LotItem.item_id == session.get_one(MicroTask, batch.tasks[1]).item_id))
        session.execute(update(Item).where(Item.batch_id == batch.batch_id).values(state=ItemState.DELIVERED))
    desk.refuses(second, CorrectionTooLate)


def test_what_a_reviewer_has_or_has_settled_stays(desk: Correcting) -> None:
    batch = desk.batch(1, pipeline=AT_MOST_TWO)
    first, _ = desk.given(batch, YES, NO)
    review = desk.must_take()
    desk.refuses(first, ReviewerHasIt)
    desk.settles(review, Verdict.FIX, Reason.WRONG_LABEL, result=chosen(NO))
    desk.refuses(first, ReviewerHasSettled)
    sent_back = desk.batch(1, pipeline=AT_MOST_TWO)
    first, _ = desk.given(sent_back, YES, NO)
    desk.settles(desk.must_take(), Verdict.SEND_BACK, Reason.MISREAD_GUIDE)
    desk.refuses(first, RoundIsOver)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_review_that_is_being_taken_at_this_moment_is_in_hand(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=AT_MOST_TWO)
    first, _ = desk.given(batch, YES, NO)
    with database.write() as session:
        assert take_next(session, desk.reviewer, desk.clock.now()) is not None
        session.flush()
        with ThreadPoolExecutor(1) as pool, pytest.raises(ReviewerHasIt):
            pool.submit(desk.corrects, first, NO).result(timeout=20)


def _closed(session: Any, batch: OpenBatch) -> None:
    session.execute(update(Batch).where(Batch.id == batch.batch_id).values(state=BatchState.CLOSED))


def _withdrawn(session: Any, batch: OpenBatch) -> None:
    session.execute(update(Item).where(Item.batch_id == batch.batch_id).values(state=ItemState.WITHDRAWN))


def _erasing(session: Any, batch: OpenBatch) -> None:
    session.execute(update(Batch).where(Batch.id == batch.batch_id).values(data_state=DataState.ERASING))


@pytest.mark.parametrize(("deed", "error"), [(_closed, WorkIsOver), (_withdrawn, WorkIsOver), (_erasing, TaskErased)])
def test_what_is_over_stays(
    desk: Correcting, database: Database, deed: Callable[[Any, OpenBatch], None], error: type[Exception]
) -> None:
    batch = desk.batch(1, pipeline=ONE)
    [author] = desk.given(batch, YES)
    with database.write() as session:
        deed(session, batch)
    desk.refuses(author, error)


def test_an_answer_is_corrected_twenty_times_at_most_gold_as_well(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=ONE, gold=1)
    with database.write() as session:
        session.execute(update(Slot).where(Slot.microtask_id == batch.gold[0]).values(lane=Lane.NORMAL))
    own = desk.given(batch, YES, YES)
    with database.read() as session:
        assert set(session.scalars(select(Response.gold))) == {False, True}
    assert MOST_CORRECTIONS == 20
    for author in own:
        for number in range(MOST_CORRECTIONS):
            desk.clock.move(minutes=1)
            assert desk.corrects(author, NO if number % 2 == 0 else YES).new
        desk.refuses(author, CorrectedTooOften)
        with database.read() as session:
            assert not is_correctable(session, author[0].person_id, author[1])
        assert not desk.corrects(author, YES).new, "it says so already"
    with database.read() as session:
        assert all(len(task.weighings or []) <= 21 for task in session.scalars(select(MicroTask)))
        assert replay_decisions(session, batch.project_id).differences == []
    desk.balanced()


def test_gold_is_in_a_lot_when_the_rest_is(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=ONE, gold=1)
    who = desk.person()
    [author] = desk.given(batch, YES)
    with database.write() as session:
        session.execute(update(Slot).where(Slot.microtask_id == batch.gold[0]).values(lane=Lane.NORMAL))
    gold = (who, desk.claims(who, batch.project_id))
    desk.answers(*gold, NO)
    with database.write() as session:
        assert assemble_lot(session, batch.batch_id, desk.clock.now()) is not None
    desk.refuses(author, CorrectionTooLate)
    desk.refuses(gold, CorrectionTooLate, YES)


def test_the_database_keeps_what_was_said(desk: Correcting, database: Database) -> None:
    [author] = desk.given(desk.batch(1, pipeline=ONE), YES)
    desk.corrects(author, NO)
    changes: list[Any] = [
        update(Response).values(result=[], labels=[]),
        update(Response).values(result=[], labels=[], corrected_at=desk.clock.now()),
        update(Response).values(pay_micros=1, corrected_at=desk.clock.now()),
        update(ReplacedAnswer).values(result=[]),
        delete(ReplacedAnswer),
    ]
    for change in changes:
        with pytest.raises(DBAPIError, match="never changed or removed"), database.write() as session:
            session.execute(change)
