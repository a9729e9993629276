"""An erasure that is killed (-9) in the middle of each of its steps ends as one that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time
from io import BytesIO
from uuid import UUID

import orjson
import pytest
from sqlalchemy import func, select

from leye_platform.holdings.models import FirmFile, StorageUse
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import DataState
from leye_platform.projects.service import upload_key
from leye_platform.retention.models import ErasedObject, Erasure
from leye_platform.retention.proof import prove
from leye_platform.retention.rules import ErasureStep, Fate
from support.boxes import PictureBatches, photos
from support.clock import MovableClock
from support.erasing import Erasing
from support.factories import make_items
from support.pictures import packed
from support.shipping import Shipping

PATIENCE_SECONDS = 300
PICTURES, ROWS, FILES = 40, 6000, 400
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
sys.exit(not ran)
"""


class Killed(Erasing):
    """Erasures whose job runs in a process of its own, over the same database and objects."""

    def __init__(self, shipping: Shipping) -> None:
        super().__init__(shipping)
        self.pictures = PictureBatches(shipping)

    def large(self, start: int) -> UUID:
        """A cancelled batch of pictures, further rows and many files."""
        batch_id = self.pictures.read(packed(photos(PICTURES, start)))
        with self.database.write() as session:
            make_items(session, session.get_one(Batch, batch_id), ROWS, start=PICTURES)
        for number in range(2, FILES + 2):
            content = BytesIO(f"{number} ".encode() * 100)
            self.shipping.installation.objects.put(upload_key(batch_id, number), content, content_type="text/plain")
        self.cancel(batch_id)
        return batch_id

    def start(self, erasure: Erasure) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
        settings = self.shipping.installation.settings
        told = {
            "LEYE_DATA_DIR": str(settings.data_dir),
            "LEYE_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "LEYE_STORAGE_URL": settings.resolved_storage_url,
        }
        with (settings.data_dir / "job.log").open("ab") as log:
            command = [sys.executable, "-c", JOB, str(erasure.job_id)]
            process = subprocess.Popen(command, env=kept | told, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def progress(self, erasure_id: UUID) -> tuple[ErasureStep, int]:
        """The step, and how much of it is done."""
        with self.database.read() as session:
            erasure = session.get_one(Erasure, erasure_id)
            mine = select(func.count()).where(ErasedObject.erasure_id == erasure_id)
            listed, gone = session.scalar(mine) or 0, session.scalar(mine.where(ErasedObject.fate != Fate.LISTED)) or 0
        return erasure.step, erasure.done_row if erasure.step is ErasureStep.ROWS else listed + gone

    def killed_within(self, erasure: Erasure, step: ErasureStep) -> bool:
        """Kill its process once the step has begun and done something; whether that was in time."""
        process = self.start(erasure)
        before, deadline = self.progress(erasure.id), time.monotonic() + PATIENCE_SECONDS
        while (seen := self.progress(erasure.id)) == before or seen[0] is not step:
            if process.poll() is not None:
                return False
            assert time.monotonic() < deadline, "it gets no further"
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        return process.wait(PATIENCE_SECONDS) == -signal.SIGKILL

    def told(self, erasure_id: UUID) -> dict[str, object]:
        """What the certificate says, its names and times aside."""
        paper = orjson.loads(self.erasure(erasure_id).certificate or "")
        return {name: paper[name] for name in ("rows", "objects", "stays")} | {"lines": paper["manifest"]["lines"]}


@pytest.mark.audit
def test_killed_in_every_step_it_ends_as_an_undisturbed_one(installation: Installation, clock: MovableClock) -> None:
    killed = Killed(Shipping(installation, clock))
    steps = (ErasureStep.LISTING, ErasureStep.OBJECTS, ErasureStep.CONTENTS, ErasureStep.ROWS)
    disturbed, undisturbed = killed.ask(killed.large(1)), killed.ask(killed.large(1 + PICTURES))
    hits = [step for step in steps if killed.killed_within(disturbed, step)]
    assert len(hits) >= 2, hits
    for erasure in (disturbed, undisturbed):
        process = killed.start(erasure)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert killed.batch(erasure.batch_id).data_state is DataState.ERASED
    one, other = (killed.told(erasure.id) for erasure in (disturbed, undisturbed))
    assert one["rows"] == other["rows"]
    assert (one["lines"], one["stays"]) == (other["lines"], other["stays"])
    for erasure in (disturbed, undisturbed):
        proof = prove(installation, str(erasure.id))
        assert (proof.problems, proof.checked) == ([], PICTURES + FILES + 1)
    assert list(installation.objects.keys()) == []
    with killed.database.read() as session:
        assert session.scalar(select(func.count()).select_from(FirmFile)) == 0
        assert set(session.scalars(select(StorageUse.bytes))) == {0}
