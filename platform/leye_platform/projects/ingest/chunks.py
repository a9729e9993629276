"""What becomes of some rows: items with their parts, or refusals. Reads the batch, writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.ids import new_ids
from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.formats import Source
from leye_platform.projects.ingest.insertion import NewItem, NewPart
from leye_platform.projects.ingest.picture_rows import as_sent
from leye_platform.projects.ingest.proposals import ProposalRefused, propose
from leye_platform.projects.ingest.rows import PlainRow, Row, RowRefused, plain_row, storable
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import Pipeline
from leye_platform.projects.task_type import TaskType
from leye_task_templates.template import ResultProblemCode, ResultRefused

Contents = Sequence[dict[str, Any]]
Gold = list[list[dict[str, Any]]]
"""The known answer of each part."""


@dataclass(frozen=True)
class Reading:
    """What a run needs to know about its batch. `after`: the batch's last row number before these files' first."""

    batch_id: UUID
    project_id: UUID
    kind: TaskType
    pipeline: Pipeline
    sources: tuple[Source, ...]
    after: int

    @property
    def pictures(self) -> tuple[str, ...]:
        """The variables that are pictures."""
        return tuple(image.variable for image in self.kind.config.images)


@dataclass
class Chunk:
    """What becomes of some rows. `known`: how many the batch had already, from an earlier file.

    proposals: how many items have one. proposals_refused: why others have none, and their rows.
    """

    items: list[NewItem] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    known: int = 0
    proposals: int = 0
    proposals_refused: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True)
class _Standing:
    """The item of the batch that has an external id: its row in the batch, what was sent, what it shows and asks."""

    id: UUID
    row: int
    data: dict[str, Any]
    parts: list[tuple[dict[str, Any], list[Any] | None]] = field(default_factory=list)

    def check_same(self, reading: Reading, found: PlainRow, contents: Contents, gold: Gold | None) -> None:
        """Whether a row of a later file says the same. Raises RowRefused where it does not."""
        shown, labels = [content for content, _ in self.parts], [known for _, known in self.parts]
        if self.data != as_sent(found.data, reading.pictures) or shown != contents:
            raise RowRefused(refusals.ID_OTHER, external_id=found.external_id)
        template, config = reading.kind.template, reading.kind.config
        if gold is not None and labels != [template.labels_of(config, part) for part in gold]:
            raise RowRefused(refusals.ID_OTHER_GOLD, external_id=found.external_id)


def sort_out(session: Session, reading: Reading, rows: Sequence[Row]) -> Chunk:
    """Look at each row, and at what the batch holds under its external id."""
    chunk = Chunk()
    plain: list[tuple[Row, PlainRow]] = []
    for row in rows:
        if row.problem is not None:
            chunk.refused.append(_refusal(reading, row, row.problem, None))
            continue
        try:
            found = plain_row(row.content, reading.kind.config.variables)
        except RowRefused as refused:
            chunk.refused.append(_refusal(reading, row, str(refused), None))
            continue
        if problems := reading.kind.template.validate_row(reading.kind.config, found.data):
            sentence = "；".join(str(problem) for problem in problems)
            chunk.refused.append(_refusal(reading, row, sentence, found.external_id))
            continue
        plain.append((row, found))
    seen = _by_external_id(session, reading, [p.external_id for _, p in plain if p.external_id])
    for (row, found), item_id in zip(plain, new_ids(len(plain)), strict=True):
        _add(reading, chunk, row, found, seen, item_id)
    return chunk


def _by_external_id(session: Session, reading: Reading, ids: Sequence[str]) -> dict[str, _Standing]:
    """The items that have these ids; those of earlier files with their parts."""
    if not ids:
        return {}
    query = select(Item.external_id, Item.id, Item.row, Item.data)
    rows = session.execute(query.where(Item.batch_id == reading.batch_id, Item.external_id.in_(ids)))
    found = {external_id: _Standing(item_id, row, data) for external_id, item_id, row, data in rows if external_id}
    by_item = {standing.id: standing for standing in found.values() if standing.row <= reading.after}
    if by_item:
        parts = select(MicroTask.item_id, MicroTask.content, MicroTask.gold_labels)
        parts = parts.where(MicroTask.item_id.in_(by_item), MicroTask.step == 1).order_by(MicroTask.part)
        for item_id, content, gold_labels in session.execute(parts):
            by_item[item_id].parts.append((content, gold_labels))
    return found


def _add(  # noqa: PLR0917 -- what one row needs, none of it derived from another
    reading: Reading, chunk: Chunk, row: Row, found: PlainRow, seen: dict[str, _Standing], item_id: UUID
) -> None:
    contents = reading.kind.template.split(reading.kind.config, found.data)
    standing = seen.get(found.external_id) if found.external_id is not None else None
    try:
        if standing is not None and standing.row > reading.after:
            raise RowRefused(refusals.ID_TWICE, external_id=found.external_id, row=standing.row - reading.after)
        gold = _gold(reading, found, contents)
        if standing is not None:
            standing.check_same(reading, found, contents, gold)
            chunk.known += 1
            return
    except RowRefused as refused:
        chunk.refused.append(_refusal(reading, row, str(refused), found.external_id))
        return
    proposals = None if gold is not None else _proposals(reading, chunk, row, found, contents)
    chunk.items.append(
        NewItem(
            id=item_id,
            row=reading.after + row.number,
            data=as_sent(found.data, reading.pictures),
            parts=[
                NewPart(
                    content,
                    None if gold is None else reading.kind.template.labels_of(reading.kind.config, gold[n]),
                    None if proposals is None else proposals[n],
                )
                for n, content in enumerate(contents)
            ],
            overlap=reading.pipeline.overlap_start(),
            overlap_limit=reading.pipeline.overlap_limit(),
            external_id=found.external_id,
            gold_result=None if gold is None else reading.kind.template.merge(gold),
        )
    )
    if found.external_id is not None:
        seen[found.external_id] = _Standing(item_id, reading.after + row.number, {})


def _proposals(
    reading: Reading, chunk: Chunk, row: Row, found: PlainRow, contents: Contents
) -> list[dict[str, Any]] | None:
    """What a model proposes for each part; counted either way. Never asked of a gold item, whose answer is known."""
    try:
        proposals = propose(reading.kind, contents, found.predictions)
    except ProposalRefused as refused:
        chunk.proposals_refused.append((refused.code, reading.after + row.number))
        return None
    chunk.proposals += proposals is not None
    return proposals


def _gold(reading: Reading, found: PlainRow, contents: Contents) -> Gold | None:
    """The known answer of each part; None where the row is no gold item. Raises RowRefused."""
    if found.gold_answer is None:
        return None
    kind = reading.kind
    try:
        return [kind.template.gold_result(kind.config, content, found.gold_answer) for content in contents]
    except ResultRefused as refused:
        raise RowRefused("{problem}", problem=_gold_problem(refused, found)) from None


def _gold_problem(refused: ResultRefused, found: PlainRow) -> str:
    names = found.gold_answer or []
    if refused.code is ResultProblemCode.ONE_ONLY:
        return refusals.GOLD_ONE.format(count=len(names))
    if refused.code is ResultProblemCode.UNKNOWN_CHOICE and all(isinstance(name, str) for name in names):
        return refusals.GOLD_UNKNOWN.format(answer="|".join(names))
    return refusals.GOLD_REFUSED.format(problem=refused)


def _refusal(reading: Reading, row: Row, sentence: str, external_id: str | None) -> dict[str, Any]:
    return {
        "batch_id": reading.batch_id,
        "row": reading.after + row.number,
        "external_id": external_id,
        "problem": storable(sentence),
        "original": storable(row.original),
    }
