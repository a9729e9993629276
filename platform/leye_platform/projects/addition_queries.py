"""What pages and the API show of a batch's additions; which refused rows are whose. Read only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from leye_platform.outbox import Checkpoint, OutboxRow
from leye_platform.projects.models import Addition, RefusedRow
from leye_platform.projects.queries import share_read
from leye_platform.projects.rules import AdditionState

SHOWN_REFUSALS = 50
PART = 1000


@dataclass(frozen=True)
class AdditionView:
    """An addition with how far it is. `share_read`: of its files, while they are read; `broke`: nobody reads on."""

    addition: Addition
    share_read: float | None
    broke: bool

    @property
    def underway(self) -> bool:
        return self.addition.state is AdditionState.READING and not self.broke


def additions_of(session: Session, batch_id: UUID) -> list[AdditionView]:
    """A batch's additions, the first one first. Two queries."""
    found = session.scalars(select(Addition).where(Addition.batch_id == batch_id).order_by(Addition.number)).all()
    return view_additions(session, found) if found else []


def view_additions(session: Session, additions: Sequence[Addition]) -> list[AdditionView]:
    """Additions with how far they are. One query."""
    jobs = select(OutboxRow.id, OutboxRow.failed_at, Checkpoint).outerjoin(
        Checkpoint, Checkpoint.job_id == OutboxRow.id
    )
    wanted = [addition.job_id for addition in additions if addition.job_id is not None]
    states = {
        job_id: (failed_at is not None, share_read(checkpoint))
        for job_id, failed_at, checkpoint in session.execute(jobs.where(OutboxRow.id.in_(wanted)))
    }
    views = []
    for addition in additions:
        broke, share = states.get(addition.job_id, (False, None)) if addition.job_id else (False, None)
        views.append(AdditionView(addition, share, broke and addition.state is AdditionState.READING))
    return views


class Span(NamedTuple):
    """Row numbers of a batch: those after `after`, to `until`; None: to the last."""

    after: int
    until: int | None

    def rows(self, batch_id: UUID) -> list[ColumnElement[bool]]:
        """The refused rows of the batch in this span."""
        lower = [RefusedRow.batch_id == batch_id, RefusedRow.row > self.after]
        return lower if self.until is None else [*lower, RefusedRow.row <= self.until]


def span_of(session: Session, batch_id: UUID, addition: Addition | None = None) -> Span:
    """The rows of an addition, or of the batch's own files: up to where the first addition begins."""
    if addition is not None:
        return Span(addition.row_before or 0, addition.row_until or 0)
    begun = select(func.min(Addition.row_before)).where(Addition.batch_id == batch_id)
    return Span(0, session.scalar(begun))


def refused_rows(session: Session, batch_id: UUID, limit: int = SHOWN_REFUSALS) -> Sequence[RefusedRow]:
    """The first refused rows of a batch's own files. Two queries."""
    mine = span_of(session, batch_id).rows(batch_id)
    return session.scalars(select(RefusedRow).where(*mine).order_by(RefusedRow.row).limit(limit)).all()


def stream_refused_rows(session: Session, batch_id: UUID, span: Span) -> Iterator[RefusedRow]:
    """All refused rows of a span, read in parts."""
    last = span.after
    while True:
        mine = Span(last, span.until).rows(batch_id)
        part = session.scalars(select(RefusedRow).where(*mine).order_by(RefusedRow.row).limit(PART)).all()
        yield from part
        if len(part) < PART:
            return
        last = part[-1].row
