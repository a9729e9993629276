"""What becomes of some rows: items with their parts, or refusals. Reads the batch, writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, String, bindparam, func, select, true
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import dialect_of, items
from leye_platform.ids import new_ids
from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.insertion import NewItem, NewPart
from leye_platform.projects.ingest.picture_rows import as_sent
from leye_platform.projects.ingest.proposals import ProposalRefused, propose
from leye_platform.projects.ingest.rows import PlainRow, Row, RowRefused, plain_row, storable
from leye_platform.projects.ingest.source import Source
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import Pipeline
from leye_platform.projects.splitting import cut_result, joined_result, parts_of, whole_content
from leye_platform.projects.task_type import TaskType
from leye_task_templates.splitting import WHOLE, SplitRule
from leye_task_templates.template import ResultProblemCode, ResultRefused

Contents = Sequence[dict[str, Any]]
Gold = list[list[dict[str, Any]]]
"""The known answer of each part."""


@dataclass(frozen=True)
class Reading:
    """What a run needs to know about its batch. `after`: the batch's last row number before these files' first.

    rule: what is cut into parts.
    importer: whose answers are those that come along without an author.
    """

    batch_id: UUID
    project_id: UUID
    kind: TaskType
    pipeline: Pipeline
    sources: tuple[Source, ...]
    after: int
    importer: UUID
    rule: SplitRule = WHOLE

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """The variables that are pictures."""
        return tuple(image.variable for image in self.kind.config.images)

    @property
    def tiled(self) -> SplitRule:
        """The rule by which pictures are cut; none is where the task type cuts nothing."""
        return self.rule if self.kind.cutting is not None else WHOLE


_Plain = tuple[Row, PlainRow, Contents, Gold | None]


@dataclass
class Looked:
    """Some rows: those that are good by themselves, and those refused."""

    plain: list[_Plain] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)


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
        sent = as_sent(found.data, reading.pictures)
        shown = whole_content(reading.kind, self.data, [content for content, _ in self.parts])
        # How it was cut may have been set anew since.
        if self.data != sent or shown != whole_content(reading.kind, sent, contents):
            raise RowRefused(refusals.ID_OTHER, external_id=found.external_id)
        template, config = reading.kind.template, reading.kind.config
        cut_alike = [content for content, _ in self.parts] == contents
        labels = [known for _, known in self.parts]
        if gold is not None and cut_alike and labels != [template.labels_of(config, part) for part in gold]:
            raise RowRefused(refusals.ID_OTHER_GOLD, external_id=found.external_id)


def _by_external_ids(dialect: str) -> Select[Any]:
    columns = items.c.external_id, items.c.id, items.c.row, items.c.data
    query = select(*columns).where(items.c.batch_id == bindparam("batch"))
    if dialect == "sqlite":
        return query.where(items.c.external_id.in_(bindparam("ids", expanding=True)))
    # One by one on purpose: while a batch comes in, PostgreSQL knows too little of it and would walk all of its items
    # for each chunk.
    wanted = func.unnest(bindparam("ids", type_=ARRAY(String))).table_valued("external_id").render_derived("wanted")
    found = query.where(items.c.external_id == wanted.c.external_id).limit(1).lateral("found")
    return select(*found.c).select_from(wanted).join(found, true())


_BY_EXTERNAL_ID = {dialect: _by_external_ids(dialect) for dialect in ("sqlite", "postgresql")}


def look_at(reading: Reading, rows: Sequence[Row]) -> Looked:
    """Check each row for itself: needs no database, and so holds up nobody."""
    looked = Looked()
    for row in rows:
        external_id = None
        try:
            if row.problem is not None:
                raise RowRefused("{problem}", problem=row.problem)
            found = plain_row(row.content, reading.kind.config.variables)
            external_id = found.external_id
            problems, contents = parts_of(reading.kind, found.data, reading.rule)
            if problems:
                raise RowRefused("{problem}", problem="；".join(map(str, problems)))
            gold = None if found.gold_answer is None else _gold(reading, found, contents)
        except RowRefused as refused:
            looked.refused.append(_refusal(reading, row, str(refused), external_id))
            continue
        looked.plain.append((row, found, contents, gold))
    return looked


def sort_out(session: Session, reading: Reading, looked: Looked) -> Chunk:
    """Hold rows that were looked at against what the batch has under their external ids."""
    chunk = Chunk(refused=list(looked.refused))
    seen = _by_external_id(session, reading, [found.external_id for _, found, *_ in looked.plain if found.external_id])
    for plain, item_id in zip(looked.plain, new_ids(len(looked.plain)), strict=True):
        _add(reading, chunk, plain, seen, item_id)
    return chunk


def _by_external_id(session: Session, reading: Reading, ids: Sequence[str]) -> dict[str, _Standing]:
    """The items that have these ids; those of earlier files with their parts."""
    if not ids:
        return {}
    rows = session.execute(_BY_EXTERNAL_ID[dialect_of(session)], {"batch": reading.batch_id, "ids": list(ids)})
    found = {external_id: _Standing(item_id, row, data) for external_id, item_id, row, data in rows}
    by_item = {standing.id: standing for standing in found.values() if standing.row <= reading.after}
    if by_item:
        parts = select(MicroTask.item_id, MicroTask.content, MicroTask.gold_labels)
        parts = parts.where(MicroTask.item_id.in_(by_item), MicroTask.step == 1).order_by(MicroTask.part)
        for item_id, content, gold_labels in session.execute(parts):
            by_item[item_id].parts.append((content, gold_labels))
    return found


def _add(reading: Reading, chunk: Chunk, plain: _Plain, seen: dict[str, _Standing], item_id: UUID) -> None:
    row, found, contents, gold = plain
    standing = seen.get(found.external_id) if found.external_id is not None else None
    if standing is not None:
        try:
            if standing.row > reading.after:
                raise RowRefused(refusals.ID_TWICE, external_id=found.external_id, row=standing.row - reading.after)
            standing.check_same(reading, found, contents, gold)
        except RowRefused as refused:
            chunk.refused.append(_refusal(reading, row, str(refused), found.external_id))
        else:
            chunk.known += 1
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
            source_key=row.source_key,
            gold_result=None if gold is None else joined_result(reading.kind, contents, gold),
        )
    )
    if found.external_id is not None:
        seen[found.external_id] = _Standing(item_id, reading.after + row.number, {})


def _proposals(
    reading: Reading, chunk: Chunk, row: Row, found: PlainRow, contents: Contents
) -> list[dict[str, Any]] | None:
    """What a model proposes for each part; counted either way. Never asked of a gold item, whose answer is known."""
    try:
        whole = whole_content(reading.kind, found.data, contents)
        proposals = propose(reading.kind, contents, found.predictions, whole)
    except ProposalRefused as refused:
        chunk.proposals_refused.append((refused.code, reading.after + row.number))
        return None
    chunk.proposals += proposals is not None
    return proposals


def _gold(reading: Reading, found: PlainRow, contents: Contents) -> Gold:
    """The known answer of each part of a row that gives one, cut as the item is. Raises RowRefused."""
    template, config, answer = reading.kind.template, reading.kind.config, found.gold_answer or []
    try:
        whole = template.gold_result(config, whole_content(reading.kind, found.data, contents), answer)
        return cut_result(reading.kind, contents, whole)
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
        "for_room": row.for_room,
    }
