"""The inbox, and where a person wants each kind of notice."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.service.people import load_person
from leye_platform.endpoint import Work, endpoint
from leye_platform.notices.queries import choices_of, inbox_of
from leye_platform.notices.rules import INBOX_WORDS, PLAIN_WORDS, NoticeKind, kinds_for
from leye_platform.notices.service import choose, open_notice, read_all
from leye_platform.permissions import Permission

router = APIRouter(include_in_schema=False)


@router.get("/notices")
@endpoint(Permission.OWN_ACCOUNT)
def inbox(work: Work, page: int = 1) -> Response:
    """One's notices, the newest first."""
    shown = inbox_of(work.session, work.person_id, page)
    sentences = {row.id: work.gettext(INBOX_WORDS[row.kind]).format(**row.arguments) for row in shown.rows}
    kinds = [PLAIN_WORDS[kind] for kind in kinds_for(work.actor.roles)]
    return work.page("notices/inbox.html", shown=shown, sentences=sentences, kinds=kinds)


@router.post("/notices/read")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def mark_all(work: Work) -> Response:
    """All of them count as read."""
    read_all(work.session, work.person_id, work.now)
    return RedirectResponse("/notices", status_code=303)


@router.post("/notices/{notice_id}/open")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def open_one(work: Work, notice_id: UUID) -> Response:
    """To the page that a notice is about; it counts as read."""
    return RedirectResponse(open_notice(work.session, work.person_id, notice_id, work.now), status_code=303)


@router.get("/me/notices")
@endpoint(Permission.OWN_ACCOUNT)
def choices_page(work: Work, saved: bool = False) -> Response:
    """Where one wants each kind of notice."""
    return work.page(
        "notices/choices.html",
        kinds=[(kind, PLAIN_WORDS[kind]) for kind in kinds_for(work.actor.roles)],
        chosen=choices_of(work.session, work.person_id),
        email=load_person(work.session, work.person_id).email,
        mail_is_on=bool(work.installation.settings.mail_url),
        saved=saved,
    )


@router.post("/me/notices")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def save_choices(work: Work, mail: Annotated[list[NoticeKind] | None, Form()] = None) -> Response:
    """Save which kinds are wanted by mail too."""
    wanted = {kind: kind in (mail or ()) for kind in kinds_for(work.actor.roles)}
    choose(work.session, work.person_id, wanted, work.now)
    return RedirectResponse("/me/notices?saved=1", status_code=303)
