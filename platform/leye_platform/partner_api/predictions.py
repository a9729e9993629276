"""Proposals that come after their tasks."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import assignments
from leye_platform.assignments.errors import ItemInParts
from leye_platform.partner_api.errors import NothingToImport, ProposalStays
from leye_platform.projects.ingest.proposals import OTHER_WORDS, PROPOSAL_WORDS, ProposalRefused, propose
from leye_platform.projects.models import Batch, Item, MicroTask, Project
from leye_platform.projects.rules import ItemState
from leye_platform.projects.task_type import task_type


def propose_for(session: Session, item: Item, project: Project, given: Mapping[str, Any]) -> None:
    """Give a task's first annotator something to begin from.

    Raises ProposalStays where somebody has begun, NothingToImport where the label config does not allow it.
    """
    task = _untouched(session, item)
    kind = task_type(project.task_type, project.label_config)
    try:
        proposals = propose(kind, [task.content], [dict(given)])
    except ProposalRefused as refused:
        raise NothingToImport(problem=PROPOSAL_WORDS.get(refused.code, OTHER_WORDS)) from None
    if not proposals:
        raise NothingToImport(problem="result")
    if task.proposal is None:
        session.get_one(Batch, item.batch_id).proposals_in += 1
    task.proposal = proposals[0]
    session.flush()


def forget_proposal(session: Session, item: Item) -> None:
    """Take a proposal back. Raises ProposalStays."""
    task = _untouched(session, item)
    if task.proposal is not None:
        session.get_one(Batch, item.batch_id).proposals_in -= 1
    task.proposal = None
    session.flush()


def _untouched(session: Session, item: Item) -> MicroTask:
    """The task's micro-task, locked, while nobody has had it in hand. Raises ProposalStays, ItemInParts."""
    task = session.scalars(
        select(MicroTask)
        .where(MicroTask.item_id == item.id, MicroTask.part == 1)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    if session.scalar(select(exists().where(MicroTask.item_id == item.id, MicroTask.part > 1))):
        raise ItemInParts
    begun = session.scalar(select(exists().where(assignments.c.microtask_id == task.id)))
    if task.state is not ItemState.WAITING or begun or item.gold_result is not None:
        raise ProposalStays
    return task
