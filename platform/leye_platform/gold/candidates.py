"""Decided items that could serve as gold: those whose decision more than its own authors vouch for. Read only.

Only the newest decisions of the newest batches are looked at (`ix_decisions_batch_id_decided_at`).
"""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import Select, exists, or_, select, true
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import decisions, is_split, renewed_gold
from leye_platform.assignments.known_truth import DECISION_STANDS, GUIDE_IN_FORCE, MAY_BE_LENT, decided, home, task
from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import ProposalUse
from leye_platform.gold.rules import LEAST_VOUCHERS, SURE
from leye_platform.gold.vouchers import vouchers
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.task_type import task_type
from leye_platform.review.rules import DecisionMethod
from leye_task_templates.consensus import Labels

BATCHES, LOOKED_AT, FOUND = 10, 1_000, 200
"""So many batches, decisions in each, and candidates in all."""


def candidates_of(session: Session, project: Project) -> list[UUID]:
    """Micro-tasks of the project that could be taken into use, those first that a reviewer has settled."""
    batches = session.scalars(
        select(Batch.id).where(Batch.project_id == project.id).order_by(Batch.number.desc()).limit(BATCHES)
    ).all()
    settled: list[UUID] = []
    sure: dict[UUID, tuple[int, Labels]] = {}
    for batch_id in batches:
        if len(settled) + len(sure) >= FOUND:
            break
        for row in session.execute(_decided_lately(batch_id, project)):
            if row.method is DecisionMethod.REVIEW:
                settled.append(row.microtask_id)
            else:
                sure[row.microtask_id] = (row.round, row.labels)
    return settled + _vouched_for(session, project, sure)


def _decided_lately(batch_id: UUID, project: Project) -> Select[*tuple[object, ...]]:
    newest = (
        select(decisions.c.id)
        .where(decisions.c.batch_id == batch_id)
        .order_by(decisions.c.decided_at.desc())
        .limit(LOOKED_AT)
    )
    return (
        select(decided.c.microtask_id, decided.c.method, decided.c.round, decided.c.labels)
        .select_from(decided)
        .join(task, task.c.id == decided.c.microtask_id)
        .join(home, home.c.id == decided.c.batch_id)
        .where(
            decided.c.id.in_(newest),
            or_(
                decided.c.method == DecisionMethod.REVIEW,
                (decided.c.method == DecisionMethod.CONSENSUS) & (decided.c.confidence >= SURE),
            ),
            DECISION_STANDS,
            MAY_BE_LENT,
            GUIDE_IN_FORCE,
            task.c.gold_labels.is_(None),
            # What begins from a proposal as work would not do so as gold, and so be told from it.
            task.c.proposal.is_(None) if project.show_proposals else true(),
            ~is_split(task.c.item_id),
            ~exists().where(renewed_gold.c.microtask_id == decided.c.microtask_id),
        )
        .order_by(decided.c.decided_at.desc())
        .limit(FOUND)
    )


def _vouched_for(session: Session, project: Project, sure: dict[UUID, tuple[int, Labels]]) -> list[UUID]:
    """Of those that people agreed on, the ones that enough people gave who are known by gold of their own.

    Whoever began from a proposal is not heard: they may have kept it.
    """
    kind = task_type(project.task_type, project.label_config)
    heard = vouchers(session, project)
    if not heard or not sure:
        return []
    given = select(Response.microtask_id, Response.person_id, Response.round, Response.labels)
    here = (Response.microtask_id.in_(sure), Response.proposal_use == ProposalUse.NONE)
    agreed: dict[UUID, set[UUID]] = defaultdict(set)
    for microtask_id, person_id, round_, labels in session.execute(given.where(*here)):
        own_round, truth = sure[microtask_id]
        if round_ == own_round and person_id in heard and kind.consensus.same(labels, truth):
            agreed[microtask_id].add(person_id)
    return [microtask_id for microtask_id in sure if len(agreed[microtask_id]) >= LEAST_VOUCHERS]
