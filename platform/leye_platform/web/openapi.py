"""What `/api/v1/openapi.json` says: FastAPI's description, with the errors as they really come (RFC 9457)."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from leye_platform.errors import MEDIA_TYPE

METHODS = frozenset({"get", "put", "post", "patch", "delete"})
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details, RFC 9457. `title` says what happened and what to do; `errors` names fields.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reference": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
REFUSAL = {
    "description": "Refused or failed; the status tells which.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def file_of(*media_types: str) -> dict[str, Any]:
    """A route's options where it answers with a file of these kinds instead of JSON."""
    content: dict[str, Any] = {media_type.partition(";")[0]: {} for media_type in media_types}
    return {"response_class": Response, "responses": {200: {"content": content}}}


def describe(app: FastAPI) -> None:
    """Make `app` describe its errors. FastAPI's own 422 is never sent, and is not described."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the description


def _described(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for path in schema["paths"].values():
        for method, operation in path.items():
            if method in METHODS:
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = REFUSAL
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    return schema
