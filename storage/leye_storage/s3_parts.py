"""Uploads in parts to S3: its own multipart uploads, through the client's calls for each step."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import IO
from urllib.parse import urlsplit

from minio import Minio
from minio.datatypes import ListMultipartUploadsResult, Part

from leye_storage.errors import UploadGone
from leye_storage.parts import OpenUpload, StoredPart
from leye_storage.s3_asking import asking
from leye_storage.store import check_key


class S3Parts:
    """See `leye_storage.parts.PartedUploads`. A part is held in memory while it is sent, as its signature wants it."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self.client, self.bucket = client, bucket
        parts = urlsplit(client.get_presigned_url("PUT", bucket, "origin"))
        self.origin = f"{parts.scheme}://{parts.netloc}"

    def begin(self, key: str) -> str:
        headers = {"Content-Type": "application/octet-stream"}
        with asking(key):
            return self.client._create_multipart_upload(self.bucket, check_key(key), headers)  # type: ignore[arg-type]  # its dict is invariant

    def put(self, key: str, upload: str, number: int, content: IO[bytes]) -> StoredPart:
        whole = content.read()
        with asking(check_key(key), UploadGone):
            etag = self.client._upload_part(self.bucket, key, whole, None, upload, number)
        return StoredPart(number, len(whole), etag.strip('"'))

    def arrived(self, key: str, upload: str) -> list[StoredPart]:
        found: list[StoredPart] = []
        marker: str | None = None
        while True:
            with asking(check_key(key), UploadGone):
                answer = self.client._list_parts(self.bucket, key, upload, part_number_marker=marker)
            found += [StoredPart(part.part_number, part.size or 0, part.etag.strip('"')) for part in answer.parts]
            last, marker = marker, answer.next_part_number_marker
            if not answer.is_truncated or not marker or marker == last:
                return sorted(found, key=lambda part: part.number)

    def url(self, key: str, upload: str, number: int, expires: timedelta) -> str | None:
        return self.client.get_presigned_url(
            "PUT",
            self.bucket,
            check_key(key),
            expires=expires,
            extra_query_params={"uploadId": upload, "partNumber": str(number)},
        )

    def complete(self, key: str, upload: str, parts: Sequence[StoredPart]) -> None:
        told = [Part(part.number, part.etag) for part in parts]
        with asking(check_key(key), UploadGone):
            self.client._complete_multipart_upload(self.bucket, key, upload, told)

    def abort(self, key: str, upload: str) -> None:
        with suppress(UploadGone), asking(check_key(key), UploadGone):
            self.client._abort_multipart_upload(self.bucket, key, upload)

    def underway(self) -> Iterator[OpenUpload]:
        with suppress(UploadGone):  # how some servers say that there is none
            yield from self._underway()

    def _underway(self) -> Iterator[OpenUpload]:
        marker: str | None = None
        while True:
            with asking("", UploadGone):
                # Asked in the fewest words: the client's own call adds an empty delimiter, to which some servers list
                # nothing.
                query: dict[str, str | list[str] | tuple[str]] = {"uploads": ""}
                if marker:
                    query["key-marker"] = marker
                answer = ListMultipartUploadsResult(self.client._execute("GET", self.bucket, query_params=query))
            for found in answer.uploads:
                if found.upload_id:
                    begun_at = found.initiated_time or datetime.now(UTC)
                    yield OpenUpload(found.object_name, found.upload_id, begun_at)
            last, marker = marker, answer.next_key_marker
            if not answer.is_truncated or not marker or marker == last:
                return
