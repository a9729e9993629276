"""The items that an export gives, read in chunks so that memory stays flat.

Rows are read as plain columns, lot by lot or batch by batch, each along an index that has them in order already: so a
chunk costs the same at the start and at the end of a million.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.projects.models import Batch, GuideVersion, Item, MicroTask, Project
from leye_platform.projects.rules import DataState, ItemState
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.join import joined_of
from leye_platform.review.models import Decision
from leye_task_templates.class_names import classes_of, renamed

CHUNK = 1000
DECIDED = (ItemState.DECIDED, ItemState.DELIVERED, ItemState.ACCEPTED)
KEPT = Batch.data_state == DataState.KEPT
"""Of what was erased nothing is given."""
GIVEN = (LotState.DELIVERED, LotState.ACCEPTED, LotState.INVOICED)


class ExportRow(NamedTuple):
    """One item with its annotation, its classes called as the export calls them. lot: empty where it has none."""

    number: int
    item_id: UUID
    external_id: str | None
    project_id: UUID
    data: dict[str, Any]
    result: list[Any]
    confidence: float
    guide_version: int
    lot: str
    kind: TaskType

    @property
    def label(self) -> str:
        """The annotation in one cell."""
        return self.kind.template.cell(self.kind.config, self.result)


@dataclass(frozen=True)
class ExportRows:
    """The rows of one export, read when they are iterated over, and what holds for all of them.

    `names`: what to call a class, where that is not its own name. `open_picture` gives the bytes of a picture as the
    item's data name it, or None where it is not kept here.
    """

    project_id: UUID
    kind: TaskType
    names: Mapping[str, str]
    read: Callable[[], Iterator[ExportRow]]
    open_picture: Callable[[Any], bytes | None] | None = None

    def __iter__(self) -> Iterator[ExportRow]:
        return self.read()

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class of the label config, in its order, called as the export calls it."""
        called = (self.names.get(choice.value, choice.value) for choice in classes_of(self.kind.config))
        return tuple(dict.fromkeys(called))


def lot_rows(session: Session, lot_id: UUID, names: Mapping[str, str]) -> ExportRows:
    """The items that stand in one lot."""
    lot = session.get_one(Lot, lot_id)
    included = LotItem.state == LotItemState.INCLUDED
    return _rows(
        session, lot.project_id, names, lambda source: _of_lots(session, source, (Lot.id == lot_id,), included)
    )


def project_rows(session: Session, project_id: UUID, names: Mapping[str, str], *, after_lot: int = 0) -> ExportRows:
    """The items of a project that were delivered and not sent back, in the order of their lots.

    after_lot: only those of lots numbered after it. An item that was sent back stands in a later lot alone, so these
    also hold all that changed.
    """
    lots = (Lot.project_id == project_id, Lot.sequence > after_lot, Lot.state.in_(GIVEN))
    included = LotItem.state == LotItemState.INCLUDED
    return _rows(session, project_id, names, lambda source: _of_lots(session, source, lots, included))


def rows_given(
    session: Session, project_id: UUID, names: Mapping[str, str], *, at: datetime, after_lot: int = 0
) -> ExportRows:
    """What the partner held at a moment, of the lots numbered after `after_lot`: the same whenever it is read."""
    lots, included = _given(project_id, at, after_lot)
    return _rows(session, project_id, names, lambda source: _of_lots(session, source, lots, included))


def count_given(session: Session, project_id: UUID, *, at: datetime, after_lot: int) -> int:
    """How many items `rows_given` gives."""
    lots, included = _given(project_id, at, after_lot)
    found = select(func.count()).select_from(LotItem).join(Lot).join(Batch, Batch.id == Lot.batch_id)
    return session.scalar(found.where(*lots, included, KEPT)) or 0


def _given(
    project_id: UUID, at: datetime, after_lot: int
) -> tuple[tuple[ColumnElement[bool], ...], ColumnElement[bool]]:
    lots = (Lot.project_id == project_id, Lot.sequence > after_lot, Lot.delivered_at <= at)
    return lots, or_(LotItem.state == LotItemState.INCLUDED, LotItem.sent_back_at > at)


def decided_rows(session: Session, project_id: UUID, names: Mapping[str, str]) -> ExportRows:
    """All decided items of a project, in a lot or not, gold items aside; batch by batch, in the order of their rows.

    Each with its newest decision; one in parts with what they were joined to.
    """
    return _rows(session, project_id, names, lambda source: _decided(session, source))


class _Source(NamedTuple):
    project_id: UUID
    kind: TaskType
    names: Mapping[str, str]


def _rows(
    session: Session, project_id: UUID, names: Mapping[str, str], read: Callable[[_Source], Iterator[ExportRow]]
) -> ExportRows:
    name, config = session.execute(
        select(Project.task_type, Project.label_config).where(Project.id == project_id)
    ).one()
    source = _Source(project_id, task_type(name, config), names)
    return ExportRows(project_id, source.kind, names, lambda: read(source))


_LOT_ITEM = (
    Item.number,
    Item.id,
    Item.external_id,
    Item.data,
    LotItem.result,
    LotItem.confidence,
    LotItem.guide_version,
)


def _of_lots(
    session: Session, source: _Source, lots: tuple[ColumnElement[bool], ...], included: ColumnElement[bool]
) -> Iterator[ExportRow]:
    """Along the primary key of `lot_items`. Ids grow with time, so a lot's items come as they were uploaded."""
    kept = select(Lot.id, Lot.sequence).join(Batch, Batch.id == Lot.batch_id).where(*lots, KEPT)
    for lot_id, sequence in session.execute(kept.order_by(Lot.sequence)).all():
        query = (
            select(*_LOT_ITEM)
            .select_from(LotItem)
            .join(Item, Item.id == LotItem.item_id)
            .where(LotItem.lot_id == lot_id, included)
            .order_by(LotItem.item_id)
            .limit(CHUNK)
        )
        lot, last = f"L-{sequence:02}", None
        while True:
            found = session.execute(query if last is None else query.where(LotItem.item_id > last)).all()
            for number, item_id, external_id, data, result, confidence, guide in found:
                yield ExportRow(
                    number,
                    item_id,
                    external_id,
                    source.project_id,
                    data,
                    renamed(result, source.names),
                    confidence,
                    guide,
                    lot,
                    source.kind,
                )
            if len(found) < CHUNK:
                break
            last = found[-1][1]


def _decided(session: Session, source: _Source) -> Iterator[ExportRow]:
    guides = select(GuideVersion.id, GuideVersion.version).where(GuideVersion.project_id == source.project_id)
    versions: dict[UUID, int] = dict(session.execute(guides).all())
    batches = select(Batch.id).where(Batch.project_id == source.project_id, KEPT).order_by(Batch.number)
    for batch_id in session.scalars(batches).all():
        last = session.scalar(select(func.max(Item.row)).where(Item.batch_id == batch_id)) or 0
        for start in range(0, last, CHUNK):
            yield from _window(session, source, versions, batch_id, start)


def _window(
    session: Session, source: _Source, versions: Mapping[UUID, int], batch_id: UUID, start: int
) -> Iterator[ExportRow]:
    """The decided items of a batch among the rows start + 1 to start + CHUNK."""
    decisions = session.execute(
        select(
            Item.number,
            Item.id,
            Item.external_id,
            Item.data,
            MicroTask.part,
            Decision.result,
            Decision.confidence,
            Decision.guide_id,
        )
        .join(Decision, Decision.item_id == Item.id)
        .join(MicroTask, MicroTask.id == Decision.microtask_id)
        .where(
            Item.batch_id == batch_id,
            Item.row > start,
            Item.row <= start + CHUNK,
            Item.state.in_(DECIDED),
            Item.gold_result.is_(None),
        )
        .order_by(Item.row, MicroTask.step, MicroTask.part, Decision.version)
    )
    items: dict[int, tuple[UUID, str | None, Any]] = {}
    decided: dict[UUID, tuple[list[Any], float, int]] = {}
    in_parts: set[UUID] = set()
    for number, item_id, external_id, data, part, result, confidence, guide_id in decisions:
        items.setdefault(number, (item_id, external_id, data))
        if part > 1:
            in_parts.add(item_id)
        # Of several versions the newest comes last, and stays.
        decided[item_id] = (source.kind.template.merge([result]), confidence, versions[guide_id])
    for item_id, joined in joined_of(session, in_parts).items():
        decided[item_id] = (joined.result, joined.confidence, joined.guide_version)
    for number, (item_id, external_id, data) in items.items():
        result, confidence, guide_version = decided[item_id]
        yield ExportRow(
            number,
            item_id,
            external_id,
            source.project_id,
            data,
            renamed(result, source.names),
            confidence,
            guide_version,
            "",
            source.kind,
        )
