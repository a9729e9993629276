"""What every format is: how its file is called, what it can hold, and how rows become its bytes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from leye_platform.errors import N_, Refused
from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow, ExportRows
from leye_task_templates.label_config import LabelConfig

BLOCK = 1 << 16
"""Bytes that are handed on at once: each hand-over costs the web server more than writing a task does."""


class Content(StrEnum):
    """What a project's annotations are made of."""

    CLASSES = "classes"
    SPANS = "spans"
    BOXES = "boxes"
    TRANSCRIPTS = "transcripts"


_OF_TAG = {
    "Labels": Content.SPANS,
    "RectangleLabels": Content.BOXES,
    "TextArea": Content.TRANSCRIPTS,
}


class FormatUnfit(Refused):
    """The format has no place for what the project's annotations are."""

    sentence = N_("格式 {name} 放不下这个项目的标注。请换一种格式，比如 JSON。")


def contents_of(config: LabelConfig) -> frozenset[Content]:
    """What a label config asks for."""
    found = {_OF_TAG[labelling.tag] for labelling in config.labellings if labelling.tag in _OF_TAG}
    return frozenset(found | ({Content.CLASSES} if config.controls else set()))


Writer = Callable[[ExportRows, Losses], Iterable[bytes]]


@dataclass(frozen=True)
class Format:
    """One format. `title` says in plain words what it is for; `holds`: any of these fit; empty, where everything does.

    `always`: what it can never hold. `pictures`: whether the pictures are in it.
    """

    name: str
    title: str
    extension: str
    content_type: str
    writer: Writer
    holds: frozenset[Content] = frozenset()
    always: tuple[Loss, ...] = ()
    pictures: bool = False

    def fits(self, config: LabelConfig) -> bool:
        """Whether the annotations of such projects have a place in it."""
        return not self.holds or bool(self.holds & contents_of(config))

    def check(self, config: LabelConfig) -> None:
        """Raises FormatUnfit where nothing of the project's annotations would be in the file."""
        if not self.fits(config):
            raise FormatUnfit(name=self.name)

    def losses(self) -> Losses:
        """An export's report, before anything is written."""
        return Losses(self.always)

    def write(self, rows: ExportRows, losses: Losses | None = None) -> Iterator[bytes]:
        """The file, in blocks; the same rows give the same bytes. `losses` is filled meanwhile.

        Raises FormatUnfit, at once.
        """
        self.check(rows.kind.config)
        noted = self.losses() if losses is None else losses
        counted = replace(
            rows, read=lambda: _counted(rows, noted), open_picture=_pictures(rows) if self.pictures else None
        )
        return in_blocks(self.writer(counted, noted))


def _pictures(rows: ExportRows) -> Callable[[Any], bytes | None]:
    """What opens the pictures; where nobody can, each is told as missing."""
    return rows.open_picture or (lambda _picture: None)


def _counted(rows: ExportRows, losses: Losses) -> Iterator[ExportRow]:
    for row in rows:
        losses.items += 1
        yield row


def in_blocks(chunks: Iterable[bytes], size: int = BLOCK) -> Iterator[bytes]:
    """The same bytes in blocks of exactly `size`, the last one aside."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= size:
            whole = len(waiting) // size * size
            for start in range(0, whole, size):
                yield bytes(waiting[start : start + size])
            del waiting[:whole]
    if waiting:
        yield bytes(waiting)
