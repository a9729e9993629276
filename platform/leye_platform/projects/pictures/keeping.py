"""Keeps pictures by their content: the same bytes are stored, looked at and made smaller once."""

import hashlib
from io import BytesIO
from typing import IO, NamedTuple, Protocol

import orjson

from leye_platform.projects.pictures import refusals
from leye_platform.projects.pictures.looking import look_at
from leye_platform.projects.pictures.refusals import PictureRefused
from leye_storage import ObjectStore
from leye_storage.errors import ObjectMissing

MEGABYTE = 1_000_000
JPEG, PLAIN = "image/jpeg", "application/octet-stream"


class KeptPicture(NamedTuple):
    """A picture in the store. width, height: pixels of the original, turned as it is shown."""

    sha256: str
    width: int
    height: int


class Keeper(Protocol):
    """What keeping a content tells, before it looks whether the content is there (holdings/contents.py)."""

    def begin(self) -> None:
        """What comes now belongs to another row."""

    def hold(self, sha256: str, at_least: int = 0) -> None:
        """Somebody relies on it from now on, whether it is there already or not. at_least: bytes that it will have.

        Raises NoRoom, as `measured` does: what was counted of the row is given back.
        """

    def measured(self, sha256: str, size: int) -> None:
        """So many bytes its objects will have."""


def folder_of_content(sha256: str) -> str:
    """Below which a picture's parts lie."""
    return f"pictures/{sha256[:2]}/{sha256}"


def key_of(sha256: str, part: str) -> str:
    """Where a part of a picture lies: `original`, `shown`, `thumb` or `facts.json`."""
    return f"{folder_of_content(sha256)}/{part}"


def keep_picture(
    objects: ObjectStore, stream: IO[bytes], *, original: bool = True, keeper: Keeper | None = None
) -> KeptPicture:
    """Look a picture through and store it with what is shown of it. original: whether it is stored as it came, too.

    keeper: is told, where a sweep may come by. Its facts are written last: where they are, all that is shown is.
    Raises PictureRefused, OSError.
    """
    content = stream.read(refusals.LARGEST_PICTURE + 1)
    if len(content) > refusals.LARGEST_PICTURE:
        raise too_heavy(len(content))
    sha256 = hashlib.sha256(content).hexdigest()
    if keeper is not None:
        keeper.hold(sha256, len(content) if original else 0)
    try:
        kept = _facts(objects, sha256)
    except ObjectMissing:
        return _keep(objects, content, sha256, original=original, keeper=keeper)
    if original and not _is_there(objects, key_of(sha256, "original")):  # it was read from a partner's bucket
        if keeper is not None:
            shown = sum(objects.stat(key_of(sha256, part)).size for part in ("shown", "thumb", "facts.json"))
            keeper.measured(sha256, shown + len(content))
        _put(objects, sha256, "original", content, PLAIN)
    return kept


def _keep(objects: ObjectStore, content: bytes, sha256: str, *, original: bool, keeper: Keeper | None) -> KeptPicture:
    looked = look_at(content)
    facts = orjson.dumps({"kind": looked.kind, "width": looked.width, "height": looked.height})
    parts = [("original", content, PLAIN)] if original else []
    parts += [("shown", looked.shown, JPEG), ("thumb", looked.thumb, JPEG), ("facts.json", facts, "application/json")]
    if keeper is not None:
        keeper.measured(sha256, sum(len(body) for _, body, _ in parts))
    for part, body, kind in parts:
        _put(objects, sha256, part, body, kind)
    return KeptPicture(sha256, looked.width, looked.height)


def _put(objects: ObjectStore, sha256: str, part: str, content: bytes, kind: str) -> None:
    objects.put(key_of(sha256, part), BytesIO(content), content_type=kind)


def _is_there(objects: ObjectStore, key: str) -> bool:
    try:
        objects.stat(key)
    except ObjectMissing:
        return False
    return True


def too_heavy(size: int) -> PictureRefused:
    """The refusal of a file of `size` bytes."""
    limit = refusals.LARGEST_PICTURE // MEGABYTE
    return PictureRefused(refusals.TOO_HEAVY, megabytes=-(-size // MEGABYTE), limit=limit)


def _facts(objects: ObjectStore, sha256: str) -> KeptPicture:
    facts = orjson.loads(b"".join(objects.read(key_of(sha256, "facts.json"))))
    return KeptPicture(sha256, facts["width"], facts["height"])
