"""Looks through the whole store for what no row names, and removes it after a day.

An object comes before its row, so a young one is let be. Contents are also taken up again long after they came: who
does so holds the content's row first (holdings/contents.py), and what is removed is removed while that row is locked.
Run again, or killed in the middle, it ends the same.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.database import Database
from leye_platform.holdings.contents import lock_content, used
from leye_platform.holdings.files import count_stored, settle_claims
from leye_platform.holdings.models import Content, StoreSweep
from leye_platform.holdings.naming import named_ones
from leye_platform.holdings.quotas import forget_content, measure_content
from leye_platform.holdings.rules import GRACE, Named, is_doubtful, named_by
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, ask_for
from leye_platform.projects.pictures.keeping import folder_of_content
from leye_platform.uploads.models import UploadSession
from leye_platform.uploads.rules import ABANDONED_AFTER, UploadState
from leye_platform.uploads.service import end
from leye_storage import ObjectStore
from leye_storage.store import StoredObject

BLOCK = 500  # objects looked up at once
EXAMPLES = 20
AT_ONCE = 100  # abandoned uploads ended in one unit of work
One = TypeVar("One")


@dataclass
class Found:
    """What a look through the store has come to. `orphans` are those that no row has named for a day."""

    objects: int = 0
    bytes: int = 0
    orphans: int = 0
    orphan_bytes: int = 0
    unknown: int = 0
    unknown_bytes: int = 0
    uploads: int = 0
    examples: list[str] = field(default_factory=list)


def ask_for_sweep(session: Session, now: datetime) -> None:
    """A sweep a day."""
    last = session.scalar(select(func.max(StoreSweep.asked_at)))
    if last is not None and last > now - GRACE:
        return
    sweep = StoreSweep(asked_at=now)
    session.add(sweep)
    session.flush()
    ask_for(session, JobName.SWEEP_STORE, {"sweep_id": str(sweep.id)}, now)


def last_sweep(session: Session) -> StoreSweep | None:
    """The last sweep that came to its end."""
    done = select(StoreSweep).where(StoreSweep.finished_at.is_not(None))
    return session.scalars(done.order_by(StoreSweep.asked_at.desc()).limit(1)).first()


def run_sweep(installation: Installation, sweep_id: UUID) -> None:
    """One sweep, and its figures.

    Looked through twice: where most of the store were to go, as over an empty database, nothing does, and it is told.
    """
    end_abandoned_uploads(installation)
    seen = look_through(installation, remove=False)
    doubtful = is_doubtful(seen.orphans, seen.objects)
    found = replace(seen, orphans=0, orphan_bytes=0) if doubtful else look_through(installation, remove=True)
    settle_claims(installation)
    with installation.database.write() as session:
        sweep = session.get_one(StoreSweep, sweep_id)
        sweep.objects, sweep.bytes = found.objects, found.bytes
        sweep.removed, sweep.removed_bytes = found.orphans, found.orphan_bytes
        sweep.held_back = seen.orphans if doubtful else 0
        sweep.unknown, sweep.unknown_bytes, sweep.uploads = found.unknown, found.unknown_bytes, found.uploads
        sweep.finished_at = installation.clock.now()


def end_abandoned_uploads(installation: Installation) -> None:
    """Uploads in parts that nobody has gone on with for a week take nothing more."""
    while True:
        now = installation.clock.now()
        with installation.database.write() as session:
            old = session.scalars(
                select(UploadSession)
                .where(UploadSession.state == UploadState.OPEN, UploadSession.last_at < now - ABANDONED_AFTER)
                .limit(AT_ONCE)
                .with_for_update()
            ).all()
            for upload in old:
                end(session, None, upload, UploadState.ABORTED, now)
        if len(old) < AT_ONCE:
            return


def look_through(installation: Installation, *, remove: bool) -> Found:
    """Every object and every upload in parts, a block of each at a time. remove: whether orphans go."""
    found = Found()
    for block in _blocks(installation.objects.listed()):
        found.objects += len(block)
        found.bytes += sum(one.size for one in block)
        old = [one for one in block if one.modified_at < installation.clock.now() - GRACE]
        asked = {one: named_by(one.key) for one in block}
        for one in (one for one, named in asked.items() if named is None):
            found.unknown += 1
            found.unknown_bytes += one.size
        with installation.database.read() as session:
            named = named_ones(session, {by for one in old if (by := asked[one])}, installation.clock.now())
        for one in old:
            by = asked[one]
            if by is not None and by not in named:
                _take_away(installation, one, by, found, remove=remove)
        count_stored(installation, block)
        _measure(installation.database, installation.objects, [by.sha256 for by in named if by.sha256])
    _look_at_uploads(installation, found, remove=remove)
    return found


def _take_away(installation: Installation, one: StoredObject, by: Named, found: Found, *, remove: bool) -> None:
    """Remove an object that no row names, unless a row does by now, or it is another object than the one listed."""
    gone = True
    if remove and by.sha256 is not None:
        gone = remove_content(installation, by.sha256)
    elif remove:
        now = installation.clock.now()
        fresh = next((found for found in installation.objects.listed(one.key) if found.key == one.key), None)
        with installation.database.read() as session:
            if fresh is None or fresh.modified_at > now - GRACE or named_ones(session, [by], now):
                return
        installation.objects.delete(one.key)
    if gone:
        found.orphans += 1
        found.orphan_bytes += one.size
        found.examples += [one.key] if len(found.examples) < EXAMPLES else []


def remove_content(installation: Installation, sha256: str) -> bool:
    """Remove all objects of a content that nobody shows or holds; False where somebody does.

    Its facts go first: where they are, all of it is (projects/pictures/keeping.py), also after a crash in between.
    """
    now = installation.clock.now()
    with installation.database.write() as session:
        content = lock_content(session, sha256)
        if content.held_at > now - GRACE or used(session, [sha256]):
            return False
        for key in objects_of_content(installation.objects, sha256):
            installation.objects.delete(key)
        forget_content(session, sha256)
        session.delete(content)
    return True


def objects_of_content(objects: ObjectStore, sha256: str) -> list[str]:
    """The keys of a content's objects, its facts first."""
    keys = list(objects.keys(f"{folder_of_content(sha256)}/"))
    return sorted(keys, key=lambda key: not key.endswith("/facts.json"))


def _measure(database: Database, objects: ObjectStore, hashes: list[str]) -> None:
    """The bytes of contents that were kept before anybody measured them."""
    with database.read() as session:
        unmeasured = session.scalars(select(Content.sha256).where(Content.sha256.in_(hashes), Content.bytes == 0)).all()
    for sha256 in unmeasured:
        size = sum(one.size for one in objects.listed(f"{folder_of_content(sha256)}/"))
        with database.write() as session:
            content = session.get(Content, sha256, with_for_update={"key_share": True})
            if content is not None and content.bytes == 0:
                content.bytes = size
                measure_content(session, sha256, size)


def _blocks(all_of_them: Iterable[One]) -> Iterator[list[One]]:
    """A few at a time, however many there are."""
    rest = iter(all_of_them)
    while block := list(islice(rest, BLOCK)):
        yield block


def _look_at_uploads(installation: Installation, found: Found, *, remove: bool) -> None:
    """Uploads in parts that no open upload names: given up, or begun by a process that was killed."""
    parts, now = installation.objects.parts, installation.clock.now()
    old = (one for one in parts.underway() if one.begun_at < now - GRACE)
    for block in _blocks(old):
        with installation.database.read() as session:
            wanted = set(_still_open(session, [one.upload for one in block]))
        for one in block:
            if one.upload not in wanted:
                found.uploads += 1
                if remove:
                    with suppress(LookupError):
                        parts.abort(one.key, one.upload)


def _still_open(session: Session, uploads: list[str]) -> Iterator[str]:
    query = select(UploadSession.store_upload).where(
        UploadSession.store_upload.in_(uploads), UploadSession.state == UploadState.OPEN
    )
    return iter(session.scalars(query).all())
