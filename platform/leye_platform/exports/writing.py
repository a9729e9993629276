"""The job that writes a file of labels: in pieces that stay, so that a run cut short costs no second upload of them.

What the file says is fixed when it is asked for (exports/rows.py:rows_given), so each run makes the same bytes. A run
that follows one cut short makes them again, which takes seconds for a hundred thousand items, and passes over every
piece that is stored already; docs/decisions/0010 says why no state of a half-written archive is kept instead.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from typing import IO, cast
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.exports.formats import FORMATS
from leye_platform.exports.losses import Losses
from leye_platform.exports.models import ExportFile
from leye_platform.exports.rows import count_given
from leye_platform.exports.rules import EXPORT_MOVES, ExportState
from leye_platform.exports.service import export_as_given
from leye_platform.installation import Installation
from leye_platform.outbox import Checkpoint
from leye_platform.projects.models import Project
from leye_platform.states import check_move
from leye_platform.webhooks.rules import Event
from leye_platform.webhooks.service import tell_webhooks
from leye_storage import ObjectStore
from leye_storage.store import ObjectInfo

PIECE = 8 << 20  # bytes, a multiple of exports/format.py:BLOCK


def write_export_file(installation: Installation, job_id: UUID, export_id: UUID) -> None:
    """Write the file, then say that it is ready. Run again, it ends with the same bytes."""
    objects, folder = installation.objects, f"exports/{export_id}"
    if _begin(installation, export_id):
        pieces = _Pieces(installation, job_id, export_id, f"{folder}/pieces")
        with installation.database.read() as session:
            file = session.get_one(ExportFile, export_id)
            number = session.get_one(Project, file.project_id).number
            written = export_as_given(
                session,
                file.project_id,
                file.format,
                file.class_names,
                at=file.asked_at,
                after_lot=file.after_lot,
                objects=objects,
            )
            for block in written.chunks():
                pieces.add(block, written.losses.items)
            pieces.finish(written.losses.items)
        form = FORMATS[file.format]
        key = f"{folder}/labels-{number}.{form.extension}"
        stream = cast(IO[bytes], io.BufferedReader(_Joined(objects, pieces.keys)))
        stored = objects.put(key, stream, content_type=form.content_type)
        with installation.database.write() as session:
            file = session.get_one(ExportFile, export_id, with_for_update=True)
            if file.state is ExportState.WRITING:
                file.state = check_move(EXPORT_MOVES, file.state, ExportState.READY)
                _note_ready(session, file, key, stored, written.losses, installation.clock.now())
    with installation.database.read() as session:
        erased = session.get_one(ExportFile, export_id).state is ExportState.ERASED
    # What it was made of was erased meanwhile: nothing of it may stay.
    for key in list(objects.keys(f"{folder}/" if erased else f"{folder}/pieces/")):
        objects.delete(key)


def _note_ready(  # noqa: PLR0917 -- what is known of a file that was written
    session: Session, file: ExportFile, key: str, stored: ObjectInfo, losses: Losses, now: datetime
) -> None:
    file.key, file.size, file.sha256 = key, stored.size, stored.sha256
    file.items, file.report, file.ready_at = losses.items, losses.as_json(), now
    told = {"export": str(file.id), "format": file.format, "items": file.items, "sha256": file.sha256}
    tell_webhooks(session, file.project_id, Event.EXPORT_READY, told, now)


def _begin(installation: Installation, export_id: UUID) -> bool:
    """Whether there is something to write."""
    with installation.database.write() as session:
        file = session.get_one(ExportFile, export_id, with_for_update=True)
        if file.state in {ExportState.READY, ExportState.ERASED}:
            return False
        if file.state is ExportState.WAITING:
            file.state = check_move(EXPORT_MOVES, file.state, ExportState.WRITING)
            file.items_total = count_given(session, file.project_id, at=file.asked_at, after_lot=file.after_lot)
        return True


class _Pieces:
    """Stores the file piece by piece; the checkpoint holds the digest of each, and the count of items."""

    def __init__(self, installation: Installation, job_id: UUID, export_id: UUID, folder: str) -> None:
        self._installation, self._job_id, self._export_id, self._folder = installation, job_id, export_id, folder
        with installation.database.read() as session:
            checkpoint = session.get(Checkpoint, job_id)
            self._stored: list[str] = list(checkpoint.data["pieces"]) if checkpoint else []
        self._waiting = bytearray()
        self.keys: list[str] = []

    def add(self, block: bytes, items: int) -> None:
        self._waiting += block
        if len(self._waiting) >= PIECE:
            self._store(items)

    def finish(self, items: int) -> None:
        if self._waiting:
            self._store(items)

    def _store(self, items: int) -> None:
        content, number = bytes(self._waiting), len(self.keys)
        self._waiting.clear()
        self.keys.append(f"{self._folder}/{number:06}")
        digest = hashlib.sha256(content).hexdigest()
        if number < len(self._stored) and self._stored[number] == digest:
            return
        self._installation.objects.put(self.keys[-1], io.BytesIO(content), content_type="application/octet-stream")
        self._stored[number:] = [digest]
        now = self._installation.clock.now()
        with self._installation.database.write() as session:
            data = {"pieces": self._stored}
            checkpoint = session.get(Checkpoint, self._job_id)
            if checkpoint is None:
                session.add(Checkpoint(job_id=self._job_id, data=data, saved_at=now))
            else:
                checkpoint.data, checkpoint.saved_at = data, now
            session.get_one(ExportFile, self._export_id).items = items


class _Joined(io.RawIOBase):
    """Stored pieces as one file to read."""

    def __init__(self, objects: ObjectStore, keys: list[str]) -> None:
        self._chunks = self._all(objects, keys)
        self._left = memoryview(b"")

    @staticmethod
    def _all(objects: ObjectStore, keys: list[str]) -> Iterator[bytes]:
        for key in keys:
            yield from objects.read(key)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
