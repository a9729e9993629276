"""Proposals on the tasks of a batch, as reading a file leaves them there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import ProposalUse
from leye_platform.database import Database
from leye_platform.projects.models import Batch, MicroTask, Project


def put_proposals(database: Database, batch_id: UUID, result: Sequence[dict[str, Any]], *, shown: bool = True) -> None:
    """Give every task of the batch this proposal, gold ones too, and say whether the project shows it."""
    proposal = {"result": list(result), "model_version": "m-7", "score": 0.8}
    with database.write() as session:
        session.execute(update(MicroTask).where(MicroTask.batch_id == batch_id).values(proposal=proposal))
        project_id = session.get_one(Batch, batch_id).project_id
        session.execute(update(Project).where(Project.id == project_id).values(show_proposals=shown))


def use_of(database: Database, assignment_id: UUID) -> ProposalUse:
    """What the answer made of its proposal."""
    with database.read() as session:
        return session.scalars(select(Response).where(Response.assignment_id == assignment_id)).one().proposal_use
