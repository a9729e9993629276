"""Objects in a folder: written to a draft, synced, then renamed into place."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_ISREG
from typing import IO
from uuid import uuid4

from leye_storage.clock import Clock
from leye_storage.errors import ObjectMissing, ObjectTooLarge
from leye_storage.folder_parts import FolderParts, sync_folder
from leye_storage.parts import PartedUploads
from leye_storage.sign import signed_url
from leye_storage.store import CHUNK, ObjectInfo, StoredObject, check_key, folder_of

DRAFTS = ".drafts"
ABANDONED_AFTER = timedelta(days=1)


class FolderStore:
    """The embedded default. See `leye_storage.store.ObjectStore` for what each method promises."""

    serves_itself = True

    def __init__(self, root: Path, *, secret: str, base_url: str, clock: Clock) -> None:
        self.root, self.secret, self.base_url, self.clock = root, secret, base_url, clock
        (root / DRAFTS).mkdir(parents=True, exist_ok=True)
        self.parts: PartedUploads = FolderParts(
            root, lambda key, stream: self.put(key, stream, content_type="application/octet-stream")
        )
        self._sweep()

    def _sweep(self) -> None:
        """Remove drafts whose writer was killed; a younger one may still be written by another process."""
        oldest = (self.clock.now() - ABANDONED_AFTER).timestamp()
        for draft in (self.root / DRAFTS).iterdir():
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < oldest:
                    draft.unlink()

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def put(self, key: str, stream: IO[bytes], *, content_type: str, limit: int | None = None) -> ObjectInfo:
        path = self._path(key)
        draft = self.root / DRAFTS / uuid4().hex
        digest, size = hashlib.sha256(), 0
        try:
            with draft.open("xb") as file:
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
                    if limit is not None and size > limit:
                        raise ObjectTooLarge(f"{key}: more than {limit} bytes")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            new_folders = [folder for folder in path.parents if not folder.is_dir()]
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(path)
            # A rename survives a power cut only once its folder is on the disk, and a folder only once its own is.
            for folder in [path.parent, *(made.parent for made in new_folders)]:
                sync_folder(folder)
        finally:
            draft.unlink(missing_ok=True)
        return ObjectInfo(size, digest.hexdigest())

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        path = self._path(key)
        if not path.is_file():
            raise ObjectMissing(key)
        return self._chunks(path, start, end)

    def _chunks(self, path: Path, start: int, end: int | None) -> Iterator[bytes]:
        with self._open(path) as file:
            file.seek(start)
            left = None if end is None else end - start
            while left is None or left > 0:
                chunk = file.read(CHUNK if left is None else min(CHUNK, left))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk

    def _open(self, path: Path) -> IO[bytes]:
        try:
            return path.open("rb")
        except FileNotFoundError:  # removed since it was asked for
            raise ObjectMissing(path.relative_to(self.root).as_posix()) from None

    def stat(self, key: str) -> ObjectInfo:
        try:
            found = self._path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectMissing(key) from None
        if not S_ISREG(found.st_mode):  # `a`, where only `a/b` is an object
            raise ObjectMissing(key)
        return ObjectInfo(found.st_size)

    def delete(self, key: str) -> None:
        path = self._path(key)
        if path.is_file():
            path.unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        inside = self.root / folder_of(prefix)
        return (key for key, _ in _walk(inside, folder_of(prefix)) if key.startswith(prefix))

    def listed(self, prefix: str = "") -> Iterator[StoredObject]:
        inside = self.root / folder_of(prefix)
        for key, entry in _walk(inside, folder_of(prefix)):
            if key.startswith(prefix):
                with suppress(FileNotFoundError):
                    found = entry.stat()
                    yield StoredObject(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def upload_url(self, key: str, expires: timedelta, limit: int | None = None) -> str:
        return self._signed("PUT", key, expires, limit=limit)

    def download_url(self, key: str, expires: timedelta, filename: str) -> str:
        return self._signed("GET", key, expires, filename)

    def _signed(self, method: str, key: str, expires: timedelta, filename: str = "", limit: int | None = None) -> str:
        return signed_url(
            self.base_url,
            self.secret,
            method=method,
            key=check_key(key),
            now=self.clock.now(),
            expires=expires,
            filename=filename,
            limit=limit,
        )


def _walk(folder: Path, within: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files below a folder in the order of their keys; no more is held than the names of the folders on the way."""
    try:
        entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return
    # `a-b` comes before `a/b`, as it does among keys.
    for entry in sorted(entries, key=lambda entry: entry.name + "/" * entry.is_dir()):
        key = f"{within}/{entry.name}" if within else entry.name
        if entry.is_dir():
            yield from _walk(Path(entry.path), key)
        else:
            yield key, entry
