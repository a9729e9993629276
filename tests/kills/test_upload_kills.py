"""A file sent in parts while the web process is killed (-9): what was confirmed is kept, and the file is whole."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from hashlib import sha256
from threading import Event, Thread
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.rules import BatchState
from leye_platform.projects.service import upload_key
from leye_platform.uploads.models import UploadPart
from leye_platform.uploads.rules import SMALLEST_PART
from support.clock import MovableClock
from support.servers import free_port
from support.shipping import Shipping
from support.uploading import read_batch

PARTS, PATIENCE_SECONDS = 6, 120
ROW = b'{"review": "' + b"x" * 4000 + b'"}\n'


class Site:
    """A web process over the test's database and objects, which is killed and started again at one address."""

    def __init__(self, installation: Installation) -> None:
        self.installation, self.port = installation, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
        settings, database = self.installation.settings, self.installation.database
        told = {
            "LEYE_DATA_DIR": str(settings.data_dir),
            "LEYE_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "LEYE_STORAGE_URL": settings.resolved_storage_url,
        }
        command = [sys.executable, "-m", "leye_workers.cli", "web", "--port", str(self.port)]
        with (settings.data_dir / "web.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=kept | told, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        self.start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)


class Script(Thread):
    """A partner's script that sends what is missing until the server says that the upload is complete."""

    def __init__(self, site: Site, token: str, begun: dict[str, Any], content: bytes) -> None:
        super().__init__(daemon=True)
        self.site, self.begun, self.content = site, begun, content
        self.headers, self.completing, self.confirmed = {"Authorization": f"Token {token}"}, Event(), set[int]()

    def run(self) -> None:
        while True:
            with (
                suppress(httpx.TransportError),  # killed: look what is there, and go on
                httpx.Client(base_url=self.site.url, headers=self.headers, timeout=30, trust_env=False) as client,
            ):
                if self.sent(client):
                    return
            time.sleep(0.02)

    def sent(self, client: httpx.Client) -> bool:
        upload = client.get(f"/api/v1/uploads/{self.begun['id']}").raise_for_status().json()
        assert self.confirmed <= {part["number"] for part in upload["parts"]}, "a confirmed part is gone"
        size = self.begun["part_size"]
        for number in upload["missing"]:
            part = self.content[(number - 1) * size : number * size]
            client.put(f"{self.begun['parts_url']}/{number}", content=part).raise_for_status()
            self.confirmed.add(number)
        self.completing.set()
        told = client.post(f"/api/v1/uploads/{self.begun['id']}/complete", json={}).raise_for_status().json()
        return bool(told["state"] == "complete")


def parts_in(shipping: Shipping) -> int:
    with shipping.database.read() as session:
        return session.scalar(select(func.count()).select_from(UploadPart)) or 0


@pytest.mark.audit
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_upload_in_parts_outlives_four_kills(installation: Installation, clock: MovableClock) -> None:
    shipping = Shipping(installation, clock)
    project_id = shipping.batch(1).project_id
    engineer = shipping.script(shipping.actor(Role.COORDINATOR).person_id)
    body = {"name": "七月", "file_name": "七月.jsonl"}
    batch_id = engineer.post(f"/api/v1/projects/{project_id}/batches", json=body).json()["id"]
    rows = PARTS * SMALLEST_PART // len(ROW) - 5
    content = ROW * rows
    asked = {"file_name": "七月.jsonl", "size": len(content), "subject": batch_id}
    begun = engineer.post(f"/api/v1/projects/{project_id}/uploads", json=asked).json()
    assert begun["parts_total"] == PARTS
    site, draw = Site(installation), random.Random(batch_id)
    script = Script(site, engineer.headers["Authorization"].removeprefix("Token "), begun, content)
    try:
        script.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for wanted in (0, 2, 4):
            while not parts_in(shipping) >= wanted:
                assert time.monotonic() < deadline, "no more parts come in"
                time.sleep(0.002)
            time.sleep(draw.random() / 10)
            site.kill()
        assert script.completing.wait(PATIENCE_SECONDS)
        time.sleep(draw.random() / 50)
        site.kill()
        script.join(PATIENCE_SECONDS)
        assert not script.is_alive(), "the upload never ends"
    finally:
        site.stop()
    stored = sha256()
    for piece in installation.objects.read(upload_key(UUID(batch_id))):
        stored.update(piece)
    assert stored.hexdigest() == sha256(content).hexdigest()
    assert engineer.post(f"/api/v1/batches/{batch_id}/ingest").status_code == 202
    batch = read_batch(shipping, UUID(batch_id))
    assert (batch.state, batch.rows_in) == (BatchState.READY, rows)
