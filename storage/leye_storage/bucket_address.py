"""Where a partner's own bucket lies, and what was listed in it."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from leye_storage.errors import StorageUrlRefused
from leye_storage.s3_address import BUCKET, OPTIONS


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket lies. endpoint: `https://host[:port]`; style: `path` or `virtual`.

    Raises StorageUrlRefused for what is no such address.
    """

    endpoint: str
    bucket: str
    prefix: str = ""
    region: str = "us-east-1"
    style: str = "path"

    def __post_init__(self) -> None:
        parts = self.parts()
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise StorageUrlRefused("endpoint")
        if parts.path.strip("/") or not BUCKET.fullmatch(self.bucket):
            raise StorageUrlRefused("bucket" if not parts.path.strip("/") else "endpoint")
        if any(ord(sign) < 32 for sign in self.prefix) or len(self.prefix.encode()) > 900:
            raise StorageUrlRefused("prefix")
        if self.style not in OPTIONS["style"].split("|"):
            raise StorageUrlRefused("style")

    def parts(self) -> SplitResult:
        """The endpoint taken apart. Raises StorageUrlRefused."""
        try:
            parts = urlsplit(self.endpoint)
            _ = parts.port  # raises for what is no port
        except ValueError:
            raise StorageUrlRefused("endpoint") from None
        return parts


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as it was listed; etag: what tells it from another under the same key."""

    key: str
    size: int
    etag: str
