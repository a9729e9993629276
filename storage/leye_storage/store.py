"""The object store's protocol: what the folder and S3 both do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Protocol

from leye_storage.errors import KeyRefused
from leye_storage.parts import PartedUploads

CHUNK = 1 << 20  # bytes read at once
LONGEST_KEY = 900  # bytes; S3 takes 1,024, a bucket's folder in front of it included
LONGEST_PART = 255  # bytes between two slashes, which is what file systems take


@dataclass(frozen=True)
class ObjectInfo:
    """An object's size in bytes, and its SHA-256 (hex) where it was reckoned on the way in."""

    size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it. `modified_at`: when its content was stored."""

    key: str
    size: int
    modified_at: datetime


def check_key(key: str) -> str:
    """The key itself, where it is one.

    Raises KeyRefused.
    """
    if any(ord(sign) < 32 or sign in "\\?#%\x7f" or "\ud800" <= sign <= "\udfff" for sign in key):
        raise KeyRefused(ascii(key[:80]))
    if not 0 < len(key.encode()) <= LONGEST_KEY:
        raise KeyRefused(key[:80])
    if any(not part or part.startswith(".") or len(part.encode()) > LONGEST_PART for part in key.split("/")):
        raise KeyRefused(key[:80])
    return key


def folder_of(prefix: str) -> str:
    """The whole folders that a prefix of keys names: `a/b` of `a/b/c`.

    Raises KeyRefused.
    """
    folder = prefix.rpartition("/")[0]
    return check_key(folder) if "/" in prefix else ""


class ObjectStore(Protocol):
    """Objects by key. A key is a relative path such as `uploads/01…/reviews.csv`.

    Every method that meets a store which does not answer raises OSError (of S3, StoreUnavailable).
    """

    serves_itself: bool
    """Whether its signed URLs lead to our own origin, which has to serve them (the folder)."""
    parts: PartedUploads
    """Uploads that come in parts."""

    def put(self, key: str, stream: IO[bytes], *, content_type: str, limit: int | None = None) -> ObjectInfo:
        """Store a stream whole or not at all, replacing what was there.

        Raises KeyRefused, ObjectTooLarge (more than `limit` bytes), and what reading the stream raises.
        """

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes from `start` to before `end`; fewer or none where the object ends before.

        Raises ObjectMissing, KeyRefused; ObjectMissing also later, where it is removed meanwhile.
        """

    def stat(self, key: str) -> ObjectInfo:
        """Raises ObjectMissing, KeyRefused."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error. Raises KeyRefused."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """All keys that begin with `prefix`, in order. Raises KeyRefused."""

    def listed(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with `prefix`, a page of the listing at a time: for millions of them.

        In any order; one that comes or goes meanwhile may be told or not. Raises KeyRefused.
        """

    def upload_url(self, key: str, expires: timedelta, limit: int | None = None) -> str:
        """A URL that takes a PUT until it expires.

        The folder's carries `limit` (bytes), signed. S3 cannot sign a limit for PUT: ask `stat` after the upload.
        """

    def download_url(self, key: str, expires: timedelta, filename: str) -> str:
        """A URL that gives the object, named `filename`, until it expires."""
