"""Files that come in parts: begun, found again, told, ended. What lies in the store is asked for by `sending.py`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.holdings.quotas import release_files
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects.additions import addition_file
from leye_platform.projects.errors import ProjectMissing
from leye_platform.projects.models import Addition, Batch, Project
from leye_platform.projects.rules import AdditionState, BatchState, one_line
from leye_platform.projects.service import project_for, upload_key
from leye_platform.states import check_move
from leye_platform.uploads import errors
from leye_platform.uploads.models import UploadPart, UploadSession
from leye_platform.uploads.rules import (
    SENT_IN_AFTER,
    UPLOAD_MOVES,
    ArrivedPart,
    Cut,
    UploadKind,
    UploadState,
    part_size_of,
)
from leye_storage.parts import StoredPart


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file that is to come. `subject_id`: the batch or addition that waits for it; None where a form makes one."""

    kind: UploadKind
    subject_id: UUID | None
    number: int
    file_name: str
    size: int
    first_part: str | None


def cut_of(upload: UploadSession) -> Cut:
    """How the upload's file is cut."""
    return Cut(upload.size, upload.part_size)


def upload_for(session: Session, actor: Actor, upload_id: UUID, *, lock: bool = False) -> UploadSession:
    """An upload within the actor's reach.

    Raises UploadMissing.
    """
    upload = session.get(UploadSession, upload_id, with_for_update=lock or None)
    if upload is None:
        raise errors.UploadMissing
    try:
        project_for(session, actor, upload.project_id, Permission.UPLOAD_BATCH)
    except ProjectMissing:
        raise errors.UploadMissing from None
    return upload


def find_again(
    session: Session, actor: Actor, project: Project, given: NewUpload, now: datetime
) -> UploadSession | None:
    """The person's upload of the same file for the same thing, the newest: open, or whole with its form not sent in.

    Another file of the same name and size begins otherwise; where the beginning is not told, it is another upload.
    """
    if given.first_part is None:
        return None
    whole = (UploadSession.state == UploadState.COMPLETE) & (UploadSession.ended_at > now - SENT_IN_AFTER)
    made = select(Batch.id) if given.kind is UploadKind.BATCH else select(Addition.id)
    query = select(UploadSession).where(
        UploadSession.created_by == actor.person_id,
        UploadSession.project_id == project.id,
        (UploadSession.state == UploadState.OPEN) | (whole & UploadSession.subject_id.not_in(made)),
        UploadSession.kind == given.kind,
        UploadSession.number == given.number,
        UploadSession.file_name == _file_name(given),
        UploadSession.size == given.size,
        UploadSession.first_part == given.first_part,
    )
    if given.subject_id is not None:
        query = query.where(UploadSession.subject_id == given.subject_id)
    return session.scalars(query.order_by(UploadSession.created_at.desc()).limit(1)).first()


def check_expected(session: Session, project: Project, kind: UploadKind, subject_id: UUID | None) -> None:
    """Whether the batch or addition is one of the project's that waits for its file, or is not made yet.

    Raises ProjectMissing for another project's, UploadNotExpected.
    """
    if subject_id is None:
        return
    if kind is UploadKind.BATCH:
        batch = session.get(Batch, subject_id)
        if batch is None or batch.project_id != project.id:
            raise ProjectMissing
        waits = batch.state is BatchState.UPLOADING
    else:
        addition = session.get(Addition, subject_id)
        if addition is None or session.get_one(Batch, addition.batch_id).project_id != project.id:
            raise ProjectMissing
        waits = addition.state is AdditionState.UPLOADING
    if not waits:
        raise errors.UploadNotExpected


def place_of(kind: UploadKind, subject_id: UUID, number: int) -> str:
    """The key under which the file will lie."""
    return upload_key(subject_id, number) if kind is UploadKind.BATCH else addition_file(subject_id, number)


def add_upload(
    session: Session,
    actor: Actor,
    project: Project,
    given: NewUpload,
    *,
    subject_id: UUID,
    store_upload: str,
    now: datetime,
) -> UploadSession:
    """The row of an upload that the store has begun."""
    upload = UploadSession(
        id=new_id(),
        project_id=project.id,
        kind=given.kind,
        subject_id=subject_id,
        number=given.number,
        key=place_of(given.kind, subject_id, given.number),
        file_name=_file_name(given),
        size=given.size,
        part_size=part_size_of(given.size),
        first_part=given.first_part,
        store_upload=store_upload,
        created_at=now,
        created_by=actor.person_id,
        last_at=now,
    )
    session.add(upload)
    session.flush()
    record(session, at=now, person_id=actor.person_id, action="upload.begin", subject_id=upload.id, bytes=given.size)
    return upload


def check_open(upload: UploadSession) -> None:
    """Raises UploadEnded."""
    if upload.state is not UploadState.OPEN:
        raise errors.UploadEnded


def note_part(session: Session, upload: UploadSession, part: StoredPart, sha256: str, now: datetime) -> None:
    """A part has come, or has come again. The caller has locked the upload."""
    known = session.get(UploadPart, (upload.id, part.number))
    if known is None:
        known = UploadPart(upload_id=upload.id, number=part.number)
        session.add(known)
    known.size, known.sha256, known.etag, known.arrived_at = part.size, sha256, part.etag, now
    upload.last_at = now


def noted_part(session: Session, upload_id: UUID, number: int) -> UploadPart | None:
    """A part that came through our own origin before."""
    return session.get(UploadPart, (upload_id, number))


def arrived_parts(session: Session, upload: UploadSession, stored: Sequence[StoredPart]) -> list[ArrivedPart]:
    """What the store holds, by number, with the SHA-256 where it came through us.

    Where the store holds two of one number, the one that was noted last is meant.
    """
    noted = {part.number: part for part in session.scalars(select(UploadPart).where(UploadPart.upload_id == upload.id))}
    found: dict[int, ArrivedPart] = {}
    for part in stored:
        row = noted.get(part.number)
        mine = row is not None and row.etag == part.etag
        if mine or part.number not in found:
            sha256 = row.sha256 if row is not None and mine else None
            found[part.number] = ArrivedPart(part.number, part.size, part.etag, sha256)
    return [found[number] for number in sorted(found)]


def end(session: Session, actor_id: UUID | None, upload: UploadSession, state: UploadState, now: datetime) -> None:
    """Complete or aborted; again, nothing more happens. Raises MoveNotAllowed."""
    if upload.state is state:
        return
    upload.state = check_move(UPLOAD_MOVES, upload.state, state)
    upload.ended_at = now
    if state is UploadState.ABORTED and not _sent_otherwise(session, upload):
        release_files(session, [upload.key])
    record(session, at=now, person_id=actor_id, action=f"upload.{state.value}", subject_id=upload.id)


def _sent_otherwise(session: Session, upload: UploadSession) -> bool:
    """Whether another upload brings, or brought, the file that lies under the same key."""
    others = select(UploadSession.id).where(
        UploadSession.subject_id == upload.subject_id,
        UploadSession.key == upload.key,
        UploadSession.id != upload.id,
        UploadSession.state != UploadState.ABORTED,
    )
    return session.scalar(others.limit(1)) is not None


def complete_upload(session: Session, upload_id: UUID | None, kind: UploadKind, project_id: UUID) -> UploadSession:
    """The upload that a form names instead of a file. Raises UploadMissing where it is none that came whole."""
    upload = session.get(UploadSession, upload_id) if upload_id else None
    if upload is None or upload.project_id != project_id or upload.kind is not kind:
        raise errors.UploadMissing
    if upload.state is not UploadState.COMPLETE:
        raise errors.UploadMissing
    return upload


def wanted_subjects(session: Session, ids: Collection[UUID], since: datetime) -> set[UUID]:
    """Which of these batches or additions, not made yet, an upload under way or a form not sent in yet is for."""
    query = select(UploadSession.subject_id).where(
        UploadSession.subject_id.in_(ids),
        (UploadSession.state == UploadState.OPEN)
        | ((UploadSession.state == UploadState.COMPLETE) & (UploadSession.ended_at > since)),
    )
    return set(session.scalars(query))


def _file_name(given: NewUpload) -> str:
    return (one_line(given.file_name) or "upload")[:200]
