"""Keeps pictures by their content: the same bytes are stored, looked at and made smaller once."""

import hashlib
from io import BytesIO
from typing import IO, NamedTuple

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


def key_of(sha256: str, part: str) -> str:
    """Where a part of a picture lies: `original`, `shown`, `thumb` or `facts.json`."""
    return f"pictures/{sha256[:2]}/{sha256}/{part}"


def keep_picture(objects: ObjectStore, stream: IO[bytes], *, original: bool = True) -> KeptPicture:
    """Look a picture through and store it with what is shown of it. original: whether it is stored as it came, too.

    Its facts are written last: where they are, all that is shown is. Raises PictureRefused, OSError.
    """
    content = stream.read(refusals.LARGEST_PICTURE + 1)
    if len(content) > refusals.LARGEST_PICTURE:
        raise too_heavy(len(content))
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        kept = _facts(objects, sha256)
    except ObjectMissing:
        looked = look_at(content)
    else:
        if original and not _is_there(objects, key_of(sha256, "original")):  # it was read from a partner's bucket
            _put(objects, sha256, "original", content, PLAIN)
        return kept
    kept = KeptPicture(sha256, looked.width, looked.height)
    facts = orjson.dumps({"kind": looked.kind, "width": looked.width, "height": looked.height})
    if original:
        _put(objects, sha256, "original", content, PLAIN)
    _put(objects, sha256, "shown", looked.shown, JPEG)
    _put(objects, sha256, "thumb", looked.thumb, JPEG)
    _put(objects, sha256, "facts.json", facts, "application/json")
    return kept


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
