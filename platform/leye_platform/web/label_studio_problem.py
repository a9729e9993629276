"""Errors as clients of Label Studio read them (its API's `id`, `status_code`, `detail`, `validation_errors`)."""

import secrets
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse

FACE, OWN = "/api/", "/api/v1"
REFUSED = 400
AS_THEY_ARE = frozenset({400, 401, 403, 404, 405, 413, 429, 500, 503})
SPOKEN = "1.23.2"
"""The release of Label Studio whose API the face is."""


def speaks_label_studio(request: Request) -> bool:
    """Whether the request is one of the Label Studio face."""
    return is_label_studio(request.url.path)


def is_label_studio(path: str) -> bool:
    """Whether a path belongs to the Label Studio face."""
    return path.startswith(FACE) and not (path == OWN or path.startswith(f"{OWN}/"))


def label_studio_problem(status: int, detail: str, problems: Mapping[str, str] | None = None) -> JSONResponse:
    """An error in Label Studio's shape. problems: a sentence for each field.

    What its API has no status for is 400: its clients send 409 again and again.
    """
    body = {
        "id": secrets.token_hex(8),
        "status_code": status if status in AS_THEY_ARE else REFUSED,
        "version": SPOKEN,
        "detail": detail,
        "exc_info": None,
    }
    if problems:
        body["validation_errors"] = {name: [sentence] for name, sentence in problems.items()}
    return JSONResponse(body, status_code=status if status in AS_THEY_ARE else REFUSED)
