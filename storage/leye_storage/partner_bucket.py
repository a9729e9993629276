"""A partner's own bucket, which is read and never written to. An object is the one that was listed, or is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import IO
from urllib.parse import quote

from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from leye_storage.bucket_address import BucketAddress, Listed
from leye_storage.errors import (
    BucketRefuses,
    ObjectChanged,
    ObjectMissing,
    StoreUnavailable,
)
from leye_storage.s3_client import client_for
from leye_storage.seekable import open_object
from leye_storage.store import CHUNK, ObjectInfo

GONE = frozenset({"NoSuchKey", "NoSuchObject", "NotFound"})
CHANGED = frozenset({"PreconditionFailed"})
PASSING = frozenset({"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "RequestTimeTooSkewed"})
"""Answers that may be others a while later; whatever else a server refuses, it goes on refusing."""


class PartnerBucket:
    """Reads one bucket by its owner's keys. allow_private: whether it may lie in the own network.

    Whatever meets a server that does not answer raises StoreUnavailable; that refuses, BucketRefuses; whose name means
    an address of the own network, AddressRefused.
    """

    def __init__(self, address: BucketAddress, key: str, secret: str, *, allow_private: bool = False) -> None:
        parts = address.parts()
        url = parts._replace(netloc=f"{quote(key, safe='')}:{quote(secret, safe='')}@{parts.netloc}")
        options = {"region": address.region, "style": address.style}
        if parts.scheme == "http":
            options["secure"] = "false"
        self._client: Minio = client_for(url, options, guarded=not allow_private)
        self.address = address

    def list(self, at_most: int) -> list[Listed]:
        """The objects below the prefix in the order of their keys, folders' own marks aside; one more than `at_most`
        where there are more."""
        found: list[Listed] = []
        with _asking():
            listing = self._client.list_objects(
                bucket_name=self.address.bucket, prefix=self.address.prefix, recursive=True
            )
            for one in listing:
                if one.object_name and not one.object_name.endswith("/"):
                    found.append(Listed(one.object_name, one.size or 0, _plain(one.etag)))
                if len(found) > at_most:
                    break
        return sorted(found, key=lambda one: one.key)

    def read(self, listed: Listed, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes of the very object that was listed. Raises ObjectChanged, ObjectMissing too."""
        end = listed.size if end is None else min(end, listed.size)
        return self._chunks(listed, start, end) if start < end else iter(())

    def _chunks(self, listed: Listed, start: int, end: int) -> Iterator[bytes]:
        with _asking(listed.key):
            answer = self._opened(listed, start, end)
            try:
                # Not every server heeds If-Match; its answer says what it gives.
                if listed.etag and _plain(answer.headers.get("ETag")) not in {"", listed.etag}:
                    raise ObjectChanged(listed.key)
                yield from answer.stream(CHUNK)
            finally:
                answer.close()
                answer.release_conn()

    def _opened(self, listed: Listed, start: int, end: int) -> BaseHTTPResponse:
        return self._client.get_object(
            bucket_name=self.address.bucket,
            object_name=listed.key,
            offset=start,
            length=end - start,
            request_headers={"If-Match": f'"{listed.etag}"'} if listed.etag else None,
        )

    def open(self, listed: Listed) -> IO[bytes]:
        """The object as a file that can be sought in."""
        return open_object(_OneObject(self, listed), listed.key)

    def link(self, key: str, expires: timedelta) -> str:
        """An address that gives the object to whoever has it, until it expires; asks the server nothing."""
        return self._client.presigned_get_object(bucket_name=self.address.bucket, object_name=key, expires=expires)


@dataclass(frozen=True, slots=True)
class _OneObject:
    bucket: PartnerBucket
    listed: Listed

    def stat(self, _key: str) -> ObjectInfo:
        return ObjectInfo(self.listed.size)

    def read(self, _key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        return self.bucket.read(self.listed, start, end)


def _plain(etag: str | None) -> str:
    return (etag or "").strip('"')


@contextmanager
def _asking(key: str = "") -> Iterator[None]:
    """Name what the server answers."""
    try:
        yield
    except S3Error as error:
        if error.code in GONE:
            raise ObjectMissing(key) from None
        if error.code in CHANGED:
            raise ObjectChanged(key) from None
        if error.code in PASSING:
            raise StoreUnavailable(f"the bucket does not answer ({error.code})") from error
        raise BucketRefuses(str(error.code)) from error
    except InvalidResponseError as error:  # refused, in words that the client does not read
        status = int(error._code)
        if status == HTTPStatus.NOT_FOUND and key:
            raise ObjectMissing(key) from None
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise StoreUnavailable(f"the bucket does not answer (HTTP {status})") from error
        raise BucketRefuses(f"HTTP {status}") from error
    except (HTTPError, MinioException) as error:
        reason = type(getattr(error, "reason", None) or error).__name__
        raise StoreUnavailable(f"the bucket does not answer ({reason})") from error
