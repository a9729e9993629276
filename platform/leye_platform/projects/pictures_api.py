"""Pictures of tasks, from our own origin whatever store they lie in: only by a link made for whoever asks."""

import re
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import NotFound
from leye_platform.permissions import Permission
from leye_platform.projects.pictures.keeping import JPEG, key_of
from leye_platform.projects.pictures.links import PARTS, PictureLinks
from leye_storage.errors import ObjectMissing

router = APIRouter(prefix="/pictures", include_in_schema=False)
SHA256 = re.compile("[0-9a-f]{64}")


@router.get("/{sha256}/{part}")
@endpoint(Permission.OWN_ACCOUNT, session=False)
def show_picture(
    work: Work, sha256: str, part: str, *, until: Annotated[int, Query()] = 0, signature: Annotated[str, Query()] = ""
) -> Response:
    """A part of a picture. Without a link of one's own it is not there, whether it is or not."""
    links = picture_links(work)
    if part not in PARTS or not SHA256.fullmatch(sha256) or not links.opens(sha256, part, until, signature):
        raise NotFound
    objects, key = work.installation.objects, key_of(sha256, part)
    try:
        size = objects.stat(key).size
    except ObjectMissing:
        raise NotFound from None
    left = max(0, until - int(work.now.timestamp()))
    headers = {"Content-Length": str(size), "Cache-Control": f"private, max-age={left}, immutable"}
    return StreamingResponse(objects.read(key), headers=headers, media_type=JPEG)


def picture_links(work: Work) -> PictureLinks:
    """The links of whoever asks."""
    return PictureLinks(work.installation.secret, work.person_id, work.now)
