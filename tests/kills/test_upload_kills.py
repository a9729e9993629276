"""A large file on its way while the server is killed (-9): what had arrived stays, and the file comes whole."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.service import upload_key
from support.clock import MovableClock
from support.servers import free_port
from support.shipping import Shipping

PART = 8 << 20
SERVER = """
import sys
import uvicorn
from leye_platform.app import create_app
from leye_platform.settings import read_settings
from leye_workers.compose import opened
with opened(read_settings()) as installation:
    uvicorn.run(create_app(installation), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


class Server:
    """A web process over a data folder."""

    def __init__(self, data_dir: Path, port: int) -> None:
        environment = os.environ | {"LEYE_DATA_DIR": str(data_dir), "LEYE_BASE_URL": f"http://127.0.0.1:{port}"}
        self.process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=environment)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz")
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError("the server does not answer")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def break_off(client: httpx.Client, address: str, part: bytes, half: threading.Event) -> None:
    """Send a part to a server that dies when half of it is on its way."""

    def slowly() -> Iterator[bytes]:
        yield part[: PART // 2]
        half.set()
        time.sleep(0.5)
        yield part[PART // 2 :]

    with suppress(httpx.TransportError):
        client.put(address, content=slowly())


@pytest.mark.audit
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_comes_whole_although_the_server_is_killed_in_the_middle_of_a_part(
    installation: Installation, clock: MovableClock, tmp_path: Path
) -> None:
    shipping = Shipping(installation, clock)
    project_id = shipping.batch(1).project_id
    clock.at = clock.at.now(clock.at.tzinfo)
    token = shipping.script(shipping.actor(Role.COORDINATOR).person_id).headers["authorization"]
    data_dir, port = installation.settings.data_dir, free_port()
    (tmp_path / "leye.sqlite3").rename(data_dir / "leye.sqlite3")
    for suffix in ("-wal", "-shm"):
        if (tmp_path / f"leye.sqlite3{suffix}").exists():
            (tmp_path / f"leye.sqlite3{suffix}").rename(data_dir / f"leye.sqlite3{suffix}")
    content = os.urandom(3 * PART + 5)
    parts = [content[at : at + PART] for at in range(0, len(content), PART)]
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"authorization": token}, timeout=120)
    server = Server(data_dir, port)
    try:
        body = {"file_name": "a.zip", "size": len(content), "first_part": hashlib.sha256(parts[0]).hexdigest()}
        upload: dict[str, Any] = client.post(f"/api/v1/projects/{project_id}/uploads", json=body).json()
        assert client.put(f"{upload['parts_url']}/1", content=parts[0]).status_code == 200
        for killed in (2, 3):
            half = threading.Event()
            address = f"{upload['parts_url']}/{killed}"
            sending = threading.Thread(target=break_off, args=(client, address, parts[killed - 1], half))
            sending.start()
            half.wait(60)
            server.kill()
            sending.join(60)
            server = Server(data_dir, port)
            again = client.post(f"/api/v1/projects/{project_id}/uploads", json=body).json()
            assert again["id"] == upload["id"]
            assert killed in again["missing"]
            assert 1 not in again["missing"]
            assert client.put(f"{upload['parts_url']}/{killed}", content=parts[killed - 1]).status_code == 200
        assert client.put(f"{upload['parts_url']}/4", content=parts[3]).status_code == 200
        sums = [hashlib.sha256(part).hexdigest() for part in parts]
        done = client.post(f"/api/v1/uploads/{upload['id']}/complete", json={"parts": sums})
        assert done.json()["state"] == "complete"
    finally:
        server.kill()
    stored = data_dir / "objects" / upload_key(upload["subject"])
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(content).digest()
    assert not list((data_dir / "objects" / ".parts").iterdir())
