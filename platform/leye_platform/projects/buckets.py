"""A partner's own bucket as the source of a batch: kept with its keys sealed, opened for reading."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.errors import N_, FieldsRefused
from leye_platform.installation import Installation
from leye_platform.matching.models import SealedKind, SealedRecord
from leye_platform.matching.sealing import KeyRing
from leye_platform.projects.models import Batch, BatchBucket, Item
from leye_storage.bucket_address import BucketAddress
from leye_storage.errors import StorageUrlRefused

if TYPE_CHECKING:
    from leye_storage.partner_bucket import PartnerBucket

LINK_TIME = timedelta(minutes=15)
_WRONG = {
    "endpoint": N_("请写成 https://主机 或者 https://主机:端口，后面不带路径和账号。"),
    "bucket": N_("桶名是 3 到 63 个小写字母、数字、点和横线。"),
    "prefix": N_("前缀最多 900 字节，不能有看不见的字符。"),
    "style": N_("style 只能是 path 或 virtual。"),
}


@dataclass(frozen=True, slots=True)
class BucketGiven:
    """A bucket as a partner names it, with the keys that read it."""

    endpoint: str
    bucket: str
    prefix: str
    region: str
    style: str
    key: str
    secret: str


@dataclass(frozen=True, slots=True)
class OriginalLink:
    """Where an item's original is opened."""

    row: int
    external_id: str | None
    url: str


def keep_bucket(session: Session, key_ring: KeyRing, batch: Batch, given: BucketGiven, now: datetime) -> BatchBucket:
    """Have a batch read from a bucket. Raises FieldsRefused, which names the field."""
    try:
        BucketAddress(given.endpoint, given.bucket, given.prefix, given.region, given.style)
    except StorageUrlRefused as refused:
        field = str(refused)
        raise FieldsRefused({f"s3.{field}": _WRONG[field]}) from None
    kept = BatchBucket(
        batch_id=batch.id,
        endpoint=given.endpoint,
        bucket=given.bucket,
        prefix=given.prefix,
        region=given.region,
        style=given.style,
        created_at=now,
    )
    kind = SealedKind.BUCKET_KEYS
    sealed = key_ring.seal(kind, batch.id, {"key": given.key, "secret": given.secret})
    record = SealedRecord(kind=kind, subject_id=batch.id, key_id=key_ring.current, ciphertext=sealed, updated_at=now)
    session.add_all([kept, record])
    session.flush()
    return kept


def bucket_of(session: Session, installation: Installation, batch_id: UUID) -> "PartnerBucket | None":
    """The bucket of a batch, to be read; None where its files were uploaded. Asks the bucket nothing."""
    from leye_storage.partner_bucket import PartnerBucket  # noqa: PLC0415 -- weighs seven megabytes, and few want it

    kept = session.get(BatchBucket, batch_id)
    if kept is None:
        return None
    kind = SealedKind.BUCKET_KEYS
    record = session.get_one(SealedRecord, (kind, batch_id))
    keys = installation.key_ring.open(kind, batch_id, record.key_id, record.ciphertext)
    assert isinstance(keys, dict), "sealed keys are an object"  # noqa: S101 -- we sealed them so
    address = BucketAddress(kept.endpoint, kept.bucket, kept.prefix, kept.region, kept.style)
    private = installation.settings.private_sources
    return PartnerBucket(address, keys["key"], keys["secret"], allow_private=private)


def original_links(
    session: Session, installation: Installation, batch: Batch, after: int, at_most: int
) -> list[OriginalLink]:
    """Links to the originals of a batch's items that lie in its partner's bucket, by row from the one behind `after`.

    Each gives the picture to whoever has it, for a quarter of an hour. Empty where the pictures were uploaded.
    """
    bucket = bucket_of(session, installation, batch.id)
    if bucket is None:
        return []
    query = select(Item.row, Item.external_id, Item.source_key).where(Item.batch_id == batch.id, Item.row > after)
    found = session.execute(query.order_by(Item.row).limit(at_most))
    return [OriginalLink(row, name, bucket.link(key, LINK_TIME)) for row, name, key in found if key is not None]
