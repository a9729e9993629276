"""A reading that is killed (-9) three times ends with the very items of one that nobody disturbed."""

import os
import random
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile

import pytest
from sqlalchemy import func, select

from leye_platform.assignments.models import Slot
from leye_platform.installation import Installation
from leye_platform.outbox import Checkpoint, OutboxRow
from leye_platform.projects import service
from leye_platform.projects.models import Item, MicroTask, Project
from leye_platform.projects.rules import BatchState
from leye_platform.projects.splitting import Splitting
from support.boxes import PictureBatches
from support.clock import MovableClock
from support.pictures import photo, written
from support.shipping import Shipping

PATIENCE_SECONDS = 300
KILLS = 3
JOB = """
import sys
from uuid import UUID
from leye_platform.settings import LogFormat, read_settings
from leye_workers.compose import opened
from leye_workers.execution import Execution
from leye_workers.locks import locks_for
from leye_workers.logs import configure_logging
configure_logging(LogFormat.TEXT)
with opened(read_settings()) as installation:
    print("ready", flush=True)
    ran = Execution(installation, locks_for(installation)).run(UUID(sys.argv[1]))
# Not getrusage: that counts the process which this one was forked from, too.
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM:")))
sys.exit(not ran)
"""


class Killed(PictureBatches):
    """Batches whose job runs in a process of its own, over the same database and objects."""

    def everything(self, batch_id: UUID) -> dict[str, Any]:
        """All that a reading leaves, its ids and running numbers aside."""
        batch = self.batch(batch_id)
        with self.shipping.database.read() as session:
            tasks = session.execute(
                select(Item.row, MicroTask.part, MicroTask.content, MicroTask.overlap_wanted, func.count(Slot.id))
                .join(MicroTask, MicroTask.item_id == Item.id)
                .join(Slot, Slot.microtask_id == MicroTask.id)
                .where(Item.batch_id == batch_id)
                .group_by(Item.id, MicroTask.id)
                .order_by(Item.row, MicroTask.part)
            ).all()
        return {
            "items": self.items(batch_id),
            "refused": self.refused(batch_id),
            "tasks": [tuple(task) for task in tasks],
            "counts": (batch.state, batch.rows_in, batch.rows_refused),
        }

    def start(self, batch_id: UUID) -> "subprocess.Popen[str]":
        job = self.batch(batch_id).ingest_job
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
        settings, database = self.installation.settings, self.installation.database
        told = {
            "LEYE_DATA_DIR": str(settings.data_dir),
            "LEYE_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "LEYE_STORAGE_URL": settings.resolved_storage_url,
        }
        command = [sys.executable, "-c", JOB, str(job)]
        with (settings.data_dir / "job.log").open("ab") as log:
            process = subprocess.Popen(command, env=kept | told, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def rows_done(self, batch_id: UUID) -> int:
        job = self.batch(batch_id).ingest_job
        with self.shipping.database.read() as session:
            checkpoint = session.get(Checkpoint, job)
            return 0 if checkpoint is None else int(checkpoint.data["rows"])

    def killed_on_the_way(self, batch_id: UUID, rows: int) -> list[int]:
        """Kill it at random moments, each behind more rows than the one before; how many were in at each."""
        draw, seen = random.Random(batch_id.int), list[int]()
        for number in range(KILLS):
            process = self.start(batch_id)
            deadline, wanted = time.monotonic() + PATIENCE_SECONDS, rows * (number + 1) // (KILLS + 2)
            while self.rows_done(batch_id) < max([wanted, *(before + 1 for before in seen)]):
                assert process.poll() is None, "it ended before it was killed"
                assert time.monotonic() < deadline, "it reads no further"
                time.sleep(0.002)
            time.sleep(draw.random() / 20)
            process.send_signal(signal.SIGKILL)
            assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
            seen.append(self.rows_done(batch_id))
        return seen

    def ended(self, batch_id: UUID) -> int:
        """Let it end undisturbed; the most memory that it took, in MB."""
        process = self.start(batch_id)
        told, _ = process.communicate(timeout=5 * PATIENCE_SECONDS)
        assert process.returncode == 0
        return int(told.split()[-1])


@pytest.fixture
def batches(installation: Installation, clock: MovableClock) -> Killed:
    return Killed(Shipping(installation, clock))


def check(batches: Killed, content: bytes, name: str, rows: int) -> None:
    whole, killed = batches.stored(content, name), batches.stored(content, name)
    batches.ended(whole)
    seen = batches.killed_on_the_way(killed, rows)
    assert 0 < seen[0] < seen[1] < seen[2] < rows, "it was killed in the middle, three times"
    batches.ended(killed)
    assert batches.everything(killed) == batches.everything(whole)
    assert batches.batch(killed).state is BatchState.READY
    job = batches.batch(killed).ingest_job
    with batches.shipping.database.read() as session:
        assert session.get_one(OutboxRow, job).attempts == KILLS + 1


@pytest.mark.audit  # three kills and two whole readings; for every day one kill does (tests/workers/test_runner.py)
def test_a_file_of_rows(batches: Killed) -> None:
    batches.project_id = batches.shipping.batch(1).project_id
    rows = 25_000
    lines = [b'{"review": "%d", "external_id": "R-%d"}\n' % (n, n) for n in range(rows)]
    lines[rows // 3] = b"{broken\n"
    lines[rows // 2] = lines[1]
    check(batches, b"".join(lines), "rows.jsonl", rows)


@pytest.mark.audit
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_zip_of_pictures(batches: Killed) -> None:
    # Enough of them, and large enough, that a quick machine is still at it when it is killed.
    file, pictures, one = BytesIO(), 400, written(photo(1000, 750))
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for number in range(pictures):
            picture = one + number.to_bytes(8, "big")
            archive.writestr(f"{number:03}.jpg", b"x" if number % 50 == 7 else picture)
    check(batches, file.getvalue(), "pictures.zip", pictures)


@pytest.mark.audit
def test_a_zip_of_pictures_that_are_cut_into_tiles(batches: Killed) -> None:
    splitting = Splitting(pictures_above=1_000_000, tile=900, tile_overlap=100)
    with batches.shipping.database.write() as session:
        session.get_one(Project, batches.project_id).splitting = splitting.stored()
    file, pictures, one = BytesIO(), 120, written(photo(1600, 1200))
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for number in range(pictures):
            # Two of each: the second finds its tiles cut.
            archive.writestr(f"{number:03}.jpg", one + (number // 2).to_bytes(8, "big"))
    check(batches, file.getvalue(), "pictures.zip", pictures)


@pytest.mark.audit
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_zip_of_two_gigabytes_of_pictures_in_flat_memory(batches: Killed, tmp_path: Path) -> None:
    one, packed, names = written(photo(4000, 3000), quality=88), tmp_path / "large.zip", list[str]()
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        while packed.stat().st_size < 2_000_000_000:
            names.append(f"{len(names):04}.jpg")
            # Cameras put notes of their own behind a picture's end; so each is another file.
            archive.writestr(names[-1], one + len(names).to_bytes(8, "big"))
    batch_id = batches.stored(b"x", "large.zip")
    with packed.open("rb") as file:
        service.store_upload(batches.installation.objects, batch_id, 1, file, 3_000_000_000)
    packed.unlink()
    seen = batches.killed_on_the_way(batch_id, len(names))
    assert 0 < seen[0] < seen[1] < seen[2] < len(names)
    peak_mb = batches.ended(batch_id)
    assert [external_id for _, external_id, _ in batches.items(batch_id)] == names
    assert batches.refused(batch_id) == {}
    assert peak_mb < 300
