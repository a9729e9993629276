"""Opens the store that LEYE_STORAGE_URL names."""

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from leye_storage.clock import Clock
from leye_storage.errors import StorageUrlRefused
from leye_storage.folder import FolderStore
from leye_storage.s3_address import BUCKET, OPTIONS, S3_FORM
from leye_storage.store import ObjectStore


def open_store(url: str, *, secret: str, base_url: str, clock: Clock) -> ObjectStore:
    """`file:///folder` or `s3://KEY:SECRET@host:port/bucket?secure=false&region=…&style=virtual`.

    A missing folder or bucket is made. Raises StorageUrlRefused; OSError where the folder cannot be made or the
    bucket does not answer.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for what is no port
    except ValueError:
        raise StorageUrlRefused("is no URL; wants file:///path or s3://KEY:SECRET@host:port/bucket") from None
    if parts.scheme == "file":
        return FolderStore(_folder(parts), secret=secret, base_url=base_url, clock=clock)
    if parts.scheme != "s3":
        raise StorageUrlRefused("wants file:///path or s3://KEY:SECRET@host:port/bucket")
    bucket = unquote(parts.path.strip("/"))
    if not (parts.username and parts.password and parts.hostname and bucket):
        raise StorageUrlRefused(S3_FORM)
    if not BUCKET.fullmatch(bucket):
        raise StorageUrlRefused("wants a bucket of 3 to 63 small letters, digits, dots and hyphens")
    # The client for S3 takes a process seven megabytes; whoever keeps a folder does without.
    from leye_storage.s3 import S3Store  # noqa: PLC0415 -- see above
    from leye_storage.s3_client import client_for  # noqa: PLC0415 -- see above

    return S3Store(client_for(parts, _options(parts)), bucket)


def _folder(parts: SplitResult) -> Path:
    path = unquote(parts.path)
    if parts.netloc or not path.startswith("/"):
        raise StorageUrlRefused("wants file:///path, with three slashes")
    if parts.query or parts.fragment or "\x00" in path:
        raise StorageUrlRefused("wants file:///path, with ? and # written as %3F and %23")
    return Path(path)


def _options(parts: SplitResult) -> dict[str, str]:
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    for name, value in options.items():
        if name not in OPTIONS:
            raise StorageUrlRefused(f"has the unknown option {name}; known are {', '.join(OPTIONS)}")
        if not re.fullmatch(OPTIONS[name], value):
            raise StorageUrlRefused(f"has a value for {name} that is none: wants {OPTIONS[name]}")
    return options
