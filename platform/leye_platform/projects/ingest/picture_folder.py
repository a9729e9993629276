"""Pictures that lie together under names: those of a zip, or of a partner's bucket. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from leye_platform.projects.ingest import refusals
from leye_platform.projects.rules import one_line

MANIFEST = "manifest.csv"
OF_THE_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
LEADS_OUT = re.compile(r"(^|/)\.\.(/|$)|^/|^[A-Za-z]:|[\x00-\x1f]")
PACKED = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"})


@dataclass(frozen=True, slots=True)
class Member:
    """One file, by the name that people read; `problem` says why it can't be taken.

    end: how far into all of them it reaches, in bytes; entry: as the archive or the bucket lists it; source_key: its
    key in the partner's bucket, where it stays there.
    """

    name: str
    end: int
    entry: Any
    problem: str | None
    source_key: str | None = None


class PictureFolder(Protocol):
    """What a reader of pictures wants to know of where they lie."""

    members: "Members"

    def content(self, member: Member, limit: int = ...) -> bytes:
        """A member's content, whole. Raises PictureRefused (broken, or above `limit` bytes), OSError."""


class Members(tuple[Member, ...]):
    """The files in their order, and by their names."""

    def __init__(self, members: Iterable[Member]) -> None:
        self._by_name = {member.name: member for member in reversed(self)}
        self._by_case = {member.name.casefold(): member for member in reversed(self)}

    def manifest(self) -> Member | None:
        """The `manifest.csv`: at the top, or in the one folder that was packed."""
        for member in self:
            if PurePosixPath(member.name).name == MANIFEST and member.name.count("/") <= 1:
                return member
        return None

    def find(self, name: str) -> Member | None:
        """A member by its name."""
        return self._by_name.get(name)

    def other_case(self, name: str) -> Member | None:
        """A member whose name differs from this one by capitals only."""
        return self._by_case.get(name.casefold())


def checked(found: Iterable[Member]) -> Iterator[Member]:
    """The same files, without what systems add unasked, each with the problem of its name where it has one."""
    taken: dict[str, str] = {}
    for member in found:
        name = member.name
        if OF_THE_SYSTEM.search(name):
            continue
        problem = member.problem or _problem_of_name(name)
        if problem is None and (first := taken.setdefault(name.casefold(), name)) is not name:
            problem = refusals.NAME_TWICE if first == name else refusals.NAME_CASE.format(found=first)
        yield Member(name, member.end, member.entry, problem, member.source_key)


def _problem_of_name(name: str) -> str | None:
    if LEADS_OUT.search(name) or name != one_line(name):
        return refusals.NAME_LEADS_OUT
    return refusals.PACKED_AGAIN if PurePosixPath(name).suffix.lower() in PACKED else None
