"""What a client of Label Studio sends, read once and whole, and what it gets back."""

from dataclasses import dataclass
from datetime import datetime
from typing import IO, Annotated, Any, cast

import orjson
from fastapi import Depends, Path, Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from leye_platform.partner_api.errors import BodyNotAnObject, BodyNotJson, BodyTooLarge

LARGEST_BODY_MB, LARGEST_IMPORT_MB = 8, 64
LARGEST_NUMBER = 2**63 - 1

Number = Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]
"""An integer of the outside: of a project, a task, an annotation."""
Page = Annotated[int, Query(ge=1, le=LARGEST_NUMBER)]


@dataclass(frozen=True)
class UploadedFile:
    """A file of a multipart request, in memory or on disk until the request ends."""

    name: str
    size: int
    file: IO[bytes]


async def json_body(request: Request) -> Any:
    """The body as JSON; None where there is none. NaN and Infinity are no JSON.

    Raises BodyNotJson, BodyTooLarge.
    """
    return await _read(request, LARGEST_BODY_MB)


async def _read(request: Request, limit_mb: int) -> Any:
    raw = bytearray()
    async for block in request.stream():
        raw += block
        if len(raw) > limit_mb * 1_000_000:
            raise BodyTooLarge(limit_mb=limit_mb)
    if not raw.strip():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BodyNotJson from None


async def object_body(body: Annotated[Any, Depends(json_body)]) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object.

    Raises BodyNotJson, BodyTooLarge, BodyNotAnObject.
    """
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise BodyNotAnObject(example='{"title": "…"}')
    return body


async def json_or_files(request: Request) -> Any:
    """The body as JSON, or the files of a multipart form, in their order.

    Raises BodyNotJson, BodyTooLarge.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await _read(request, LARGEST_IMPORT_MB)
    form = await request.form()
    return [
        UploadedFile(value.filename or "upload", value.size or 0, cast("IO[bytes]", value.file))
        for value in form.values()
        if isinstance(value, UploadFile)
    ]


Json = Annotated[Any, Depends(json_body)]
Object = Annotated[dict[str, Any], Depends(object_body)]
JsonOrFiles = Annotated[Any, Depends(json_or_files)]

TAKES_JSON: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": {}}}}}
TAKES_OBJECT: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}


def answer(content: Any, status: int = 200) -> Response:
    """JSON as it is: clients of Label Studio do not look at more than objects and lists."""
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")


def at(moment: datetime | None) -> str | None:
    """A moment, in UTC as all are here, as Label Studio writes it."""
    # strftime takes six times as long, and an export writes four moments for each task.
    return None if moment is None else moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
