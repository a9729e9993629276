"""Files that firms send, counted: before they are stored where their size is known, else as soon as it is."""

from collections.abc import Iterable
from datetime import datetime
from typing import IO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.holdings.models import FirmFile
from leye_platform.holdings.naming import named_ones
from leye_platform.holdings.quotas import Firm, claim_file, count_file, drop_unshown, firms_counted, release_files
from leye_platform.holdings.rules import GRACE, Kind, Named, named_by
from leye_platform.installation import Installation
from leye_platform.projects.models import Addition, Batch, Project
from leye_platform.projects.rules import DataState
from leye_platform.retention.errors import DataErased
from leye_storage import ObjectStore
from leye_storage.store import StoredObject

SENT = frozenset({Kind.UPLOADS, Kind.ADDITIONS})
AT_ONCE = 500  # files looked up in one unit of work


def firm_of_key(session: Session, key: str, usual_limit: int) -> tuple[Firm, UUID] | None:
    """Whose file lies under a key, and the batch or addition that it is for; None where it is no file of a firm's."""
    named = named_by(key)
    if named is None or named.id is None or named.kind not in SENT:
        return None
    query = select(Project.organisation_id).join(Batch, Batch.project_id == Project.id)
    if named.kind is Kind.UPLOADS:
        query = query.where(Batch.id == named.id)
    else:
        query = query.join(Addition, Addition.batch_id == Batch.id).where(Addition.id == named.id)
    found = session.scalar(query)
    return None if found is None else (Firm(found, usual_limit), named.id)


def claim_key(installation: Installation, key: str, size: int) -> None:
    """A file of so many bytes is about to be stored under a key, in a unit of work of its own.

    Raises StorageFull; DataErased, where the batch that it is for has lost its content meanwhile.
    """
    with installation.database.write() as session:
        found = firm_of_key(session, key, installation.settings.partner_storage)
        if found is not None:
            if _lost_its_content(session, found[1]):
                raise DataErased
            claim_file(session, found[0], key, found[1], size, installation.clock.now())


def store_counted(  # noqa: PLR0917 -- what is stored, and how
    installation: Installation, key: str, stream: IO[bytes], size: int, kind: str, limit: int
) -> None:
    """Count a file, then store it; where storing does not come about, it is not counted.

    Raises what `claim_key` raises, and what the store's `put` does.
    """
    claim_key(installation, key, size)
    try:
        installation.objects.put(key, stream, content_type=kind, limit=limit)
    except Exception:
        forget_claims(installation, [key])
        raise


def _lost_its_content(session: Session, subject_id: UUID) -> bool:
    """Whether the batch, or that of the addition, is erased or being erased."""
    of_addition = select(Addition.batch_id).where(Addition.id == subject_id)
    gone = select(Batch.id).where(
        (Batch.id == subject_id) | Batch.id.in_(of_addition), Batch.data_state != DataState.KEPT
    )
    return session.scalar(gone) is not None


def claim_stored(session: Session, objects: ObjectStore, prefix: str, usual_limit: int, now: datetime) -> None:
    """What lies in a folder is counted with its real size: a store may have taken it past us. Raises StorageFull."""
    for key in list(objects.keys(prefix)):
        found = firm_of_key(session, key, usual_limit)
        if found is not None:
            claim_file(session, found[0], key, found[1], objects.stat(key).size, now)


def forget_claims(installation: Installation, keys: list[str]) -> None:
    """Storing did not come about."""
    with installation.database.write() as session:
        release_files(session, keys)


def count_stored(installation: Installation, found: Iterable[StoredObject]) -> None:
    """Files that lie in the store and were never counted: from before there was a limit."""
    sizes = {one.key: one.size for one in found if (named := named_by(one.key)) and named.kind in SENT}
    with installation.database.read() as session:
        known = set(session.scalars(select(FirmFile.key).where(FirmFile.key.in_(sizes))))
    for key in sizes.keys() - known:
        with installation.database.write() as session:
            whose = firm_of_key(session, key, 0)
            if whose is not None:
                count_file(session, whose[0].id, key, whose[1], sizes[key], installation.clock.now())


def settle_claims(installation: Installation) -> None:
    """What was counted for a file or a row that never came is given back after a day; then each sum is taken anew."""
    last = ""
    while True:
        now = installation.clock.now()
        with installation.database.read() as session:
            old = select(FirmFile.key).where(FirmFile.key > last, FirmFile.noted_at < now - GRACE)
            keys = list(session.scalars(old.order_by(FirmFile.key).limit(AT_ONCE)))
            named = {key: named_by(key) for key in keys}
            wanted: set[Named] = named_ones(session, {one for one in named.values() if one}, now)
        gone = [key for key in keys if named[key] not in wanted]
        if gone:
            with installation.database.write() as session:
                release_files(session, gone)
        if len(keys) < AT_ONCE:
            break
        last = keys[-1]
    with installation.database.read() as session:
        firms = list(firms_counted(session))
    for organisation_id in firms:
        with installation.database.write() as session:
            drop_unshown(session, organisation_id, installation.clock.now() - GRACE)
