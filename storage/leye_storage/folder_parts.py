"""Uploads in parts to a folder: a folder for each upload, a file for each part, named by its number and its SHA-256."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

from leye_storage.errors import UploadGone
from leye_storage.parts import OpenUpload, StoredPart
from leye_storage.store import CHUNK, ObjectInfo, check_key

PARTS = ".parts"
UPLOAD = re.compile("[0-9a-f]{32}")
NAME = re.compile(r"(\d{5})\.([0-9a-f]{64})")
KEY = "key"
Put = Callable[[str, IO[bytes]], ObjectInfo]


class FolderParts:
    """See `leye_storage.parts.PartedUploads`. put: stores the whole object, as the folder's store does."""

    origin = ""

    def __init__(self, root: Path, put: Put) -> None:
        self.root, self._put = root / PARTS, put

    def begin(self, key: str) -> str:
        upload = uuid4().hex
        folder = self.root / upload
        folder.mkdir(parents=True)
        (folder / KEY).write_text(check_key(key), encoding="utf-8")
        sync_folder(folder)
        sync_folder(self.root)
        return upload

    def _folder(self, key: str, upload: str) -> Path:
        check_key(key)
        folder = self.root / upload
        if not UPLOAD.fullmatch(upload) or not folder.is_dir():
            raise UploadGone(key)
        return folder

    def put(self, key: str, upload: str, number: int, content: IO[bytes]) -> StoredPart:
        folder = self._folder(key, upload)
        draft, digest, size = folder / f"draft-{uuid4().hex}", hashlib.sha256(), 0
        try:
            with draft.open("xb") as file:
                while chunk := content.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            part = StoredPart(number, size, digest.hexdigest())
            draft.replace(folder / _name(part))
            sync_folder(folder)
        except FileNotFoundError:  # completed or aborted meanwhile
            raise UploadGone(key) from None
        finally:
            draft.unlink(missing_ok=True)
        for older in folder.glob(f"{number:05}.*"):
            if older.name != _name(part):
                older.unlink(missing_ok=True)
        return part

    def arrived(self, key: str, upload: str) -> list[StoredPart]:
        found = []
        try:
            for entry in os.scandir(self._folder(key, upload)):
                if name := NAME.fullmatch(entry.name):
                    found.append(StoredPart(int(name[1]), entry.stat().st_size, name[2]))
        except FileNotFoundError:
            raise UploadGone(key) from None
        return sorted(found, key=lambda part: part.number)

    def url(self, key: str, upload: str, number: int, expires: timedelta) -> str | None:
        return None

    def complete(self, key: str, upload: str, parts: Sequence[StoredPart]) -> None:
        folder = self._folder(key, upload)
        try:
            self._put(key, _Joined([folder / _name(part) for part in parts]))  # type: ignore[arg-type]  # read() alone
        except FileNotFoundError:
            raise UploadGone(key) from None
        self.abort(key, upload)

    def abort(self, key: str, upload: str) -> None:
        with suppress(UploadGone):
            shutil.rmtree(self._folder(key, upload), ignore_errors=True)

    def underway(self) -> Iterator[OpenUpload]:
        if not self.root.is_dir():
            return
        for entry in os.scandir(self.root):
            with suppress(FileNotFoundError, NotADirectoryError):
                named = Path(entry.path) / KEY
                begun_at = datetime.fromtimestamp(named.stat().st_mtime, UTC)
                yield OpenUpload(named.read_text(encoding="utf-8"), entry.name, begun_at)


class _Joined:
    """Files as one stream, of which one is open at a time."""

    def __init__(self, paths: list[Path]) -> None:
        self._blocks = self._all(paths)

    @staticmethod
    def _all(paths: list[Path]) -> Iterator[bytes]:
        for path in paths:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk

    def read(self, _size: int = -1) -> bytes:
        return next(self._blocks, b"")


def _name(part: StoredPart) -> str:
    return f"{part.number:05}.{part.etag}"


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
