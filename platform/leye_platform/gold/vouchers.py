"""Whose word counts on an item that no reviewer has settled. Read only.

Index: `ix_responses_microtask_id_round` finds the answers to what serves as gold.
"""

from collections import Counter, defaultdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response, WorkRecord
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.gold.models import RenewedGold
from leye_platform.gold.rules import VOUCHER_ANSWERS, Retired, vouches
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import DataState
from leye_platform.projects.task_type import task_type
from leye_platform.review.models import Decision
from leye_platform.review.rules import DecisionMethod


def vouchers(session: Session, project: Project) -> set[UUID]:
    """Whose word counts on an item that no reviewer has settled: people known by gold of their own in the project.

    By gold from files and what reviewers settled. Answers to what people agreed on are left out: else a group that errs
    alike would make vouchers of its own.
    """
    records = select(WorkRecord.person_id, WorkRecord.gold_answers, WorkRecord.gold_right)
    of_project = records.where(WorkRecord.project_id == project.id, WorkRecord.gold_answers >= VOUCHER_ANSWERS)
    agreed = _of_what_people_agreed_on(session, project)
    return {
        person
        for person, answers, right in session.execute(of_project)
        if vouches(answers - agreed[person].total(), right - agreed[person][True])
    }


def _of_what_people_agreed_on(session: Session, project: Project) -> dict[UUID, Counter[bool]]:
    """By person, how many of their gold answers were to items that people agreed on, by whether they count as right.

    Where that cannot be told any more, because the decision fell or the content is gone, they count as right: nobody
    becomes a voucher by them.
    """
    kind = task_type(project.task_type, project.label_config)
    answers = (
        select(Response.person_id, Response.labels, Decision.labels, RenewedGold.retired_for, Batch.data_state)
        .select_from(RenewedGold)
        .join(Decision, Decision.id == RenewedGold.decision_id)
        .join(Batch, Batch.id == RenewedGold.batch_id)
        .join(Response, (Response.microtask_id == RenewedGold.microtask_id) & (Response.round == GOLD_ROUND))
        .where(RenewedGold.project_id == project.id, Decision.method == DecisionMethod.CONSENSUS)
    )
    found: dict[UUID, Counter[bool]] = defaultdict(Counter)
    for person_id, labels, truth, retired_for, data_state in session.execute(answers):
        told = retired_for in {None, Retired.WORN} and data_state is DataState.KEPT
        found[person_id][not told or kind.consensus.same(labels, truth)] += 1
    return found
