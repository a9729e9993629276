"""A batch from files on this machine, or more for one, as `leye import` makes it, in the name of the first admin."""

import csv
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.rules import PersonState, Role
from leye_platform.actor import Actor, Standing
from leye_platform.holdings.files import claim_key, claim_stored
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.outbox import OutboxRow
from leye_platform.projects.addition_queries import Span, span_of
from leye_platform.projects.additions import addition_folder, ask_for_addition, create_addition, store_addition
from leye_platform.projects.errors import BatchMissing, ProjectMissing
from leye_platform.projects.models import Addition, Batch, Project, RefusedRow
from leye_platform.projects.rules import BatchPurpose, BatchState
from leye_platform.projects.service import ask_for_ingest, create_batch, open_batch, store_upload, upload_key
from leye_workers.execution import Execution
from leye_workers.locks import locks_for
from leye_workers.refusals import CommandRefused

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 3.0
"""A job that is still not done after this long is run here, unless a runner has it."""
REPORT_HEADER = ("row", "external_id", "problem", "original")


@dataclass(frozen=True)
class Imported:
    """What became of the files; `problem` is set where they were refused whole, or not read to their end.

    `rows_known`: rows that the batch had already, where they were added to one.
    """

    batch_id: UUID
    rows_in: int
    rows_refused: int
    problem: str | None
    rows_known: int | None = None


def import_files(
    installation: Installation, project: str, files: Sequence[Path], report: Path, *, open_it: bool
) -> Imported:
    """Store the files, have them read, wait for it, and write the refused rows to `report`.

    Raises ProjectMissing, CommandRefused, ObjectTooLarge, OSError, and what open_batch raises.
    """
    limit = installation.settings.upload_limit
    with ExitStack() as stack:
        streams = [stack.enter_context(file.open("rb")) for file in files]
        with installation.database.write() as session:
            actor = first_admin(session)
            batch = create_batch(
                session,
                actor,
                find_project(session, project),
                files[0].stem,
                purpose=BatchPurpose.PRODUCTION,
                file_names=[file.name for file in files],
                now=installation.clock.now(),
            )
            session.flush()
            session.expunge(batch)
        for number, stream in enumerate(streams, start=1):
            claim_key(installation, upload_key(batch.id, number), files[number - 1].stat().st_size)
            store_upload(installation.objects, batch.id, number, stream, limit)
    job_id = _ask(installation, actor, batch.id)
    _wait_for(installation, job_id)
    imported = _write_report(installation, batch.id, report)
    if open_it and imported.problem is None:
        with installation.database.write() as session:
            open_batch(session, actor, session.get_one(Batch, batch.id), installation.clock.now())
    return imported


def append_files(installation: Installation, project: str, batch: str, files: Sequence[Path], report: Path) -> Imported:
    """Add the files to a batch that was read, as one addition; wait for it, and write its refused rows to `report`.

    Raises ProjectMissing, BatchMissing, the kinds of AdditionRefused, AdditionUnderway, CommandRefused,
    ObjectTooLarge, OSError.
    """
    limit, objects, addition_id = installation.settings.upload_limit, installation.objects, new_id()
    with installation.database.read() as session:
        batch_id = find_batch(session, find_project(session, project), batch).id
    with ExitStack() as stack:
        for number, file in enumerate(files, start=1):
            store_addition(objects, addition_id, number, stack.enter_context(file.open("rb")), limit)
    with installation.database.write() as session:
        actor, now = first_admin(session), installation.clock.now()
        locked = session.get_one(Batch, batch_id, with_for_update=True)
        create_addition(session, actor, locked, [file.name for file in files], now, addition_id=addition_id)
        usual_limit = installation.settings.partner_storage
        claim_stored(session, objects, f"{addition_folder(addition_id)}/", usual_limit, now)
    # Apart from the first: where another one is being read, this one stands on the batch's page and waits.
    with installation.database.write() as session:
        session.get_one(Batch, batch_id, with_for_update=True)
        addition = session.get_one(Addition, addition_id)
        job_id = ask_for_addition(session, actor, addition, objects, now).job_id
    assert job_id is not None, "an addition that is being read has a job"  # noqa: S101
    _wait_for(installation, job_id)
    with installation.database.read() as session:
        addition = session.get_one(Addition, addition_id)
        _write_rows(session, batch_id, span_of(session, batch_id, addition), report)
        return Imported(batch_id, addition.rows_in, addition.rows_refused, addition.problem, addition.rows_known)


def find_batch(session: Session, project: Project, wanted: str) -> Batch:
    """A batch of the project by id or number.

    Raises BatchMissing.
    """
    query = select(Batch).where(Batch.project_id == project.id)
    try:
        query = query.where(Batch.id == UUID(wanted))
    except ValueError:
        query = query.where(Batch.number == (int(wanted) if wanted.isdecimal() else -1))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise BatchMissing
    return found


def find_project(session: Session, wanted: str) -> Project:
    """A project by id, number or title.

    Raises ProjectMissing.
    """
    query = select(Project)
    try:
        query = query.where(Project.id == UUID(wanted))
    except ValueError:
        query = query.where(Project.number == int(wanted) if wanted.isdecimal() else Project.title == wanted)
    found = session.scalars(query.order_by(Project.number).limit(1)).one_or_none()
    if found is None:
        raise ProjectMissing
    return found


def first_admin(session: Session) -> Actor:
    """The operator's first admin, in whose name the command line acts.

    Raises CommandRefused.
    """
    row = session.execute(
        select(Person, Membership, Organisation)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.role == Role.ADMIN, Person.state == PersonState.ACTIVE)
        .order_by(Person.number)
        .limit(1)
    ).first()
    if row is None:
        raise CommandRefused("there is no admin yet, in whose name to act: `leye user add EMAIL --role admin`")
    person, membership, organisation = row
    standing = Standing(organisation_id=organisation.id, kind=organisation.kind, role=membership.role)
    return Actor(person.id, person.number, person.name, person.staff_number, (standing,))


def _ask(installation: Installation, actor: Actor, batch_id: UUID) -> UUID:
    with installation.database.write() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        ask_for_ingest(session, actor, batch, installation.objects, installation.clock.now())
        assert batch.ingest_job is not None, "a batch that is being read has a job"  # noqa: S101
        return batch.ingest_job


def _wait_for(installation: Installation, job_id: UUID) -> None:
    """Until the job is done. Raises CommandRefused where it has failed."""
    execution = Execution(installation, locks_for(installation))
    patient_until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with installation.database.read() as session:
            row = session.get_one(OutboxRow, job_id)
        if row.done_at is not None:
            return
        if row.failed_at is not None:
            raise CommandRefused(f"the files could not be read: {row.problem}")
        if time.monotonic() > patient_until:
            execution.run(job_id)
            patient_until = time.monotonic() + PATIENCE_SECONDS
        time.sleep(POLL_SECONDS)


def _write_report(installation: Installation, batch_id: UUID, report: Path) -> Imported:
    with installation.database.read() as session:
        batch = session.get_one(Batch, batch_id)
        _write_rows(session, batch_id, span_of(session, batch_id), report)
        failed = batch.state is BatchState.FAILED
        return Imported(batch.id, batch.rows_in, batch.rows_refused, batch.problem if failed else None)


def _write_rows(session: Session, batch_id: UUID, span: Span, report: Path) -> None:
    """The refused rows of a span, numbered as in the files."""
    refused = session.execute(
        select(RefusedRow.row - span.after, RefusedRow.external_id, RefusedRow.problem, RefusedRow.original)
        .where(*span.rows(batch_id))
        .order_by(RefusedRow.row)
        .execution_options(yield_per=1000)
    )
    with report.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(REPORT_HEADER)
        writer.writerows(tuple(row) for row in refused)
