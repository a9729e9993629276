"""How much each firm has in the store, and that it never passes its limit.

Counted are the files that its people sent, those under way with the size they announced, and each content that its
batches show, once. All of it are rows; `storage_use` is their sum, changed with them in one transaction under its own
lock, so that two uploads at once cannot both have the last free byte. Where a content's row is locked as well, that
comes first.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.holdings.errors import StorageFull
from leye_platform.holdings.models import ContentUse, FirmContent, FirmFile, StorageUse
from leye_platform.holdings.rules import in_units
from leye_platform.projects.models import Batch, Project


@dataclass(frozen=True, slots=True)
class Firm:
    """Whose things are counted. usual_limit: bytes, where the administrator has set no other."""

    id: UUID
    usual_limit: int


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that a firm uses, and may use."""

    used: int
    limit: int

    @property
    def free(self) -> int:
        return max(0, self.limit - self.used)

    def check(self, more: int) -> None:
        """Raises StorageFull where so many bytes more do not fit."""
        if more > 0 and self.used + more > self.limit:
            raise StorageFull(
                used=in_units(self.used),
                limit=in_units(self.limit),
                free=in_units(self.free),
                wanted=in_units(more),
                free_bytes=self.free,
                wanted_bytes=more,
            )


def room_of(session: Session, firm: Firm) -> Room:
    """What a firm uses and may use at this moment, without a lock."""
    limit, used = session.execute(
        select(Organisation.storage_limit, StorageUse.bytes)
        .outerjoin(StorageUse, StorageUse.organisation_id == Organisation.id)
        .where(Organisation.id == firm.id)
    ).one()
    return Room(used or 0, firm.usual_limit if limit is None else limit)


def claim_file(session: Session, firm: Firm, key: str, subject_id: UUID, size: int, now: datetime) -> None:  # noqa: PLR0917
    """A file of so many bytes is to lie under this key; again, only what it has grown by is counted.

    Raises StorageFull.
    """
    use, known = _locked(session, firm.id), session.get(FirmFile, key, populate_existing=True)
    more = size - (known.bytes if known else 0)
    room_of(session, firm).check(more)
    use.bytes += more
    if known is None:
        known = FirmFile(key=key, organisation_id=firm.id, subject_id=subject_id)
        session.add(known)
    known.bytes, known.noted_at = size, now
    session.flush()


def release_files(session: Session, keys: Collection[str]) -> None:
    """These files are not stored, or not any more. Again: nothing more happens."""
    firms = session.scalars(select(FirmFile.organisation_id).where(FirmFile.key.in_(keys)).distinct()).all()
    for organisation_id in sorted(firms):
        use = _locked(session, organisation_id)
        gone = session.execute(
            delete(FirmFile)
            .where(FirmFile.key.in_(keys), FirmFile.organisation_id == organisation_id)
            .returning(FirmFile.bytes)
        )
        use.bytes -= sum(gone.scalars())
        session.flush()


def claim_content(session: Session, firm: Firm, sha256: str, size: int, now: datetime) -> bool:
    """A content is shown by the firm's batches; whether it is new to the firm. Raises StorageFull."""
    use, known = _locked(session, firm.id), session.get(FirmContent, (firm.id, sha256), populate_existing=True)
    more = size - (known.bytes if known else 0)
    if known is not None and more <= 0:
        return False
    room_of(session, firm).check(more)
    use.bytes += more
    if known is None:
        session.add(FirmContent(organisation_id=firm.id, sha256=sha256, bytes=size, noted_at=now))
    else:
        known.bytes = size
    session.flush()
    return known is None


def release_contents(session: Session, organisation_id: UUID, hashes: Collection[str]) -> None:
    """The firm's batches show these contents no more, except those that one of its batches still shows."""
    if not hashes:
        return
    use = _locked(session, organisation_id)
    gone = session.execute(
        delete(FirmContent)
        .where(
            FirmContent.organisation_id == organisation_id,
            FirmContent.sha256.in_(hashes),
            FirmContent.sha256.not_in(_shown_by(organisation_id).where(ContentUse.sha256.in_(hashes))),
        )
        .returning(FirmContent.bytes)
    )
    use.bytes -= sum(gone.scalars())
    session.flush()


def forget_content(session: Session, sha256: str) -> None:
    """A content is gone; whoever still counted it does so no more."""
    for organisation_id in session.scalars(
        select(FirmContent.organisation_id).where(FirmContent.sha256 == sha256).order_by(FirmContent.organisation_id)
    ).all():
        use, row = _locked(session, organisation_id), session.get(FirmContent, (organisation_id, sha256))
        if row is not None:
            use.bytes -= row.bytes
            session.delete(row)
            session.flush()


def measure_content(session: Session, sha256: str, size: int) -> None:
    """A content's size has become known: it counts for whoever shows it, even past a limit, since it is there."""
    rows = select(FirmContent.organisation_id).where(FirmContent.sha256 == sha256, FirmContent.bytes == 0)
    for organisation_id in sorted(session.scalars(rows)):
        use = _locked(session, organisation_id)
        row = session.get(FirmContent, (organisation_id, sha256), populate_existing=True)
        if row is not None and row.bytes == 0:
            row.bytes = size
            use.bytes += size
            session.flush()


def count_file(session: Session, firm_id: UUID, key: str, subject_id: UUID, size: int, now: datetime) -> None:  # noqa: PLR0917
    """A file that lies in the store is counted, even past a limit, since it is there."""
    use, known = _locked(session, firm_id), session.get(FirmFile, key, populate_existing=True)
    if known is None:
        session.add(FirmFile(key=key, organisation_id=firm_id, subject_id=subject_id, bytes=size, noted_at=now))
        use.bytes += size
        session.flush()


def drop_unshown(session: Session, organisation_id: UUID, before: datetime) -> int:
    """Contents that were counted for rows that never came in, since before a moment; how many. Also counts anew."""
    use = _locked(session, organisation_id)
    gone = session.execute(
        delete(FirmContent)
        .where(
            FirmContent.organisation_id == organisation_id,
            FirmContent.noted_at < before,
            FirmContent.sha256.not_in(_shown_by(organisation_id)),
        )
        .returning(FirmContent.bytes)
    )
    dropped = len(gone.all())
    use.bytes = recount(session, organisation_id)
    session.flush()
    return dropped


def recount(session: Session, organisation_id: UUID) -> int:
    """The sum of a firm's rows, which `storage_use` must say."""
    parts = (
        select(func.coalesce(func.sum(table.bytes), 0)).where(table.organisation_id == organisation_id)
        for table in (FirmFile, FirmContent)
    )
    return sum(int(session.scalar(part) or 0) for part in parts)


def firm_of_batch(session: Session, batch_id: UUID, usual_limit: int) -> Firm:
    """The firm that a batch belongs to."""
    query = select(Project.organisation_id).join(Batch, Batch.project_id == Project.id).where(Batch.id == batch_id)
    return Firm(session.scalars(query).one(), usual_limit)


def firms_counted(session: Session) -> Iterable[UUID]:
    """The firms that have something in the store."""
    return session.scalars(select(StorageUse.organisation_id).order_by(StorageUse.organisation_id)).all()


def _shown_by(organisation_id: UUID) -> Any:
    return (
        select(ContentUse.sha256)
        .join(Batch, Batch.id == ContentUse.batch_id)
        .join(Project, Project.id == Batch.project_id)
        .where(Project.organisation_id == organisation_id)
    )


def _locked(session: Session, organisation_id: UUID) -> StorageUse:
    """The firm's sum, locked until the transaction ends; made where there is none."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"organisation_id": organisation_id, "bytes": 0}
    session.execute(insert(StorageUse).values(row).on_conflict_do_nothing())
    return session.get_one(StorageUse, organisation_id, with_for_update=True, populate_existing=True)
