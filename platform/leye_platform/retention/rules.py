"""How long content stays, what keeps it from going, and what a certificate is. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from leye_platform.projects.rules import BatchState

NOTICE = timedelta(days=14)
"""So long before content goes by its date, people are told; a shorter period never comes sooner than this."""
LONGEST_RETENTION = 3650
UNTIL_ASKED = 0
"""A batch's own period that overrules its project's: none."""
ERASED: list[Any] = []
"""What stands in the place of an erased answer; the database lets nothing else replace one (migration 0019)."""
WORDS_ON_PAPER = 1
"""The version of the certificate's text."""


class ErasureRule(StrEnum):
    """Why content goes: somebody asked, or its date has come."""

    ASKED = "asked"
    RETENTION = "retention"


class ErasureStep(StrEnum):
    """How far the job is."""

    LISTING = "listing"
    OBJECTS = "objects"
    CONTENTS = "contents"
    ROWS = "rows"
    PROOF = "proof"
    DONE = "done"


_S = ErasureStep
ERASURE_MOVES: dict[ErasureStep, frozenset[ErasureStep]] = {
    _S.LISTING: frozenset({_S.OBJECTS}),
    _S.OBJECTS: frozenset({_S.CONTENTS}),
    _S.CONTENTS: frozenset({_S.ROWS}),
    _S.ROWS: frozenset({_S.PROOF}),
    _S.PROOF: frozenset({_S.DONE}),
    _S.DONE: frozenset(),
}


class ObjectKind(StrEnum):
    """What an object was: the first four by the first part of their key."""

    UPLOAD = "upload"
    LISTING = "listing"
    LOT = "lot"
    EXPORT = "export"
    ORIGINAL = "original"
    RENDITION = "rendition"


class Fate(StrEnum):
    """What became of an object. shared: another batch or a guide shows it, so it stays."""

    LISTED = "listed"
    REMOVED = "removed"
    SHARED = "shared"


class Obstacle(StrEnum):
    """What keeps content from going."""

    HELD = "held"
    GOING = "going"
    COMING = "coming"
    WORK = "work"
    IN_HAND = "in_hand"
    UNDELIVERED = "undelivered"
    UNSETTLED = "unsettled"
    UNBILLED = "unbilled"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open about a batch. unfinished: items without a result; in_hand: tasks that people hold.

    decided: items with a result in no delivered lot; lots by what they wait for. settled_at: the last thing that
    happened to it.
    """

    state: BatchState
    kept: bool
    held: bool
    reading: bool
    unfinished: int
    in_hand: int
    decided: int
    unsettled_lots: int
    unbilled_lots: int
    settled_at: datetime


_COMING = frozenset({BatchState.UPLOADING, BatchState.INGESTING})
_MAY_GO_ON = frozenset({BatchState.READY, BatchState.PAUSED})


def obstacles(standing: Standing) -> list[Obstacle]:
    """All that keeps a batch's content from going, the first to settle first; empty where nothing does.

    A batch that is open and has nothing left to do is closed by the erasure itself.
    """
    unfinished = standing.state is BatchState.OPEN and standing.unfinished > 0
    found = (
        (not standing.kept, Obstacle.GOING),
        (standing.held, Obstacle.HELD),
        (standing.reading or standing.state in _COMING, Obstacle.COMING),
        (standing.state in _MAY_GO_ON or unfinished, Obstacle.WORK),
        (standing.in_hand > 0, Obstacle.IN_HAND),
        (standing.decided > 0, Obstacle.UNDELIVERED),
        (standing.unsettled_lots > 0, Obstacle.UNSETTLED),
        (standing.unbilled_lots > 0, Obstacle.UNBILLED),
    )
    return [obstacle for there, obstacle in found if there]


def days_kept(of_batch: int | None, of_project: int | None) -> int | None:
    """For how many days after it is settled a batch keeps its content; None: until somebody asks."""
    days = of_project if of_batch is None else of_batch
    return days or None


def due_at(standing: Standing, days: int | None) -> datetime | None:
    """When its content may go by its date; None while something is open, or there is no date."""
    if days is None or obstacles(standing):
        return None
    return standing.settled_at + timedelta(days=days)


def announced_for(due: datetime, now: datetime) -> datetime | None:
    """The moment to announce: the due date, never sooner than NOTICE from now; None while it is too early to tell."""
    return None if due - NOTICE > now else max(due, now + NOTICE)


def canonical(paper: Mapping[str, Any]) -> str:
    """A certificate as the text that is hashed: JSON with sorted keys, no spaces, in UTF-8."""
    return orjson.dumps(paper, option=orjson.OPT_SORT_KEYS).decode()


def hash_of(text: str) -> str:
    """SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """An object in the manifest."""

    key: str
    kind: str
    sha256: str | None
    size: int
    fate: str

    def text(self) -> bytes:
        """As it stands in the manifest: a JSON object with sorted keys, and a line feed."""
        facts = {"bytes": self.size, "fate": self.fate, "key": self.key, "kind": self.kind, "sha256": self.sha256}
        return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


@dataclass
class Manifest:
    """What the lines of a manifest come to, line by line in the order of their keys."""

    lines: int = 0
    removed: int = 0
    removed_bytes: int = 0
    shared: int = 0
    shared_bytes: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, line: ManifestLine) -> None:
        self.lines += 1
        self._digest.update(line.text())
        if line.fate == Fate.SHARED:
            self.shared += 1
            self.shared_bytes += line.size
        else:
            self.removed += 1
            self.removed_bytes += line.size
            self.by_kind[line.kind] = self.by_kind.get(line.kind, 0) + 1

    @property
    def sha256(self) -> str:
        return str(self._digest.hexdigest())


def manifest_of(lines: Iterable[ManifestLine]) -> Manifest:
    """The whole of a manifest."""
    manifest = Manifest()
    for line in lines:
        manifest.add(line)
    return manifest
