"""Opens the store that LEYE_STORAGE_URL names."""

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import certifi
from minio import Minio
from urllib3 import PoolManager, Retry, Timeout

from leye_storage.clock import Clock
from leye_storage.errors import StorageUrlRefused
from leye_storage.folder import FolderStore
from leye_storage.guarded import guard
from leye_storage.s3 import S3Store
from leye_storage.store import ObjectStore

OPTIONS = {"secure": "true|false", "region": r"[\w-]+", "style": "path|virtual"}
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
S3_FORM = "wants s3://KEY:SECRET@host:port/bucket, with / and @ in the key and the secret written as %2F and %40"


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


def client_for(parts: SplitResult, options: dict[str, str], *, guarded: bool = False) -> Minio:
    """A client for the server of an `s3://` URL; it asks the server nothing yet.

    guarded: whether it keeps out of the own network. Raises StorageUrlRefused.
    """
    # The client's own defaults wait five minutes for a server that does not answer, six times over.
    http = PoolManager(
        timeout=Timeout(connect=5, read=60),
        maxsize=10,
        retries=Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
    )
    try:
        client = Minio(
            endpoint=parts.netloc.rpartition("@")[2],
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
            secure=options.get("secure") != "false",
            # Named, so that the client never asks the server where its bucket lies: not all can answer.
            region=options.get("region", "us-east-1"),
            http_client=guard(http) if guarded else http,
        )
    except ValueError:
        raise StorageUrlRefused(S3_FORM) from None
    if options.get("style") == "virtual":
        client.enable_virtual_style_endpoint()  # type: ignore[no-untyped-call]  # the client is untyped there
    return client
