"""Signed, expiring URLs of the folder store: one PUT of an upload, or a GET with ranges."""

import re
from tempfile import SpooledTemporaryFile
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import NotFound, TooLarge
from leye_platform.holdings.errors import StorageFull
from leye_platform.holdings.files import store_counted
from leye_platform.installation import Installation
from leye_platform.permissions import Permission
from leye_platform.projects.errors import UploadRefused
from leye_platform.retention.errors import DataErased
from leye_platform.web.error_pages import problem
from leye_platform.web.pages import sentence_for
from leye_storage.errors import KeyRefused, ObjectMissing, ObjectTooLarge, SignatureExpired, SignatureRefused
from leye_storage.sign import verify

router = APIRouter(prefix="/objects", include_in_schema=False)
SPOOLED = 1 << 20
Signature = Annotated[str, Query()]


def _verify(installation: Installation, method: str, key: str, until: str, name: str, signature: str) -> None:  # noqa: PLR0917
    try:
        verify(
            installation.secret,
            method=method,
            key=key,
            until=until,
            filename=name,
            signature=signature,
            now=installation.clock.now(),
        )
    except (SignatureRefused, SignatureExpired, ValueError):
        raise UploadRefused from None


async def put_object(
    request: Request, key: str, *, until: Signature = "", name: Signature = "", signature: Signature = ""
) -> Response:
    """Store the body, streamed; never more than the limit. The signature is the permission."""
    installation: Installation = request.app.state.installation
    _verify(installation, "PUT", key, until, name, signature)
    limit = installation.settings.upload_limit
    with SpooledTemporaryFile(SPOOLED) as file:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                refused = TooLarge(limit_mb=installation.settings.upload_limit_mb)
                return problem(413, refused.code, sentence_for(request, refused))
            file.write(chunk)
        file.seek(0)
        kind = request.headers.get("content-type", "application/octet-stream")
        try:
            await run_in_threadpool(store_counted, installation, key, file, size, kind, limit)
        except (StorageFull, DataErased) as refusal:
            arguments = {name: refusal.arguments[name] for name in refusal.members}
            return problem(refusal.status, refusal.code, sentence_for(request, refusal), **arguments)
        except (KeyRefused, ObjectTooLarge):
            raise UploadRefused from None
    return Response(status_code=201)


put_object.permission = Permission.PUBLIC  # type: ignore[attr-defined]  # the signature admits; named like every route's
router.add_api_route("/{key:path}", put_object, methods=["PUT"])


@router.get("/{key:path}")
@endpoint(Permission.PUBLIC, session=False)
def get_object(
    work: Work, key: str, *, until: Signature = "", name: Signature = "", signature: Signature = ""
) -> Response:
    """Give the object, or the range asked for."""
    installation = work.installation
    _verify(installation, "GET", key, until, name, signature)
    try:
        size = installation.objects.stat(key).size
    except (ObjectMissing, KeyRefused):
        raise NotFound from None
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Accept-Ranges": "bytes",
    }
    start, end, status = 0, size, 200
    wanted = re.fullmatch(r"bytes=(\d{1,18})-(\d{0,18})", work.request.headers.get("range", ""))
    if wanted and int(wanted[1]) < (until_byte := min(int(wanted[2] or size) + 1, size)):
        start, end, status = int(wanted[1]), until_byte, 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    return StreamingResponse(
        installation.objects.read(key, start, end),
        status_code=status,
        headers=headers,
        media_type="application/octet-stream",
    )
