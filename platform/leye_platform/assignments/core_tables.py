"""The tables of the hot path as Core sees them: no identity map, no unit of work, one row at a time."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Executable, Table, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from leye_platform.tables import METADATA

# Taken from the whole metadata: a foreign key's column has its type only once the other table is known.
_tables = METADATA.tables
slots, cursors, work_records = _tables["slots"], _tables["cursors"], _tables["work_records"]
assignments, drafts, responses = _tables["assignments"], _tables["drafts"], _tables["responses"]
active_time_events, sealed_records = _tables["active_time_events"], _tables["sealed_records"]
annotator_skills, skill_fits = _tables["annotator_skills"], _tables["skill_fits"]
projects, batches, items, micro_tasks = (_tables[name] for name in ("projects", "batches", "items", "micro_tasks"))
guide_versions, guide_readings, pay_rates = (
    _tables[name] for name in ("guide_versions", "guide_readings", "pay_rates")
)
reviews, decisions = _tables["reviews"], _tables["decisions"]
lots, lot_items = _tables["lots"], _tables["lot_items"]
item_decisions, replaced_answers = _tables["item_decisions"], _tables["replaced_answers"]
people, teams, team_members = _tables["people"], _tables["teams"], _tables["team_members"]
memberships, price_cards = _tables["memberships"], _tables["price_cards"]
work_runs, reservations = _tables["work_runs"], _tables["reservations"]
renewed_gold = _tables["renewed_gold"]

# Literal, never bound: the planner takes a partial index only where it can read the condition.
OPEN: ColumnElement[str] = literal_column("'open'")
HELD: ColumnElement[str] = literal_column("'held'")
LEASED: ColumnElement[str] = literal_column("'leased'")
RELEASED: ColumnElement[str] = literal_column("'released'")
ANSWERED_OR_HELD: tuple[ColumnElement[str], ...] = (
    LEASED,
    literal_column("'submitted'"),
    literal_column("'expired'"),
)
"""The condition of the index on an assignment's micro-task, in its words."""


def is_split(item_id: sa.SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether an item has several parts; answered by the index on item, step and part."""
    further = micro_tasks.alias("further_part")
    return sa.exists().where(further.c.item_id == item_id, further.c.part > 1)


def one_of(column: ColumnElement[Any], states: Iterable[StrEnum]) -> ColumnElement[bool]:
    """Whether a column holds one of these constants; written out, so that the statement can be prepared."""
    return column.in_([literal_column(f"'{state.value}'") for state in sorted(states)])


def dialect_of(session: Session) -> str:
    """`sqlite` or `postgresql`; statements that differ are built once for each."""
    return session.get_bind().dialect.name


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def affected(session: Session, statement: Executable, parameters: Sequence[dict[str, Any]] | dict[str, Any]) -> int:
    """Run an UPDATE or DELETE; how many rows it touched."""
    return cast(sa.CursorResult[Any], session.execute(statement, parameters)).rowcount
