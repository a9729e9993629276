"""The figures of quality reports, kept with the lot, and whether they are those that counting again would give.

What a lot's figures rest on is fixed once it is delivered, but for three things: items that leave it (the lot's
`content_version`), answers that come late to what stands in it, and the project's settings that they were counted by.
A batch's reviews may go on; how they ended is counted along an index, and which checked answers stood is kept with the
number of ended reviews. What was kept says what it rests on, and is counted anew where that is no longer so; nobody
has to outdate it. So it is always what counting now gives, and submitting costs nothing more.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import dialect_of, insert_into
from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.database import Base, Database
from leye_platform.delivery.models import BatchChecks, Lot, LotItem, LotQuality
from leye_platform.delivery.quality_counting import count_checks, count_part
from leye_platform.delivery.quality_figures import Checks, Part, Quality, quality_from
from leye_platform.delivery.rules import LotItemState
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.projects.task_type import task_type
from leye_platform.review.queries import verdict_counts

WAY_OF_COUNTING = 1
"""Grows when the same rows would be counted otherwise: what was kept before is then counted anew."""
SURELY_COMMITTED = timedelta(minutes=10)
"""Answers get their numbers before they are committed, so of the newest a lower one may still appear."""
FAR_BEHIND = 10_000
"""When so many answers came since, what is kept is noted as seen up to a later one, so that looking stays cheap."""


@dataclass
class Reckoned:
    """A quality report's figures, and the rows to keep of what had to be counted for them (`keep`)."""

    quality: Quality
    news: list[tuple[type[Base], dict[str, Any]]] = field(default_factory=list)


def reckon_lot(session: Session, lot: Lot, now: datetime) -> Reckoned:
    """The figures of what stands in a lot."""
    batch, project = session.get_one(Batch, lot.batch_id), session.get_one(Project, lot.project_id)
    return _reckon(session, batch, project, [lot], now)


def reckon_batch(session: Session, batch: Batch, project: Project, now: datetime) -> Reckoned:
    """The figures of all that was delivered of a batch: the sum of its lots'."""
    delivered = select(Lot).where(Lot.batch_id == batch.id, Lot.delivered_at.is_not(None)).order_by(Lot.sequence)
    return _reckon(session, batch, project, session.scalars(delivered).all(), now)


def keep(database: Database, reckoned: Reckoned) -> None:
    """Keep what had to be counted. Of two at once the later stays; each says truly what it rests on."""
    if not reckoned.news:
        return
    with database.write() as session:
        for model, row in reckoned.news:
            table = Base.metadata.tables[model.__tablename__]
            adding = insert_into(dialect_of(session), table)
            changed = {name: adding.excluded[name] for name in row if name not in table.primary_key.columns}
            session.execute(adding.on_conflict_do_update(index_elements=table.primary_key.columns, set_=changed), row)


def kept_in_brief(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, tuple[int, int, float]]:
    """Of lots whose kept figures still hold: how many items, how many a reviewer settled, the sum of confidences."""
    rows = session.execute(
        select(LotQuality.lot_id, LotQuality.items, LotQuality.reviewed, LotQuality.confidence_sum)
        .join(Lot, Lot.id == LotQuality.lot_id)
        .where(LotQuality.lot_id.in_(lot_ids), LotQuality.content_version == Lot.content_version)
    )
    return {lot_id: (items, reviewed, confidence_sum) for lot_id, items, reviewed, confidence_sum in rows}


def _reckon(session: Session, batch: Batch, project: Project, lots: Sequence[Lot], now: datetime) -> Reckoned:
    """What each part rests on is read before the part is counted: a change in between shows at the next look."""
    basis, news = _basis(project), list[tuple[type[Base], dict[str, Any]]]()
    seen_to = _seen_to(session, batch.id, now)
    rows = session.scalars(select(LotQuality).where(LotQuality.lot_id.in_([lot.id for lot in lots])))
    kept = {row.lot_id: row for row in rows}
    came = _answers_since(session, batch.id, {row.lot_id: row.answers_to for row in kept.values()})
    missing, parts = list[Lot](), dict[UUID, Part]()
    for lot in lots:
        row = kept.get(lot.id)
        here = row is not None and (row.content_version, row.basis) == (lot.content_version, basis)
        if row is not None and here and row.answers_after == came.get(lot.id, 0):
            parts[lot.id] = Part.model_validate(row.figures)
        else:
            missing.append(lot)
    behind = [lot for lot in lots if lot.id in parts and seen_to - kept[lot.id].answers_to > FAR_BEHIND]
    after = _answers_since(session, batch.id, {lot.id: seen_to for lot in [*missing, *behind]})
    for lot in missing:
        parts[lot.id] = count_part(session, lot, project)
    for lot in [*missing, *behind]:
        row_of = _row(lot, parts[lot.id], basis)
        news.append((LotQuality, row_of | {"answers_to": seen_to, "answers_after": after.get(lot.id, 0)}))
    verdicts = verdict_counts(session, batch.id)
    checks = _checks(session, batch, project, sum(verdicts.values()), news) if lots else Checks()
    return Reckoned(quality_from([parts[lot.id] for lot in lots], project, verdicts, checks), news)


def _basis(project: Project, *more: float) -> str:
    pipeline = Pipeline.model_validate(project.pipeline)
    told = (WAY_OF_COUNTING, project.task_type, project.label_config, pipeline.overlap_start() > 1, *more)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _row(lot: Lot, part: Part, basis: str) -> dict[str, Any]:
    return {
        "lot_id": lot.id,
        "content_version": lot.content_version,
        "basis": basis,
        "items": part.items,
        "reviewed": part.settled.items,
        "confidence_sum": part.settled.total + part.others.total,
        "figures": part.model_dump(mode="json"),
    }


def _seen_to(session: Session, batch_id: UUID, now: datetime) -> int:
    """Up to which number no answer of the batch can appear any more."""
    committed = (Response.batch_id == batch_id, Response.submitted_at < now - SURELY_COMMITTED)
    newest = select(Response.number).where(*committed).order_by(Response.number.desc()).limit(1)
    return session.scalar(newest) or 0


def _answers_since(session: Session, batch_id: UUID, since: Mapping[UUID, int]) -> dict[UUID, int]:
    """By lot, how many answers to what stands in it have a number above the given one."""
    if not since:
        return {}
    rows = session.execute(
        select(LotItem.lot_id, func.count())
        .join(Response, Response.item_id == LotItem.item_id)
        .where(Response.batch_id == batch_id, Response.number > min(since.values()), Response.round != GOLD_ROUND)
        .where(LotItem.lot_id.in_(since), LotItem.state == LotItemState.INCLUDED)
        .where(Response.number > case(dict(since), value=LotItem.lot_id))
        .group_by(LotItem.lot_id)
    )
    return dict(rows.all())


def _checks(
    session: Session, batch: Batch, project: Project, settled: int, news: list[tuple[type[Base], dict[str, Any]]]
) -> Checks:
    """Of several people's answers none is drawn."""
    pipeline = Pipeline.model_validate(project.pipeline)
    if pipeline.kind is PipelineKind.CONSENSUS or not settled:
        return Checks()
    basis = _basis(project, pipeline.check_share)
    row = session.get(BatchChecks, batch.id)
    if row is not None and (row.settled, row.basis) == (settled, basis):
        return Checks(row.checked, row.found_right)
    kind = task_type(project.task_type, project.label_config)
    found = Checks(*count_checks(session, batch.id, kind, pipeline.check_share))
    counted = {"checked": found.checked, "found_right": found.found_right}
    news.append((BatchChecks, {"batch_id": batch.id, "settled": settled, "basis": basis} | counted))
    return found
