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
JPEG = "image/jpeg"


class KeptPicture(NamedTuple):
    """A picture in the store. width, height: pixels of the original, turned as it is shown."""

    sha256: str
    width: int
    height: int


def key_of(sha256: str, part: str) -> str:
    """Where a part of a picture lies: `original`, `shown`, `thumb` or `facts.json`."""
    return f"pictures/{sha256[:2]}/{sha256}/{part}"


def keep_picture(objects: ObjectStore, stream: IO[bytes]) -> KeptPicture:
    """Look a picture through and store it with what is shown of it.

    Its facts are written last: where they are, all of it is. Raises PictureRefused, OSError.
    """
    content = stream.read(refusals.LARGEST_PICTURE + 1)
    if len(content) > refusals.LARGEST_PICTURE:
        raise too_heavy(len(content))
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        return _facts(objects, sha256)
    except ObjectMissing:
        looked = look_at(content)
    kept = KeptPicture(sha256, looked.width, looked.height)
    facts = orjson.dumps({"kind": looked.kind, "width": looked.width, "height": looked.height})
    for part, written, kind in (
        ("original", content, "application/octet-stream"),
        ("shown", looked.shown, JPEG),
        ("thumb", looked.thumb, JPEG),
        ("facts.json", facts, "application/json"),
    ):
        objects.put(key_of(sha256, part), BytesIO(written), content_type=kind)
    return kept


def too_heavy(size: int) -> PictureRefused:
    """The refusal of a file of `size` bytes."""
    limit = refusals.LARGEST_PICTURE // MEGABYTE
    return PictureRefused(refusals.TOO_HEAVY, megabytes=-(-size // MEGABYTE), limit=limit)


def _facts(objects: ObjectStore, sha256: str) -> KeptPicture:
    facts = orjson.loads(b"".join(objects.read(key_of(sha256, "facts.json"))))
    return KeptPicture(sha256, facts["width"], facts["height"])
