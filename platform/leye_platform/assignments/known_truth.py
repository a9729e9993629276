"""What a decided item that serves as gold is known to be, for as long as that stands; in SQL, beside one micro-task.

It stands while nothing has come after its decision, its batch is neither cancelled nor to be erased, and the guide that
it was decided under is in force. Whoever gets such an item, and whatever an answer is held against, asks here at that
moment: what happens to an item needs to know nothing of gold.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, select

from leye_platform.assignments.core_tables import (
    batches,
    decisions,
    guide_versions,
    micro_tasks,
    one_of,
    renewed_gold,
)
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.projects.rules import BatchState, DataState, ItemState

IN_GOLD_ROUND: ColumnElement[int] = sa.literal_column(str(GOLD_ROUND))
WITH_RESULT = frozenset({ItemState.DECIDED, ItemState.DELIVERED, ItemState.ACCEPTED})
LENDING = frozenset({BatchState.OPEN, BatchState.CLOSED})
"""Batches whose decided items may serve as gold: one that is paused or cancelled has something amiss."""

of, decided, task, home = (
    renewed_gold.alias("known_gold"),
    decisions.alias("known_decision"),
    micro_tasks.alias("known_task"),
    batches.alias("known_home"),
)
_later, _guide, _newer_guide = (
    decisions.alias("later_decision"),
    guide_versions.alias("known_guide"),
    guide_versions.alias("newer_guide"),
)
DECISION_STANDS: ColumnElement[bool] = and_(
    decided.c.fell_at.is_(None),
    one_of(task.c.state, WITH_RESULT),
    ~exists().where(_later.c.microtask_id == decided.c.microtask_id, _later.c.version > decided.c.version),
)
MAY_BE_LENT: ColumnElement[bool] = and_(
    one_of(home.c.state, LENDING), one_of(home.c.data_state, [DataState.KEPT]), home.c.erase_at.is_(None)
)
GUIDE_IN_FORCE: ColumnElement[bool] = ~exists(
    select(_newer_guide.c.id)
    .select_from(_guide)
    .join(_newer_guide, _newer_guide.c.project_id == _guide.c.project_id)
    .where(_guide.c.id == decided.c.guide_id, _newer_guide.c.version > _guide.c.version)
    .correlate(decided)
)


def known(column: ColumnElement[Any], microtask_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """A column of the decision that is known of this micro-task; None where none stands. By primary keys."""
    return (
        select(column)
        .select_from(of)
        .join(decided, decided.c.id == of.c.decision_id)
        .join(task, task.c.id == of.c.microtask_id)
        .join(home, home.c.id == of.c.batch_id)
        .where(
            of.c.microtask_id == microtask_id,
            of.c.retired_at.is_(None),
            DECISION_STANDS,
            MAY_BE_LENT,
            GUIDE_IN_FORCE,
        )
        .scalar_subquery()
    )


def known_labels(microtask_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """What the decision says."""
    return known(decided.c.labels, microtask_id)


def serves_still(round_: ColumnElement[int], microtask_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a slot may be handed out: always, but for a decided item whose decision is not known any more."""
    return sa.case((round_ == IN_GOLD_ROUND, known(decided.c.id, microtask_id).is_not(None)), else_=sa.true())
