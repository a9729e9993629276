"""Files that come in parts, for scripts and for the upload page."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.uploads import sending
from leye_platform.uploads.part_body import PartRoute, body_of
from leye_platform.uploads.schemas import CompleteIn, PartOut, PartUrlOut, Sha256, UploadIn, UploadOut

router = APIRouter(prefix="/api/v1", tags=["uploads"], route_class=PartRoute)

Number = Annotated[int, Path(ge=1, le=10_000)]
OCTETS = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _out(work: Work, standing: sending.Standing) -> UploadOut:
    installation = work.installation
    return UploadOut.of(
        standing, direct=installation.settings.uploads_direct and not installation.objects.serves_itself
    )


@router.post("/projects/{project_id}/uploads", status_code=201, response_model=UploadOut)
@endpoint(Permission.UPLOAD_BATCH, session=False)
def begin(work: Work, project_id: UUID, body: UploadIn) -> UploadOut:
    """Begin to send a file in parts; or go on with one's own upload of the same file, where it was broken off."""
    return _out(work, sending.begin(work, project_id, body.given()))


@router.get("/uploads/{upload_id}", response_model=UploadOut)
@endpoint(Permission.UPLOAD_BATCH, session=False)
def read_upload(work: Work, upload_id: UUID) -> UploadOut:
    """What has arrived, and what has not."""
    return _out(work, sending.look(work, upload_id))


@router.put("/uploads/{upload_id}/parts/{part_number}", response_model=PartOut, openapi_extra=OCTETS)
@endpoint(Permission.UPLOAD_BATCH, session=False)
def put_part(
    work: Work, upload_id: UUID, part_number: Number, sha256: Annotated[Sha256 | None, Query()] = None
) -> PartOut:
    """Send a part, in any order; again, it takes its own place. With `sha256`, one that came damaged is refused."""
    return PartOut.of(sending.take_part(work, upload_id, part_number, body_of(work.request), sha256))


@router.get("/uploads/{upload_id}/parts/{part_number}/url", response_model=PartUrlOut)
@endpoint(Permission.UPLOAD_BATCH, session=False)
def part_url(work: Work, upload_id: UUID, part_number: Number) -> PartUrlOut:
    """Where the bucket itself takes this part by PUT, for an hour; null on sites that do not say `direct`."""
    return PartUrlOut(url=sending.part_url(work, upload_id, part_number))


@router.post("/uploads/{upload_id}/complete", response_model=UploadOut)
@endpoint(Permission.UPLOAD_BATCH, session=False)
def complete(work: Work, upload_id: UUID, body: CompleteIn | None = None) -> UploadOut:
    """Make the file of its parts. Then ask for the ingest of the batch or addition that it is for."""
    return _out(work, sending.complete(work, upload_id, body.parts if body else []))


@router.delete("/uploads/{upload_id}", status_code=204)
@endpoint(Permission.UPLOAD_BATCH, session=False)
def abort(work: Work, upload_id: UUID) -> Response:
    """Give it up, and throw away what has come."""
    sending.abort(work, upload_id)
    return Response(status_code=204)
