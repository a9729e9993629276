"""What `/api/v1/openapi.json` says: FastAPI's description, with the errors as they really come (RFC 9457)."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from leye_platform.errors import MEDIA_TYPE
from leye_platform.web.label_studio_problem import is_label_studio

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
LABEL_STUDIO_PROBLEM = {
    "type": "object",
    "title": "LabelStudioProblem",
    "description": "An error as Label Studio tells it. `validation_errors` names fields.",
    "required": ["id", "status_code", "version", "detail"],
    "properties": {
        "id": {"type": "string"},
        "status_code": {"type": "integer"},
        "version": {"type": "string"},
        "detail": {"type": "string"},
        "exc_info": {},
        "validation_errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def _refusal(media_type: str, name: str) -> dict[str, Any]:
    return {
        "description": "Refused or failed; the status tells which.",
        "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}},
    }


REFUSAL = _refusal(MEDIA_TYPE, "Problem")
LABEL_STUDIO_REFUSAL = _refusal("application/json", "LabelStudioProblem")


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
    for path, methods in schema["paths"].items():
        refusal = LABEL_STUDIO_REFUSAL if is_label_studio(path) else REFUSAL
        for method, operation in methods.items():
            if method in METHODS:
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = refusal
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= {"Problem": PROBLEM, "LabelStudioProblem": LABEL_STUDIO_PROBLEM}
    return schema
