"""The objects below a prefix of a partner's bucket, as files to read. Nothing is written there.

They are listed once, and the list is kept: whatever the partner adds or changes meanwhile, a reading that was
interrupted goes on over the same list, and an object that is another by then is told as such.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.archive import MOST_MEMBERS
from leye_platform.projects.ingest.picture_folder import Member, Members, checked
from leye_platform.projects.ingest.source import Source
from leye_platform.projects.pictures.keeping import too_heavy
from leye_platform.projects.pictures.refusals import LARGEST_PICTURE, PictureRefused
from leye_platform.projects.rules import LONGEST_SOURCE_KEY
from leye_storage import ObjectInfo, ObjectStore, open_object
from leye_storage.bucket_address import Listed
from leye_storage.errors import AddressRefused, BucketRefuses, ObjectChanged, ObjectMissing

if TYPE_CHECKING:
    from leye_storage.partner_bucket import PartnerBucket

MOST_FILES = 1_000
"""Of tables: each is looked through before the first row is taken."""


def listing_key(batch_id: UUID) -> str:
    """Where the list of a batch's objects is kept in our own store."""
    return f"listings/{batch_id}.jsonl"


def bucket_sources(objects: ObjectStore, batch_id: UUID, bucket: "PartnerBucket", *, pictures: bool) -> list[Source]:
    """The files: of tables one each, of pictures all as one folder.

    Raises the kinds of FileRefused; OSError where the bucket does not answer.
    """
    listed = _listing(objects, batch_id, bucket, MOST_MEMBERS if pictures else MOST_FILES)
    if not pictures:
        return [_table(bucket, one) for one in listed]
    name, size = f"s3://{bucket.address.bucket}/{bucket.address.prefix}", sum(one.size for one in listed)
    return [Source(name, size, lambda: iter(()), BytesIO, folder=lambda: BucketFolder(bucket, listed))]


def _listing(objects: ObjectStore, batch_id: UUID, bucket: "PartnerBucket", at_most: int) -> list[Listed]:
    try:
        kept = b"".join(objects.read(listing_key(batch_id)))
        return [Listed(*orjson.loads(line)) for line in kept.splitlines()]
    except ObjectMissing:
        pass
    place = f"{bucket.address.bucket}/{bucket.address.prefix}"
    with _told(place):
        listed = bucket.list(at_most)
    if not listed:
        raise refusals.BucketEmpty(name=place)
    if len(listed) > at_most:
        raise refusals.BucketTooFull(name=place, limit=at_most)
    lines = b"".join(orjson.dumps([one.key, one.size, one.etag]) + b"\n" for one in listed)
    objects.put(listing_key(batch_id), BytesIO(lines), content_type="application/x-ndjson")
    return listed


def _table(bucket: "PartnerBucket", listed: Listed) -> Source:
    table = _Object(bucket, listed)
    return Source(listed.key, listed.size, lambda: table.read(listed.key), lambda: open_object(table, listed.key))


@dataclass(frozen=True, slots=True)
class _Object:
    """One object, read as our own store is; what is wrong with it refuses the file."""

    bucket: "PartnerBucket"
    listed: Listed

    def stat(self, _key: str) -> ObjectInfo:
        return ObjectInfo(self.listed.size)

    def read(self, _key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        with _told(self.listed.key):
            yield from self.bucket.read(self.listed, start, end)


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except AddressRefused as refused:
        raise refusals.BucketInside(host=str(refused)) from None
    except BucketRefuses as refused:
        raise refusals.BucketRefused(name=name, code=str(refused)) from None
    except (ObjectChanged, ObjectMissing):
        raise refusals.BucketChanged(name=name) from None


class BucketFolder:
    """The pictures below a prefix, named from there on."""

    def __init__(self, bucket: "PartnerBucket", listed: list[Listed]) -> None:
        self._bucket = bucket
        folder = bucket.address.prefix.rpartition("/")[0]
        start = len(folder) + 1 if folder else 0
        ends = accumulate(one.size for one in listed)
        found = (
            Member(one.key[start:], end, one, _problem(one), one.key) for one, end in zip(listed, ends, strict=True)
        )
        self.members = Members(checked(found))

    def content(self, member: Member, limit: int = LARGEST_PICTURE) -> bytes:
        """A picture, whole, as it was when the bucket was listed.

        Raises PictureRefused, OSError where the bucket does not answer.
        """
        listed: Listed = member.entry
        if listed.size > limit:
            raise too_heavy(listed.size)
        try:
            return b"".join(self._bucket.read(listed))
        except ObjectChanged:
            raise PictureRefused(refusals.CHANGED_IN_BUCKET) from None
        except ObjectMissing:
            raise PictureRefused(refusals.GONE_FROM_BUCKET) from None
        except BucketRefuses as refused:
            raise PictureRefused(refusals.KEPT_BY_BUCKET, code=refused) from None


def _problem(listed: Listed) -> str | None:
    return refusals.KEY_TOO_LONG if len(listed.key) > LONGEST_SOURCE_KEY else None
