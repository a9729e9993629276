"""The items that an export gives, read in chunks so that memory stays flat."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.projects.models import Item, Project
from leye_platform.projects.task_type import TaskType, task_type
from leye_task_templates.class_names import renamed

CHUNK = 1000


@dataclass(frozen=True)
class ExportRow:
    """One item with its annotation as delivered, its classes called as the export calls them."""

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


_COLUMNS = (
    Item.number,
    Item.id,
    Item.external_id,
    Item.project_id,
    Item.data,
    LotItem.result,
    LotItem.confidence,
    LotItem.guide_version,
    Lot.sequence,
    Project.task_type,
    Project.label_config,
)


def lot_rows(session: Session, lot_id: UUID, names: Mapping[str, str]) -> Iterator[ExportRow]:
    """The items of one lot. names: what to call a class, where that is not its own name."""
    return _stream(session, _included().where(Lot.id == lot_id), names)


def project_rows(session: Session, project_id: UUID, names: Mapping[str, str]) -> Iterator[ExportRow]:
    """The items of a project that were delivered and not sent back; names as of lot_rows."""
    delivered = (LotState.DELIVERED, LotState.ACCEPTED, LotState.INVOICED)
    return _stream(session, _included().where(Lot.project_id == project_id, Lot.state.in_(delivered)), names)


def _included() -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = (
        select(*_COLUMNS)
        .select_from(LotItem)
        .join(Item, Item.id == LotItem.item_id)
        .join(Lot, Lot.id == LotItem.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .where(LotItem.state == LotItemState.INCLUDED)
        .order_by(Item.number)
    )
    return query


def _stream(session: Session, query: Select[*tuple[Any, ...]], names: Mapping[str, str]) -> Iterator[ExportRow]:
    last = -1
    while True:
        chunk = session.execute(query.where(Item.number > last).limit(CHUNK)).all()
        yield from (_row(found, names) for found in chunk)
        if len(chunk) < CHUNK:
            return
        last = chunk[-1][0]


def _row(found: Row[*tuple[Any, ...]], names: Mapping[str, str]) -> ExportRow:
    number, item_id, external_id, project_id, data, result, confidence, guide, sequence, name, config = tuple(found)
    return ExportRow(
        number=number,
        item_id=item_id,
        external_id=external_id,
        project_id=project_id,
        data=data,
        result=renamed(result, names),
        confidence=confidence,
        guide_version=guide,
        lot=f"L-{sequence:02}",
        kind=task_type(name, config),
    )
