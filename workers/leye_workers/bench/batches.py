"""What benchmarks read in: a batch in a project of its own, and the job that reads its file."""

import io
from collections.abc import Callable
from typing import BinaryIO
from uuid import UUID

from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.accounts.service.organisations import create_organisation
from leye_platform.accounts.service.people import NewPerson, add_person, add_role
from leye_platform.installation import Installation
from leye_platform.projects.ingest.run import run_ingest
from leye_platform.projects.models import Batch
from leye_platform.projects.new_project import NewProject, create_project
from leye_platform.projects.rules import BatchPurpose
from leye_platform.projects.service import ask_for_ingest, create_batch, open_batch, store_upload
from leye_workers.batch_import import first_admin


def waiting_batch(site: Installation, name: str, config: str) -> UUID:
    """A batch that waits for the file of this name."""
    now = site.clock.now()
    with site.database.write() as session:
        operator = create_organisation(session, OrganisationKind.OPERATOR, f"Operator of {name}", now)
        add_role(session, add_person(session, NewPerson("Admin"), now), Role.ADMIN, operator, now)
        given = NewProject(
            organisation_id=create_organisation(session, OrganisationKind.PARTNER, f"Partner of {name}", now).id,
            title=name,
            label_config=config,
            pipeline={"kind": "single_check", "check_share": 0.1},
            guide="# 怎么选\n\n按整条评论的意思选。",
            unit_price="0.30",
            answer_pay="0.06",
        )
        project = create_project(session, first_admin(session), given, now)
        purpose = BatchPurpose.PRODUCTION
        return create_batch(
            session, first_admin(session), project, name, purpose=purpose, file_names=[name], now=now
        ).id


def reading(site: Installation, batch_id: UUID, file: bytes | BinaryIO) -> Callable[[], None]:
    """Stores the batch's file, and gives the job that reads it."""
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    store_upload(site.objects, batch_id, 1, stream, 1 << 40)
    with site.database.write() as session:
        batch = session.get_one(Batch, batch_id)
        job_id = ask_for_ingest(session, first_admin(session), batch, site.objects, site.clock.now()).ingest_job
    assert job_id is not None, "a batch that is being read has a job"  # noqa: S101
    return lambda: run_ingest(site, job_id, batch_id)


def read_and_open(site: Installation, batch_id: UUID, file: bytes | BinaryIO) -> None:
    """Reads the batch's file, and opens it for work."""
    reading(site, batch_id, file)()
    with site.database.write() as session:
        open_batch(session, first_admin(session), session.get_one(Batch, batch_id), site.clock.now())
