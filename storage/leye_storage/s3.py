"""Objects in S3 or anything that speaks it (MinIO, OSS, COS, OBS), through the `minio` client."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import IO
from urllib.parse import quote

from minio import Minio
from minio.error import InvalidResponseError, S3Error
from urllib3 import BaseHTTPResponse

from leye_storage.errors import ObjectMissing, ObjectTooLarge
from leye_storage.parts import PartedUploads
from leye_storage.s3_asking import asking
from leye_storage.s3_parts import S3Parts
from leye_storage.store import CHUNK, ObjectInfo, StoredObject, check_key, folder_of

PART = 16 << 20  # bytes of a multipart upload's part
MADE_BY_ANOTHER = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class _Measured:
    """Counts and hashes what the client reads, and stops it at the limit."""

    def __init__(self, stream: IO[bytes], key: str, limit: int | None) -> None:
        self.stream, self.key, self.limit = stream, key, limit
        self.size, self.digest = 0, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self.stream.read(size)
        self.size += len(chunk)
        if self.limit is not None and self.size > self.limit:
            raise ObjectTooLarge(f"{self.key}: more than {self.limit} bytes")
        self.digest.update(chunk)
        return chunk


class S3Store:
    """One bucket. See `leye_storage.store.ObjectStore` for what each method promises."""

    serves_itself = False

    def __init__(self, client: Minio, bucket: str) -> None:
        self.client, self.bucket = client, bucket
        self.parts: PartedUploads = S3Parts(client, bucket)
        with asking():
            if not client.bucket_exists(bucket_name=bucket):
                self._make_bucket()

    def _make_bucket(self) -> None:
        try:
            self.client.make_bucket(bucket_name=self.bucket)
        except S3Error as error:
            # Another process of ours starts at the same moment. Somebody else's bucket refuses the first request.
            if error.code not in MADE_BY_ANOTHER:
                raise

    def put(self, key: str, stream: IO[bytes], *, content_type: str, limit: int | None = None) -> ObjectInfo:
        measured = _Measured(stream, check_key(key), limit)
        with asking(key):
            self.client.put_object(
                bucket_name=self.bucket,
                object_name=key,
                data=measured,  # type: ignore[arg-type]  # the client only calls read()
                length=-1,
                part_size=PART,
                content_type=content_type,
            )
        return ObjectInfo(measured.size, measured.digest.hexdigest())

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        # A range behind the end is an error to S3; so is an empty one.
        size = self.stat(key).size
        end = size if end is None else min(end, size)
        return self._chunks(key, start, end) if start < end else iter(())

    def _chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        with asking(key):
            answer = self._opened(key, start, end)
            try:
                yield from answer.stream(CHUNK)
            finally:
                answer.close()
                answer.release_conn()

    def _opened(self, key: str, start: int, end: int) -> BaseHTTPResponse:
        try:
            return self.client.get_object(bucket_name=self.bucket, object_name=key, offset=start, length=end - start)
        except InvalidResponseError:
            # Some servers word "no such key" as text/xml, which the client cannot read; a HEAD has no words.
            self.stat(key)
            raise

    def stat(self, key: str) -> ObjectInfo:
        with asking(key):
            found = self.client.stat_object(bucket_name=self.bucket, object_name=check_key(key))
        return ObjectInfo(found.size or 0)

    def delete(self, key: str) -> None:
        with suppress(ObjectMissing), asking(key):
            self.client.remove_object(bucket_name=self.bucket, object_name=check_key(key))

    def keys(self, prefix: str = "") -> Iterator[str]:
        folder_of(prefix)
        with asking():
            found = self.client.list_objects(bucket_name=self.bucket, prefix=prefix, recursive=True)
            return iter(sorted(item.object_name for item in found if item.object_name))

    def listed(self, prefix: str = "") -> Iterator[StoredObject]:
        folder_of(prefix)
        return self._listed(prefix)

    def _listed(self, prefix: str) -> Iterator[StoredObject]:
        with asking():
            for item in self.client.list_objects(bucket_name=self.bucket, prefix=prefix, recursive=True):
                if item.object_name and item.last_modified:
                    yield StoredObject(item.object_name, item.size or 0, item.last_modified)

    def upload_url(self, key: str, expires: timedelta, limit: int | None = None) -> str:
        return self.client.presigned_put_object(bucket_name=self.bucket, object_name=check_key(key), expires=expires)

    def download_url(self, key: str, expires: timedelta, filename: str) -> str:
        headers = {"response-content-disposition": f"attachment; filename*=UTF-8''{quote(filename)}"}
        return self.client.presigned_get_object(
            bucket_name=self.bucket,
            object_name=check_key(key),
            expires=expires,
            response_headers=headers,  # type: ignore[arg-type]  # dict is invariant in the stub
        )
