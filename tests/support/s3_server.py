"""A real S3 server over a folder: rclone's, from its package. It checks signatures and their expiry."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from support.servers import free_port

RCLONE = Path(sys.executable).parent / "rclone"


@dataclass(frozen=True)
class S3Server:
    """A running server. A folder below `folder` is a bucket, and whoever writes there is its owner."""

    address: str
    folder: Path
    key: str = "leyekey"
    secret: str = "leyesecret"


@contextmanager
def s3_server(folder: Path, *, behind_its_back: bool = True) -> Iterator[S3Server]:
    """Serve a folder on a free port until the block ends. behind_its_back: whether files change there otherwise."""
    server = S3Server(f"127.0.0.1:{free_port()}", folder)
    command = [RCLONE, "serve", "s3", folder, "--addr", server.address, "--auth-key", f"{server.key},{server.secret}"]
    if behind_its_back:
        # Hashes and folders asked for anew each time. Now and then such a server stands still over an upload in parts.
        command += ["--dir-cache-time", "0", "--vfs-cache-mode", "off", "--poll-interval", "0"]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
    try:
        _wait_for(f"http://{server.address}/")
        yield server
    finally:
        # One that was asked for the uploads under way does not end by itself.
        process.kill()
        process.wait(10)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"the S3 server does not answer at {url}")
