"""Projects where a reviewer settles every answer, and whose decided items come to serve as gold."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from leye_platform.assignments.leases import skip
from leye_platform.assignments.models import Assignment, Response, Slot, WorkRecord
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import GOLD_ROUND, Lane, SkipReason, SlotState
from leye_platform.gold.models import RenewedGold
from leye_platform.gold.renew import Found, look_at, renew
from leye_platform.gold.rules import Retired
from leye_platform.gold.stock import Stock, stock_of
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import BatchState, Pipeline, PipelineKind
from leye_platform.review.models import Decision
from leye_platform.review.rules import Reason, Verdict
from support.correcting import Correcting
from support.crowd import OpenBatch

CHECKED = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1, gold_share=0.5)


class Renewing(Correcting):
    def settled(self, items: int, *, extra: int = 6, **batch: Any) -> tuple[OpenBatch, Annotator]:
        """An open batch, the first of whose items one author answered and a reviewer accepted; `extra` still wait."""
        made = self.batch(items + extra, pipeline=CHECKED, **batch)
        author = self.person()
        for _ in range(items):
            self.answers(author, self.claims(author, made.project_id))
            self.accepts()
        return made, author

    def accepts(self) -> None:
        """The reviewer accepts the next answer that waits for them."""
        review_id = self.must_take()
        task = self.review(review_id).microtask_id
        with self.database.read() as session:
            chosen = session.scalars(
                select(Response.id).where(Response.microtask_id == task, Response.round != GOLD_ROUND)
            ).one()
        self.settles(review_id, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=chosen)

    def found(self, project_id: UUID) -> Found:
        with self.database.read() as session:
            return look_at(session, project_id, self.clock.now())

    def renews(self, project_id: UUID) -> Found:
        """Look, and do what was found; what it was."""
        found = self.found(project_id)
        with self.database.write() as session:
            renew(session, project_id, found, self.clock.now())
        return found

    def gold(self, project_id: UUID) -> list[RenewedGold]:
        """All that has ever served in a project."""
        with self.database.read() as session:
            mine = select(RenewedGold).where(RenewedGold.project_id == project_id)
            return list(session.scalars(mine.order_by(RenewedGold.microtask_id)))

    def retired(self, project_id: UUID) -> list[Retired]:
        return [row.retired_for for row in self.gold(project_id) if row.retired_for is not None]

    def lane(self, *batches: UUID) -> list[Slot]:
        """The open slots of decided items in the gold lanes of these batches."""
        with self.database.read() as session:
            mine = select(Slot).where(Slot.batch_id.in_(batches), Slot.lane == Lane.GOLD, Slot.round == GOLD_ROUND)
            return list(session.scalars(mine.where(Slot.state == SlotState.OPEN).order_by(Slot.position)))

    def stock(self, project_id: UUID) -> Stock:
        with self.database.read() as session:
            return stock_of(session, project_id, self.clock.now())

    def known_person(self, project_id: UUID, *, answers: int = 40, gold: int = 0, right: int = 0) -> Annotator:
        """Somebody who has worked in the project before."""
        who = self.person()
        with self.database.write() as session:
            record = WorkRecord(person_id=who.person_id, project_id=project_id, answers=answers)
            record.gold_answers, record.gold_right = gold, right
            session.add(record)
        return who

    def skips(self, who: Annotator, assignment_id: UUID) -> None:
        with self.database.write() as session:
            skip(session, who.person_id, assignment_id, SkipReason.UPSETTING, now=self.clock.now())

    def held(self, assignment_id: UUID) -> Assignment:
        with self.database.read() as session:
            return session.get_one(Assignment, assignment_id)

    def response(self, assignment_id: UUID) -> Response:
        with self.database.read() as session:
            return session.scalars(select(Response).where(Response.assignment_id == assignment_id)).one()

    def record(self, who: Annotator, project_id: UUID) -> tuple[int, int, int]:
        """Answers, gold answers, right ones."""
        with self.database.read() as session:
            row = session.get_one(WorkRecord, (who.person_id, project_id))
            return row.answers, row.gold_answers, row.gold_right

    def decisions(self, tasks: Sequence[UUID]) -> list[tuple[UUID, int, list[Any]]]:
        with self.database.read() as session:
            mine = select(Decision.microtask_id, Decision.version, Decision.labels).where(
                Decision.microtask_id.in_(tasks)
            )
            return [(task, version, labels) for task, version, labels in session.execute(mine.order_by(Decision.id))]

    def with_gold(self, project_id: UUID) -> Annotator:
        """Somebody at work in the project, for whom gold was renewed."""
        who = self.known_person(project_id)
        self.answers(who, self.claims(who, project_id))
        assert self.renews(project_id).to_take
        return who

    def set_state(self, batch_id: UUID, state: BatchState) -> None:
        with self.database.write() as session:
            session.get_one(Batch, batch_id).state = state
