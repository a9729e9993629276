"""Keeping, erasing and its proof, for scripts."""

from collections.abc import Iterator
from uuid import UUID

import orjson
from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.service import batch_for, project_for
from leye_platform.retention import service
from leye_platform.retention.certificate import manifest_lines
from leye_platform.retention.queries import certified, data_of, render_certificate_html
from leye_platform.retention.schemas import (
    CertificateOut,
    DataOut,
    ErasureIn,
    HoldIn,
    ProjectRetentionIn,
    RetentionIn,
)
from leye_platform.web.display import display_of
from leye_platform.web.openapi import file_of
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/api/v1", tags=["retention"])

JSON_LINES = "application/x-ndjson"


def _out(work: Work, batch: Batch) -> DataOut:
    view = data_of(work.session, batch, work.session.get_one(Project, batch.project_id))
    return DataOut.of(view, sentence_for(work.request, view.refused) if view.refused else None)


@router.put("/projects/{project_id}/retention", status_code=204)
@endpoint(Permission.SET_RETENTION)
def set_project_retention(work: Work, project_id: UUID, body: ProjectRetentionIn) -> Response:
    """For how many days after they are settled the project's batches keep their content; null: until somebody asks."""
    project = project_for(work.session, work.actor, project_id, Permission.SET_RETENTION)
    service.set_project_retention(work.session, work.actor, project, body.days, work.now)
    return Response(status_code=204)


@router.get("/batches/{batch_id}/data", response_model=DataOut)
@endpoint(Permission.VIEW_BATCH)
def read_data(work: Work, batch_id: UUID) -> DataOut:
    """How long the batch's content stays, what keeps it from going, and how far its erasure is."""
    return _out(work, batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH))


@router.put("/batches/{batch_id}/retention", response_model=DataOut)
@endpoint(Permission.SET_RETENTION)
def set_retention(work: Work, batch_id: UUID, body: RetentionIn) -> DataOut:
    """The batch's own period. A shorter one is announced 14 days before the content goes."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.SET_RETENTION, lock=True)
    service.set_batch_retention(work.session, work.actor, batch, body.days, work.now, as_project=body.as_project)
    return _out(work, batch)


@router.post("/batches/{batch_id}/erasure", status_code=202, response_model=DataOut)
@endpoint(Permission.ERASE_DATA)
def erase(work: Work, batch_id: UUID, body: ErasureIn) -> DataOut:
    """Erase the batch's content for good. Refused while work, a lot or a bill is open, or a legal hold is set."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.ERASE_DATA, lock=True)
    service.ask_for_erasure(work.session, work.actor, batch, body.name, work.now)
    return _out(work, batch)


@router.get("/erasures/{erasure_id}/certificate.html", **file_of("text/html"))
@endpoint(Permission.VIEW_BATCH)
def certificate_page(work: Work, erasure_id: UUID) -> Response:
    """The certificate as one printable page, in the caller's language."""
    erasure = certified(work.session, work.actor, erasure_id)
    html = render_certificate_html(erasure, display_of(work.request).language)
    disposition = f'attachment; filename="erased-{erasure.number}.html"'
    return Response(html, media_type="text/html; charset=utf-8", headers={"Content-Disposition": disposition})


@router.get("/erasures/{erasure_id}", response_model=CertificateOut)
@endpoint(Permission.VIEW_BATCH)
def certificate(work: Work, erasure_id: UUID) -> CertificateOut:
    """The certificate of an erasure: the text, and its SHA-256 as it stands in the audit log."""
    erasure = certified(work.session, work.actor, erasure_id)
    text = erasure.certificate or ""
    return CertificateOut(sha256=erasure.sha256 or "", text=text, certificate=orjson.loads(text))


@router.get("/erasures/{erasure_id}/manifest", **file_of(JSON_LINES))
@endpoint(Permission.VIEW_BATCH)
def manifest(work: Work, erasure_id: UUID) -> Response:
    """Every object that the certificate is about, a JSON object a line; its SHA-256 stands in the certificate."""
    erasure, database = certified(work.session, work.actor, erasure_id), work.installation.database

    def stream() -> Iterator[bytes]:
        # The answer outlives the request's own session.
        with database.read() as session:
            for line in manifest_lines(session, erasure_id):
                yield line.text()

    headers = {"Content-Disposition": f'attachment; filename="erased-{erasure.number}.jsonl"'}
    return StreamingResponse(stream(), media_type=JSON_LINES, headers=headers)


@router.put("/batches/{batch_id}/legal-hold", response_model=DataOut)
@endpoint(Permission.ADMINISTER)
def hold(work: Work, batch_id: UUID, body: HoldIn) -> DataOut:
    """The batch's content must stay, whatever dates or people say."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH, lock=True)
    service.hold(work.session, work.actor, batch, body.reason, work.now)
    return _out(work, batch)


@router.delete("/batches/{batch_id}/legal-hold", response_model=DataOut)
@endpoint(Permission.ADMINISTER)
def lift_hold(work: Work, batch_id: UUID) -> DataOut:
    """The batch's content need not stay any more."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH, lock=True)
    service.lift_hold(work.session, work.actor, batch, work.now)
    return _out(work, batch)
