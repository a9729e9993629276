"""A file handed in by a form: looked at, stored, read in the background; sent twice, it makes one batch or addition."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Annotated
from uuid import UUID

from fastapi import Form, UploadFile
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leye_platform.endpoint import Work
from leye_platform.errors import N_, FieldsRefused, TooLarge, Unavailable
from leye_platform.holdings.errors import StorageFull
from leye_platform.holdings.files import forget_claims
from leye_platform.holdings.quotas import Firm, claim_file
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects import additions, service
from leye_platform.projects.days import read_deadline
from leye_platform.projects.errors import AdditionRefused, AdditionUnderway
from leye_platform.projects.ingest.formats import recognise
from leye_platform.projects.ingest.lines import HEAD
from leye_platform.projects.ingest.refusals import FileRefused
from leye_platform.projects.models import Addition, Batch, Project
from leye_platform.projects.rules import BatchPurpose, check_appendable, one_line
from leye_platform.projects.task_type import task_type
from leye_platform.uploads.errors import UploadMissing
from leye_platform.uploads.rules import UploadKind
from leye_platform.uploads.service import complete_upload
from leye_storage.errors import ObjectMissing

Field = Annotated[str, Form()]


@dataclass(frozen=True)
class UploadForm:
    """The fields beside the file, as typed. `key` is the batch's id, given out with the empty form.

    `upload`: the upload in parts that stands in the place of the file.
    """

    key: Field = ""
    upload: Field = ""
    name: Field = ""
    purpose: Field = BatchPurpose.PRODUCTION.value
    deadline: Field = ""


@dataclass(frozen=True)
class _Given:
    """A file that came with the form, or before it in parts: then `lies_for` is the id under which it lies."""

    name: str
    size: int
    head: bytes
    lies_for: UUID | None = None


def take_upload(work: Work, project_id: UUID, form: UploadForm, file: UploadFile | None, right: Permission) -> UUID:
    """Store the file and have it read; the batch's id. Opens its own units of work: storing takes its time.

    Raises ProjectMissing, FieldsRefused, Unavailable.
    """
    objects = work.installation.objects
    with work.installation.database.read() as session:
        project = service.project_for(session, work.actor, project_id, right)
        pictures = bool(task_type(project.task_type, project.label_config).config.images)
        given = _given(work, session, project_id, form.upload, file, UploadKind.BATCH)
        batch_id = (given and given.lies_for) or _id(form.key)
        standing = session.get(Batch, batch_id)
        if standing is not None and standing.project_id == project_id:
            return batch_id
        if standing is not None:
            batch_id = new_id()  # somebody else's: never write over its file
    problems, deadline = _problems(work, form, given, pictures=pictures)
    if problems or given is None:
        raise FieldsRefused(problems)
    if given.lies_for is None and file is not None:
        _store(work, project, service.upload_key(batch_id), batch_id, file)
    try:
        with work.installation.database.write() as session:
            batch = service.create_batch(
                session,
                work.actor,
                service.project_for(session, work.actor, project_id, right),
                form.name or PurePath(given.name).stem,
                purpose=BatchPurpose(form.purpose),
                file_names=[given.name],
                deadline=deadline,
                now=work.now,
                batch_id=batch_id,
            )
            service.ask_for_ingest(session, work.actor, batch, objects, work.now)
    except IntegrityError:
        pass  # the same form, sent twice at one moment: the other one has made the batch
    return batch_id


def take_addition(  # noqa: PLR0917 -- what the form holds
    work: Work, batch_id: UUID, key: str, file: UploadFile | None, right: Permission, upload: str = ""
) -> None:
    """Store a further file for a batch and have it read. Where another one is being read, it waits to be asked for.

    key: the addition's id, given out with the empty form. upload: as `UploadForm` has it. Opens its own units of work,
    as `take_upload` does. Raises BatchMissing, FieldsRefused, the kinds of AdditionRefused, Unavailable.
    """
    objects = work.installation.objects
    with work.installation.database.read() as session:
        batch = service.batch_for(session, work.actor, batch_id, right)
        given = _given(work, session, batch.project_id, upload, file, UploadKind.ADDITION)
        addition_id = (given and given.lies_for) or _id(key)
        standing = session.get(Addition, addition_id)
        if standing is not None and standing.batch_id == batch_id:
            return
        if standing is not None:
            addition_id = new_id()  # another batch's: never write over its file
        project = session.get_one(Project, batch.project_id)
        problem = _problem_of_addition(work, project, batch, given)
    if problem or given is None:
        raise FieldsRefused({"file": problem or ""})
    if given.lies_for is None and file is not None:
        _store(work, project, additions.addition_file(addition_id), addition_id, file)
    try:
        with work.installation.database.write() as session:
            batch = service.batch_for(session, work.actor, batch_id, right, lock=True)
            addition = additions.create_addition(
                session, work.actor, batch, [given.name], work.now, addition_id=addition_id
            )
            # Where another one is being read, this one stands on the batch's page, with a button that has it read.
            with suppress(AdditionUnderway):
                additions.ask_for_addition(session, work.actor, addition, objects, work.now)
    except IntegrityError:
        pass  # the same form, sent twice at one moment: the other one has made the addition


def _store(work: Work, project: Project, key: str, subject_id: UUID, file: UploadFile) -> None:
    """Count the file, then store it. Raises FieldsRefused where there is no room, Unavailable."""
    installation = work.installation
    firm = Firm(project.organisation_id, installation.settings.partner_storage)
    try:
        with installation.database.write() as session:
            claim_file(session, firm, key, subject_id, file.size or 0, work.now)
    except StorageFull as full:
        raise FieldsRefused({"file": work.gettext(full.sentence).format(**full.arguments)}) from None
    try:
        limit = installation.settings.upload_limit
        installation.objects.put(key, file.file, content_type="application/octet-stream", limit=limit)
    except OSError:
        forget_claims(installation, [key])
        raise Unavailable from None


def _given(  # noqa: PLR0917 -- what the form holds, and where it was handed in
    work: Work, session: Session, project_id: UUID, upload: str, file: UploadFile | None, kind: UploadKind
) -> _Given | None:
    """What the form brings: the file in it, else the upload that it names.

    Raises FieldsRefused where that upload is not there, Unavailable.
    """
    if file is not None and file.filename:
        head = file.file.read(HEAD)
        file.file.seek(0)
        return _Given(_name(file), file.size or 0, head)
    if not upload:
        return None
    try:
        sent = complete_upload(session, _known_id(upload), kind, project_id)
        head = b"".join(work.installation.objects.read(sent.key, 0, HEAD))
    except (UploadMissing, ObjectMissing):
        raise FieldsRefused({"file": work.gettext(UploadMissing.sentence)}) from None
    except OSError:
        raise Unavailable from None
    return _Given(sent.file_name, sent.size, head, sent.subject_id)


def _problem_of_addition(work: Work, project: Project, batch: Batch, given: _Given | None) -> str | None:
    try:
        check_appendable(batch.state)
    except AdditionRefused as refused:
        return work.gettext(refused.sentence)
    pictures = bool(task_type(project.task_type, project.label_config).config.images)
    return _problem_of_file(work, given, pictures=pictures)


def _name(file: UploadFile) -> str:
    return one_line(PurePath(file.filename or "").name) or "upload"


def _id(key: str) -> UUID:
    return _known_id(key) or new_id()


def _known_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _problems(
    work: Work, form: UploadForm, given: _Given | None, *, pictures: bool
) -> tuple[dict[str, str], datetime | None]:
    """A sentence for each field that wants a change, and the deadline as a moment."""
    problems = {}
    if form.purpose not in set(BatchPurpose):
        problems["purpose"] = work.gettext(N_("请选试标或正式。"))
    deadline, problem = read_deadline(form.deadline, work.now, work.gettext)
    if problem:
        problems["deadline"] = problem
    if problem := _problem_of_file(work, given, pictures=pictures):
        problems["file"] = problem
    return problems, deadline


def _problem_of_file(work: Work, given: _Given | None, *, pictures: bool) -> str | None:
    if given is None:
        if pictures:
            return work.gettext(N_("请选一个装着图片的 zip。"))
        return work.gettext(N_("请选一个 Excel（.xlsx）、CSV、JSONL、JSON 或 Parquet 文件。"))
    settings = work.installation.settings
    if given.size > settings.upload_limit:
        return work.gettext(TooLarge.sentence).format(limit_mb=settings.upload_limit_mb)
    try:
        recognise(given.head, given.name, pictures=pictures)
    except FileRefused as refused:
        return work.gettext(refused.sentence).format(**refused.arguments)
    return None
