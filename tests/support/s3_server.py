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
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Serve a folder on a free port until the block ends."""
    server = S3Server(f"127.0.0.1:{free_port()}", folder)
    # Hashes and folders asked for anew each time: the owner changes files behind the server's back.
    command = [RCLONE, "serve", "s3", folder, "--addr", server.address, "--auth-key", f"{server.key},{server.secret}"]
    command += ["--dir-cache-time", "0", "--vfs-cache-mode", "off", "--poll-interval", "0"]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
    try:
        _wait_for(f"http://{server.address}/")
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"the S3 server does not answer at {url}")
