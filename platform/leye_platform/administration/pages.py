"""The administrator's home: whether all is well, and who did what."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from leye_platform import audit
from leye_platform.accounts.models import Person
from leye_platform.administration.details import details
from leye_platform.administration.queries import Deed, counts, deeds, disk_of, failed_jobs, waiting_jobs
from leye_platform.administration.words import ACTION_WORDS, JOB_WORDS, LOST_WORDS, PART_WORDS
from leye_platform.endpoint import Work, endpoint
from leye_platform.notices.queries import lost_mail
from leye_platform.notices.rules import PLAIN_WORDS
from leye_platform.outbox import retry
from leye_platform.permissions import Permission
from leye_platform.web.display import display_of
from leye_platform.web.formats import local
from leye_platform.web.health import parts_of

router = APIRouter(prefix="/admin", include_in_schema=False)

WAITED_LONG = timedelta(minutes=10)
LATEST_DEEDS = 8


@router.get("")
@endpoint(Permission.ADMINISTER)
def home(work: Work, done: str = "") -> Response:
    """Parts, disk, jobs, and the latest deeds."""
    waiting = waiting_jobs(work.session)
    return work.page(
        "administration/home.html",
        parts=parts_of(work),
        part_words=PART_WORDS,
        disk=disk_of(work.installation.settings.data_dir),
        waiting=waiting,
        stuck=waiting.since is not None and work.now - waiting.since > WAITED_LONG,
        failed=failed_jobs(work.session),
        lost=lost_mail(work.session, work.now),
        lost_words=LOST_WORDS,
        plain_words=PLAIN_WORDS,
        job_words=JOB_WORDS,
        counts=counts(work.session),
        shown=deeds(work.session, limit=LATEST_DEEDS),
        action_words=ACTION_WORDS,
        details=_details(work),
        today=local(work.now).date().isoformat(),
        done=done,
    )


@router.post("/jobs/{job_id}/retry")
@endpoint(Permission.ADMINISTER, form=True)
def retry_job(work: Work, job_id: UUID) -> Response:
    """Let a failed job be tried again."""
    job = retry(work.session, job_id)
    audit.record(
        work.session, at=work.now, person_id=work.person_id, action="job.retry", subject_id=job.id, job=job.job.value
    )
    return RedirectResponse("/admin?done=retry", status_code=303)


@router.get("/audit")
@endpoint(Permission.ADMINISTER)
def audit_log(work: Work, about: UUID | None = None, before: UUID | None = None) -> Response:
    """Who did what to which thing, the newest first; `about` one thing."""
    return work.page(
        "administration/audit.html",
        shown=deeds(work.session, about=about, before=before),
        person=work.session.get(Person, about) if about else None,
        about=about,
        before=before,
        action_words=ACTION_WORDS,
        details=_details(work),
    )


def _details(work: Work) -> Callable[[Deed], list[str]]:
    language = display_of(work.request).language
    return lambda deed: details(deed.detail, work.gettext, language, work.now)
