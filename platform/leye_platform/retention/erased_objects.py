"""The objects of a batch: written down with their SHA-256, then removed.

What lies under the batch's own ids is listed first and removed after. A content is written down and removed in one
transaction that has its row locked, because others may show it, or begin to.
"""

import hashlib
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot
from leye_platform.exports.models import ExportFile
from leye_platform.exports.rules import ExportState
from leye_platform.holdings.contents import lock_content, used
from leye_platform.holdings.models import ContentUse, FirmFile
from leye_platform.holdings.quotas import forget_content, release_contents, release_files
from leye_platform.holdings.rules import GRACE
from leye_platform.holdings.sweep import objects_of_content
from leye_platform.installation import Installation
from leye_platform.projects.additions import addition_folder
from leye_platform.projects.models import Addition, Batch
from leye_platform.projects.pictures.keeping import folder_of_content, key_of
from leye_platform.projects.service import source_key
from leye_platform.retention.models import ErasedObject, Erasure
from leye_platform.retention.rules import Fate, ObjectKind
from leye_storage import ObjectStore
from leye_storage.errors import ObjectMissing

AT_ONCE = 200


def prefixes_of(session: Session, batch: Batch) -> Iterator[tuple[str, ObjectKind]]:
    """Below which keys the batch's own objects lie, and what they are."""
    yield f"{source_key(batch.id)}/", ObjectKind.UPLOAD
    for addition_id in session.scalars(select(Addition.id).where(Addition.batch_id == batch.id)):
        yield f"{addition_folder(addition_id)}/", ObjectKind.UPLOAD
    yield f"listings/{batch.id}", ObjectKind.LISTING
    for lot_id in session.scalars(select(Lot.id).where(Lot.batch_id == batch.id)):
        yield f"lots/{lot_id}/", ObjectKind.LOT
    inside = select(Lot.id).where(
        Lot.batch_id == batch.id, Lot.sequence > ExportFile.after_lot, Lot.delivered_at <= ExportFile.asked_at
    )
    erased = select(ExportFile.id).where(
        ExportFile.project_id == batch.project_id, ExportFile.state == ExportState.ERASED, inside.exists()
    )
    for export_id in session.scalars(erased):
        yield f"exports/{export_id}/", ObjectKind.EXPORT


def list_objects(installation: Installation, erasure_id: UUID) -> None:
    """Write down what lies under the batch's own ids, each with the SHA-256 of its bytes."""
    objects = installation.objects
    with installation.database.read() as session:
        batch_id = session.get_one(Erasure, erasure_id).batch_id
        prefixes = list(prefixes_of(session, session.get_one(Batch, batch_id)))
        known = set(session.scalars(select(ErasedObject.key).where(ErasedObject.erasure_id == erasure_id)))
    for prefix, kind in prefixes:
        for key in list(objects.keys(prefix)):
            if key in known:
                continue
            try:
                sha256, size = _digest(objects, key)
            except ObjectMissing:  # a piece of an export that was being written
                continue
            row = ErasedObject(erasure_id=erasure_id, key=key, kind=kind, sha256=sha256, bytes=size)
            with installation.database.write() as session:
                session.add(row)


def _digest(objects: ObjectStore, key: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in objects.read(key):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def remove_objects(installation: Installation, erasure_id: UUID) -> None:
    """Remove what was written down; its firm has the room again."""
    while True:
        with installation.database.read() as session:
            listed = (ErasedObject.erasure_id == erasure_id, ErasedObject.fate == Fate.LISTED)
            keys = session.scalars(select(ErasedObject.key).where(*listed).limit(AT_ONCE)).all()
        if not keys:
            break
        for key in keys:
            installation.objects.delete(key)
        with installation.database.write() as session:
            for row in session.scalars(
                select(ErasedObject).where(ErasedObject.erasure_id == erasure_id, ErasedObject.key.in_(keys))
            ):
                row.fate = Fate.REMOVED
    with installation.database.write() as session:
        batch_id = session.get_one(Erasure, erasure_id).batch_id
        additions = select(Addition.id).where(Addition.batch_id == batch_id)
        mine = (FirmFile.subject_id == batch_id) | FirmFile.subject_id.in_(additions)
        release_files(session, list(session.scalars(select(FirmFile.key).where(mine))))


def remove_contents(installation: Installation, erasure_id: UUID) -> None:
    """Each content that the batch shows: removed, or left where another batch or a guide shows it."""
    while True:
        with installation.database.read() as session:
            erasure = session.get_one(Erasure, erasure_id)
            mine = select(ContentUse.sha256).where(ContentUse.batch_id == erasure.batch_id)
            hashes = session.scalars(mine.order_by(ContentUse.sha256).limit(AT_ONCE)).all()
        if not hashes:
            return
        for sha256 in hashes:
            _remove_content(installation, erasure, sha256)


def _remove_content(installation: Installation, erasure: Erasure, sha256: str) -> None:
    objects, now = installation.objects, installation.clock.now()
    with installation.database.write() as session:
        content = lock_content(session, sha256)
        use = (ContentUse.batch_id == erasure.batch_id, ContentUse.sha256 == sha256)
        session.execute(delete(ContentUse).where(*use))
        # Who reads it in just now has written into the row before it looked whether the content is there.
        elsewhere = content.held_at > now - GRACE and content.held_for != erasure.batch_id
        shared = elsewhere or bool(used(session, [sha256]))
        listed = list(objects.listed(f"{folder_of_content(sha256)}/"))
        original = any(one.key == key_of(sha256, "original") for one in listed)
        row = ErasedObject(
            erasure_id=erasure.id,
            key=folder_of_content(sha256),
            kind=ObjectKind.ORIGINAL if original or not listed else ObjectKind.RENDITION,
            sha256=sha256,
            bytes=content.bytes or sum(one.size for one in listed),
            fate=Fate.SHARED if shared else Fate.REMOVED,
        )
        session.add(row)
        if shared:
            release_contents(session, erasure.organisation_id, [sha256])
            return
        for key in objects_of_content(objects, sha256):
            objects.delete(key)
        forget_content(session, sha256)
        session.delete(content)
