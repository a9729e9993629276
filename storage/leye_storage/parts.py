"""Objects that come in parts: what a folder and S3 both promise of an upload that goes on for hours.

A part that came is there until its upload is completed or aborted, whatever dies in between. Parts are numbered from 1
and may come in any order; one that comes again takes the place of the one before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Protocol


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that is there. `etag` is the store's own name for its content: another content has another."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload that was begun and neither completed nor aborted."""

    key: str
    upload: str
    begun_at: datetime


class PartedUploads(Protocol):
    """Uploads in parts. `upload` is the text that `begin` gave.

    Every method raises KeyRefused, and OSError where the store does not answer; all but `begin` and `abort` raise
    UploadGone where the upload was completed, aborted, or forgotten by the store.
    """

    origin: str
    """Where the URLs of `url` lead, as scheme and host; empty where there are none."""

    def begin(self, key: str) -> str:
        """Begin an upload of an object."""

    def put(self, key: str, upload: str, number: int, content: IO[bytes]) -> StoredPart:
        """Store a part, whole or not at all."""

    def arrived(self, key: str, upload: str) -> list[StoredPart]:
        """The parts that are there, by number. Where one came twice with other content, a folder names both."""

    def url(self, key: str, upload: str, number: int, expires: timedelta) -> str | None:
        """A URL of the store's own that takes a PUT of the part; None where there is none."""

    def complete(self, key: str, upload: str, parts: Sequence[StoredPart]) -> None:
        """Make the object of these parts, in their order, and forget the upload. They are among those that arrived."""

    def abort(self, key: str, upload: str) -> None:
        """Throw the parts away; an upload that is not there is no error."""

    def underway(self) -> Iterator[OpenUpload]:
        """All uploads that were begun and not ended, in any order."""
