"""The client that speaks to an S3 server, with patience that suits a request."""

import os
from urllib.parse import SplitResult, unquote

import certifi
from minio import Minio
from urllib3 import PoolManager, Retry, Timeout

from leye_storage.errors import StorageUrlRefused
from leye_storage.guarded import guard
from leye_storage.s3_address import S3_FORM


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
