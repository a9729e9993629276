"""Who relies on media that are kept by their content; so nothing is removed that somebody is about to use."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from leye_platform.clock import Clock
from leye_platform.database import Database
from leye_platform.guides.models import GuidePicture
from leye_platform.holdings import quotas
from leye_platform.holdings.errors import StorageFull
from leye_platform.holdings.models import Content, ContentUse
from leye_platform.projects.pictures.refusals import NO_ROOM, NoRoom

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ContentKeeper:
    """See `projects/pictures/keeping.py:Keeper`. Each time in a unit of work of its own.

    firm: whose storage it counts in; None where it counts in nobody's.
    """

    def __init__(
        self, database: Database, clock: Clock, batch_id: UUID | None = None, firm: quotas.Firm | None = None
    ) -> None:
        self._database, self._clock, self._batch_id, self._firm = database, clock, batch_id, firm
        self._counted: list[str] = []

    def begin(self) -> None:
        self._counted.clear()

    def hold(self, sha256: str, at_least: int = 0) -> None:
        # Waits for a sweep that has this row locked; what comes after sees what the sweep has removed.
        now = self._clock.now()
        with self._giving_back(), self._database.write() as session:
            held = {"held_at": now, "held_for": self._batch_id}
            row = {"sha256": sha256, "bytes": 0} | held
            statement = _insert(session)(Content).values(row)
            known = session.scalar(
                statement.on_conflict_do_update(index_elements=["sha256"], set_=held).returning(Content.bytes)
            )
            if known:
                self._count(session, sha256, known, now)
            elif self._firm is not None:
                quotas.room_of(session, self._firm).check(at_least)

    def measured(self, sha256: str, size: int) -> None:
        with self._giving_back(), self._database.write() as session:
            session.get_one(Content, sha256, with_for_update={"key_share": True}).bytes = size
            self._count(session, sha256, size, self._clock.now())

    def _count(self, session: Session, sha256: str, size: int, now: datetime) -> None:
        if self._firm is not None and quotas.claim_content(session, self._firm, sha256, size, now):
            self._counted.append(sha256)

    @contextmanager
    def _giving_back(self) -> Iterator[None]:
        """Where there is no room, what was counted of the same row is given back, in a unit of work of its own."""
        try:
            yield
        except StorageFull as full:
            counted, firm = list(self._counted), self._firm
            self._counted.clear()
            if firm is not None:
                with self._database.write() as session:
                    quotas.release_contents(session, firm.id, counted)
            raise NoRoom(NO_ROOM, **full.arguments) from None


def note_uses(session: Session, batch_id: UUID, hashes: Collection[str]) -> None:
    """A batch's items show these contents, which are held."""
    rows = [{"batch_id": batch_id, "sha256": sha256} for sha256 in sorted(hashes)]
    if rows:
        session.execute(_insert(session)(ContentUse).on_conflict_do_nothing(), rows)


def used(session: Session, hashes: Collection[str], *, besides: Collection[UUID] = ()) -> set[str]:
    """Which of these contents a batch or a guide shows. besides: batches that do not count."""
    batches = select(ContentUse.sha256).where(ContentUse.sha256.in_(hashes))
    if besides:
        batches = batches.where(ContentUse.batch_id.not_in(besides))
    guides = select(GuidePicture.sha256).where(GuidePicture.sha256.in_(hashes))
    return set(session.scalars(batches)) | set(session.scalars(guides))


def hashes_in(data: Any) -> set[str]:
    """The contents that an item's data name: wherever the facts of a picture stand."""
    if isinstance(data, list):
        return set().union(*(hashes_in(one) for one in data))
    if not isinstance(data, dict):
        return set()
    own = data.get("sha256")
    inside: set[str] = set().union(*(hashes_in(one) for one in data.values()))
    return inside | ({own} if isinstance(own, str) and "file" in data else set())


def lock_content(session: Session, sha256: str) -> Content:
    """The content's row, locked for good or ill until the transaction ends; made where there is none.

    Made in the same transaction, it keeps out whoever would hold it meanwhile. A row that is made was held by nobody.
    """
    row = {"sha256": sha256, "bytes": 0, "held_at": NEVER}
    session.execute(_insert(session)(Content).values(row).on_conflict_do_nothing())
    return session.get_one(Content, sha256, with_for_update=True, populate_existing=True)


def _insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
