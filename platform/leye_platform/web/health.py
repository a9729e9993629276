"""Liveness, readiness (which part is not) and figures for Prometheus."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from sqlalchemy import func, select

from leye_platform.endpoint import Work, endpoint
from leye_platform.installation import Installation
from leye_platform.migrate import current_revision, newest_revision
from leye_platform.outbox import OutboxRow
from leye_platform.permissions import Permission

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
@endpoint(Permission.PUBLIC, session=False)
def healthz(work: Work) -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok")


@router.get("/readyz")
@endpoint(Permission.PUBLIC)
def readyz(work: Work) -> JSONResponse:
    """Each part with "ok" or what is wrong; 503 where one is not ready. Failed jobs don't stop the site."""
    parts = parts_of(work)
    ready = all(state == "ok" for state in parts.values())
    told = parts | {"jobs": _jobs(work)}
    return JSONResponse({"ready": ready, "parts": told}, status_code=200 if ready else 503)


def parts_of(work: Work) -> dict[str, str]:
    """The parts that the site cannot do without, each with "ok" or what is wrong."""
    return {"schema": _schema(work), "storage": _storage(work.installation)}


@router.get("/metrics")
@endpoint(Permission.PUBLIC, session=False)
def metrics(work: Work) -> Response:
    """Prometheus text."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _schema(work: Work) -> str:
    found, wanted = current_revision(work.session.connection()), newest_revision()
    return "ok" if found == wanted else f"schema is {found}, wanted {wanted}: run `leye migrate`"


def _storage(installation: Installation) -> str:
    try:
        installation.objects.stat("readiness-probe")
    except LookupError:
        return "ok"
    except OSError as error:
        return f"storage does not answer: {type(error).__name__}"
    return "ok"


def _jobs(work: Work) -> str:
    failed = work.session.scalar(select(func.count()).where(OutboxRow.failed_at.is_not(None))) or 0
    return "ok" if failed == 0 else f"{failed} jobs failed: see /admin"
