"""A backup's file: a tar whose last member, the manifest, names the size and SHA-256 of all others.

A file that was cut off has no manifest; one that was changed differs from it.
"""

import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from leye_workers.backup.refusals import BackupExists, NotABackup

MANIFEST = "manifest.json"
FORMAT = 1
CHUNK = 1 << 20
LARGEST_MANIFEST = 1 << 30  # bytes: some millions of objects
UNREADABLE = (tarfile.TarError, EOFError, zlib.error)


class Member(BaseModel):
    """A member's size in bytes and its SHA-256 in hex."""

    model_config = ConfigDict(extra="forbid")

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds. `rows` counts each table's rows; `revision` is the schema's."""

    model_config = ConfigDict(extra="forbid")

    format: int
    made_at: str
    database: str
    revision: str
    rows: dict[str, int]
    members: dict[str, Member]


class BackupWriter:
    """Adds members; nothing is at `path` until `finish`."""

    def __init__(self, path: Path, draft: IO[bytes]) -> None:
        compressed = path.suffix in {".gz", ".tgz"}
        self.tar = tarfile.open(fileobj=draft, mode="w:gz" if compressed else "w")  # noqa: SIM115 -- closed by finish
        self.folder = path.parent
        self.members: dict[str, Member] = {}

    def add(self, name: str, write: Callable[[IO[bytes]], None]) -> None:
        """Add a member with what `write` puts into the file it is given."""
        with TemporaryFile(dir=self.folder) as content:
            write(content)
            size, digest = content.tell(), hashlib.sha256()
            content.seek(0)
            while chunk := content.read(CHUNK):
                digest.update(chunk)
            content.seek(0)
            self._put(name, content, size)
        self.members[name] = Member(size=size, sha256=digest.hexdigest())

    def finish(self, **about: Any) -> Manifest:
        """Add the manifest, which makes the backup whole."""
        manifest = Manifest(format=FORMAT, members=self.members, **about)
        with TemporaryFile(dir=self.folder) as content:
            content.write(orjson.dumps(manifest.model_dump()))
            size = content.tell()
            content.seek(0)
            self._put(MANIFEST, content, size)
        self.tar.close()
        return manifest

    def _put(self, name: str, content: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self.tar.addfile(info, content)


@contextmanager
def new_backup(path: Path) -> Iterator[BackupWriter]:
    """Write a backup beside `path`, readable by its owner alone, and rename it into place when it is whole.

    Raises BackupExists, OSError.
    """
    if path.exists():
        raise BackupExists(f"{path} exists already: choose another name")
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            writer = BackupWriter(path, file)
            yield writer
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def checked_manifest(path: Path) -> Manifest:
    """Read a backup to its end, compare each member with the manifest; the manifest.

    Raises NotABackup, OSError. Nothing is written anywhere.
    """
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    try:
        for name, content in _members(path):
            if name == MANIFEST:
                manifest = _manifest(path, content.read(LARGEST_MANIFEST))
            else:
                found[name] = _measured(content)
    except UNREADABLE as error:  # a file cut off within a member: the reading fails, not the walk
        raise _cut_off(path, error) from None
    if manifest is None:
        raise NotABackup(f"{path} is no backup, or only the beginning of one: it ends without a manifest")
    if found != manifest.members:
        wrong = sorted(n for n in found.keys() | manifest.members if found.get(n) != manifest.members.get(n))
        raise NotABackup(f"{path} was changed or damaged: {', '.join(wrong[:3])} differ from the manifest")
    return manifest


def _measured(content: IO[bytes]) -> Member:
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return Member(size=size, sha256=digest.hexdigest())


def _cut_off(path: Path, error: Exception) -> NotABackup:
    return NotABackup(f"{path} is no backup, or only the beginning of one ({error})")


def members(path: Path, prefix: str) -> Iterator[tuple[str, IO[bytes]]]:
    """The members whose names begin with `prefix`, without it; each is read before the next is asked for."""
    for name, content in _members(path):
        if name.startswith(prefix):
            yield name.removeprefix(prefix), content


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|*") as tar:
            for info in tar:
                content = tar.extractfile(info) if info.isreg() else None
                if content is None:
                    raise NotABackup(f"{path} is no backup: {info.name} is not a plain file")
                yield info.name, content
    except UNREADABLE as error:
        raise _cut_off(path, error) from None


def _manifest(path: Path, text: bytes) -> Manifest:
    try:
        manifest = Manifest.model_validate(orjson.loads(text))
    except (orjson.JSONDecodeError, ValidationError):
        raise NotABackup(f"{path}: its manifest cannot be read") from None
    if manifest.format != FORMAT:
        raise NotABackup(f"{path} has format {manifest.format}, this version reads {FORMAT}")
    return manifest
