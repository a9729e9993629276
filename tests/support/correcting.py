"""People who put their answers right, and what a batch has come to."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.assignments.correct import Corrected, Correction, correct
from leye_platform.assignments.models import ReplacedAnswer, Response, Slot, WorkRecord
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import SlotState
from leye_platform.audit import AuditRecord
from leye_platform.billing.books import check_books
from leye_platform.billing.models import LedgerEntry, Posting
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.queries import progress_of
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import ReviewState
from support.crowd import OpenBatch
from support.factories import chosen
from support.reviewing import Reviewing

ONE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)
CHECKED = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1, gold_share=0)
SURE_AT_TWO = Pipeline(overlap_start=2, overlap_limit=4, confidence=0.85, gold_share=0)
AT_MOST_TWO = Pipeline(overlap_start=2, overlap_limit=2, confidence=0.85, gold_share=0)
YES, NO = "正面", "负面"


class Correcting(Reviewing):
    """People who put their answers right."""

    def given(self, batch: OpenBatch, *labels: str) -> list[tuple[Annotator, UUID]]:
        """One new person after the other answers; each with their assignment."""
        people = []
        for label in labels:
            who = self.person()
            assignment = self.claims(who, batch.project_id)
            self.answers(who, assignment, label)
            people.append((who, assignment))
            self.clock.move(minutes=1)
        return people

    def corrects(self, author: tuple[Annotator, UUID], label: str, key: str | None = None) -> Corrected:
        who, assignment = author
        with self.database.write() as session:
            return correct(session, who.person_id, assignment, Correction(chosen(label), key), self.clock.now())

    def refuses(self, author: tuple[Annotator, UUID], error: type[Exception], label: str = NO) -> None:
        """The correction is refused by this name, and no row changes."""
        before = self.everything()
        with pytest.raises(error):
            self.corrects(author, label)
        assert self.everything() == before

    def everything(self) -> list[Any]:
        tables = (
            Response,
            ReplacedAnswer,
            Decision,
            MicroTask,
            Item,
            Slot,
            Review,
            WorkRecord,
            LedgerEntry,
            AuditRecord,
        )
        with self.database.read() as session:
            return [sorted(map(repr, session.execute(select(table.__table__)).all())) for table in tables]

    def figures(self, batch: OpenBatch) -> dict[str, Any]:
        """What a batch of one item has come to, without ids and moments."""
        with self.database.read() as session:
            [task] = session.scalars(select(MicroTask).where(MicroTask.batch_id == batch.batch_id))
            item = session.get_one(Item, task.item_id)
            newest = session.scalars(
                select(Decision)
                .where(Decision.microtask_id == task.id, Decision.fell_at.is_(None))
                .order_by(Decision.version)
            ).all()
            answers = session.execute(
                select(Response.result, Response.labels, Response.pay_micros, Response.round, Response.late)
                .where(Response.microtask_id == task.id)
                .order_by(Response.number)
            ).all()
            waiting = session.execute(
                select(Slot.lane, Slot.round).where(Slot.microtask_id == task.id, Slot.state == SlotState.OPEN)
            ).all()
            reviews = session.scalars(
                select(Review.cause).where(Review.microtask_id == task.id, Review.state == ReviewState.OPEN)
            ).all()
            entries = session.execute(
                select(LedgerEntry.kind, func.count(), func.sum(func.abs(Posting.amount_micros)))
                .join(Posting, Posting.entry_id == LedgerEntry.id)
                .join(Response, Response.id == LedgerEntry.response_id)
                .where(Response.microtask_id == task.id)
                .group_by(LedgerEntry.kind)
                .order_by(LedgerEntry.kind)
            ).all()
            progress = progress_of(session, [session.get_one(Batch, batch.batch_id)], self.clock.now())[batch.batch_id]
            return {
                "states": (task.state, item.state),
                "posterior": task.posterior,
                "overlap": task.overlap_wanted,
                "decisions": [
                    (one.method, one.labels, one.result, one.confidence, one.guide_id is None) for one in newest
                ],
                "answers": [tuple(answer) for answer in answers],
                "waiting": [tuple(slot) for slot in waiting],
                "reviews": list(reviews),
                "entries": [tuple(entry) for entry in entries],
                "progress": (dict(progress.by_state), progress.answers),
            }

    def balanced(self) -> None:
        with self.database.read() as session:
            assert check_books(session) == []
