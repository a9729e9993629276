"""Whose files are read: a batch's own, or those of an addition. Each knows whether reading goes on, and what counts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.notices.events import addition_was_read, batch_was_read
from leye_platform.projects.additions import addition_folder
from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.chunks import Chunk
from leye_platform.projects.ingest.proposals import with_refusals
from leye_platform.projects.ingest.rows import storable
from leye_platform.projects.models import Addition, Batch, RefusedRow
from leye_platform.projects.rules import (
    ADDITION_MOVES,
    APPENDABLE,
    BATCH_MOVES,
    AdditionState,
    BatchState,
    DataState,
)
from leye_platform.states import check_move


@dataclass(frozen=True)
class Files:
    """Where the files lie, how they were called, and the batch's last row number before their first.

    own: whether they are the batch's own, which may lie in a partner's bucket. uploaded_by: who sent them.
    """

    batch_id: UUID
    folder: str
    names: list[str]
    after: int
    uploaded_by: UUID
    own: bool = False


class Upload(Protocol):
    """What the reading asks of an upload, each time in a session that the reading opens."""

    def files(self, session: Session) -> Files | None:
        """What there is to read; None where it is not being read (any more)."""

    def hold(self, session: Session, now: datetime) -> bool:
        """Lock it for a chunk; False where nothing more may be taken, which the upload then says of itself."""

    def count(self, session: Session, chunk: Chunk, last_row: int) -> None:
        """Count what a chunk came to, held before. last_row: number of its last row, as the files count."""

    def fail(self, session: Session, sentence: str, now: datetime) -> None:
        """No row can be taken: say why."""

    def stop(self, session: Session, sentence: str, now: datetime) -> None:
        """Reading can't go on: say why. What came in stays, and is to be used."""

    def finish(self, session: Session, now: datetime) -> None:
        """All rows have been seen."""


@dataclass(frozen=True)
class FirstUpload:
    """A batch's own files: the batch ends ready, or failed with a sentence."""

    batch_id: UUID

    def files(self, session: Session) -> Files | None:
        batch = session.get(Batch, self.batch_id)
        if batch is None or batch.state is not BatchState.INGESTING or batch.source_key is None:
            return None
        return Files(
            batch.id,
            batch.source_key,
            (batch.source_name or "").split("\n"),
            after=0,
            uploaded_by=batch.created_by,
            own=True,
        )

    def hold(self, session: Session, now: datetime) -> bool:
        return self._locked(session).state is BatchState.INGESTING

    def count(self, session: Session, chunk: Chunk, last_row: int) -> None:
        batch = session.get_one(Batch, self.batch_id)
        batch.rows_in += len(chunk.items)
        batch.rows_refused += len(chunk.refused)
        _count_proposals(batch, chunk)

    def fail(self, session: Session, sentence: str, now: datetime) -> None:
        batch = self._locked(session)
        if batch.state is BatchState.INGESTING:
            self._end(session, batch, BatchState.FAILED, now, sentence)

    def stop(self, session: Session, sentence: str, now: datetime) -> None:
        batch = self._locked(session)
        if batch.state is BatchState.INGESTING:
            self._end(session, batch, BatchState.READY if batch.rows_in else BatchState.FAILED, now, sentence)

    def finish(self, session: Session, now: datetime) -> None:
        batch = self._locked(session)
        if batch.state is not BatchState.INGESTING:
            return
        if batch.rows_in == 0 and not waits_for_room(session, batch.id):
            self._end(session, batch, BatchState.FAILED, now, str(refusals.NoRowTaken(rows=batch.rows_refused)))
        else:
            self._end(session, batch, BatchState.READY, now)

    def _locked(self, session: Session) -> Batch:
        return session.get_one(Batch, self.batch_id, with_for_update=True)

    def _end(
        self, session: Session, batch: Batch, state: BatchState, now: datetime, problem: str | None = None
    ) -> None:
        batch.state = check_move(BATCH_MOVES, batch.state, state)
        batch.problem = None if problem is None else storable(problem)
        batch_was_read(session, batch, now)


@dataclass(frozen=True)
class AddedUpload:
    """The files of an addition, read while its batch goes on; what came in stays whatever becomes of the rest."""

    addition_id: UUID

    def files(self, session: Session) -> Files | None:
        addition = session.get(Addition, self.addition_id)
        if addition is None or addition.state is not AdditionState.READING:
            return None
        names = addition.source_name.split("\n")
        folder, after = addition_folder(addition.id), addition.row_before or 0
        return Files(addition.batch_id, folder, names, after=after, uploaded_by=addition.created_by)

    def hold(self, session: Session, now: datetime) -> bool:
        batch_id = session.get_one(Addition, self.addition_id).batch_id
        # The weaker lock, as the batch's counts change: answers and slots that name the batch don't wait for it.
        batch = session.get_one(Batch, batch_id, with_for_update={"key_share": True})
        addition = self._locked(session)
        if addition.state is not AdditionState.READING:
            return False
        if batch.state in APPENDABLE:
            return True
        closed = batch.state is BatchState.CLOSED
        sentence = refusals.STOPPED_CLOSED if closed else refusals.STOPPED_CANCELLED
        self._end(session, addition, AdditionState.FAILED, now, sentence.format(rows=addition.rows_in))
        return False

    def count(self, session: Session, chunk: Chunk, last_row: int) -> None:
        addition = session.get_one(Addition, self.addition_id)
        addition.rows_in += len(chunk.items)
        addition.rows_refused += len(chunk.refused)
        addition.rows_known += chunk.known
        addition.row_until = (addition.row_before or 0) + last_row
        batch = session.get_one(Batch, addition.batch_id)
        batch.rows_in += len(chunk.items)
        _count_proposals(batch, chunk)

    def fail(self, session: Session, sentence: str, now: datetime) -> None:
        addition = self._locked(session)
        if addition.state is AdditionState.READING:
            self._end(session, addition, AdditionState.FAILED, now, sentence)

    def stop(self, session: Session, sentence: str, now: datetime) -> None:
        self.fail(session, sentence, now)

    def finish(self, session: Session, now: datetime) -> None:
        addition = self._locked(session)
        if addition.state is not AdditionState.READING:
            return
        if addition.rows_in == 0 and addition.rows_known == 0:
            sentence = str(refusals.NoRowTaken(rows=addition.rows_refused))
            self._end(session, addition, AdditionState.FAILED, now, sentence)
        else:
            self._end(session, addition, AdditionState.READ, now)

    def _locked(self, session: Session) -> Addition:
        return session.get_one(Addition, self.addition_id, with_for_update=True, populate_existing=True)

    def _end(
        self, session: Session, addition: Addition, state: AdditionState, now: datetime, problem: str | None = None
    ) -> None:
        addition.state = check_move(ADDITION_MOVES, addition.state, state)
        addition.problem = None if problem is None else storable(problem)
        addition_was_read(session, addition, now)


@dataclass(frozen=True)
class RowsForRoom:
    """Rows that were refused for lack of room, of the batch's own files or of an addition; read once there is room."""

    batch_id: UUID
    addition_id: UUID | None = None

    def files(self, session: Session) -> Files | None:
        batch = session.get(Batch, self.batch_id)
        if batch is None or not can_read_on(batch) or batch.source_key is None:
            return None
        names, own = (batch.source_name or "").split("\n"), self.addition_id is None
        if self.addition_id is None:
            return Files(batch.id, batch.source_key, names, after=0, uploaded_by=batch.created_by, own=own)
        addition = session.get_one(Addition, self.addition_id)
        folder, after = addition_folder(addition.id), addition.row_before or 0
        return Files(batch.id, folder, addition.source_name.split("\n"), after=after, uploaded_by=addition.created_by)

    def hold(self, session: Session, now: datetime) -> bool:
        return can_read_on(session.get_one(Batch, self.batch_id, with_for_update={"key_share": True}))

    def count(self, session: Session, chunk: Chunk, last_row: int) -> None:
        came = len(chunk.items) + chunk.known
        batch = session.get_one(Batch, self.batch_id)
        batch.rows_in += len(chunk.items)
        _count_proposals(batch, chunk)
        if self.addition_id is None:
            batch.rows_refused -= came
            return
        addition = session.get_one(Addition, self.addition_id, with_for_update=True)
        addition.rows_in += len(chunk.items)
        addition.rows_known += chunk.known
        addition.rows_refused -= came

    def fail(self, session: Session, sentence: str, now: datetime) -> None:
        """The rows stay refused for what they were; the report says so."""

    def stop(self, session: Session, sentence: str, now: datetime) -> None:
        """What came in stays; the others wait on."""

    def finish(self, session: Session, now: datetime) -> None:
        """Nothing is to be said: the batch's counts say it."""


def can_read_on(batch: Batch) -> bool:
    """Whether rows may come in that had no room."""
    return batch.state in APPENDABLE and batch.data_state is DataState.KEPT


def waits_for_room(session: Session, batch_id: UUID) -> int:
    """How many rows of a batch were refused only for lack of room."""
    query = select(func.count()).where(RefusedRow.batch_id == batch_id, RefusedRow.for_room)
    return session.scalar(query) or 0


def _count_proposals(batch: Batch, chunk: Chunk) -> None:
    batch.proposals_in += chunk.proposals
    batch.proposals_refused = with_refusals(batch.proposals_refused, chunk.proposals_refused)
