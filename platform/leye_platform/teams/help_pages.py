"""Asking for help from a task or from anywhere, reading the answer, and the leader's button that settles it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.rules import safe_next
from leye_platform.assignments.queries import leader_of
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.rules import storable_text
from leye_platform.teams.errors import HelpTopicMissing
from leye_platform.teams.help_queries import unread_answers
from leye_platform.teams.help_requests import ask_for_help, open_request, settle_request, take_note
from leye_platform.teams.models import HelpTopic
from leye_platform.web.pages import sentence_for

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]


@router.get("/work/ask")
@endpoint(Permission.WORK)
def ask_page(work: Work, task: UUID | None = None) -> Response:
    """Ask the leader, in a choice and if wanted in words; or what was asked and not answered yet."""
    return _page(work, task)


def _page(work: Work, task: UUID | None, *, words: str = "", problems: dict[str, str] | None = None) -> Response:
    return work.page(
        "teams/ask.html",
        status=422 if problems else 200,
        task=task,
        leader=leader_of(work.session, work.person_id),
        asked=open_request(work.session, work.person_id, task),
        answers=unread_answers(work.session, work.person_id),
        words=words,
        problems=problems or {},
    )


@router.post("/work/ask")
@endpoint(Permission.WORK, form=True)
def ask(work: Work, *, topic: Field = "", words: Field = "", task: Annotated[UUID | None, Form()] = None) -> Response:
    """Send the request. It stays until somebody has settled it."""
    wanted = HelpTopic(topic) if topic in set(HelpTopic) else None
    try:
        ask_for_help(work.session, work.person_id, wanted, storable_text(words), about=task, now=work.now)
    except HelpTopicMissing as missing:
        return _page(work, task, words=words, problems={"topic": sentence_for(work.request, missing)})
    return RedirectResponse(f"/work/ask?task={task}" if task else "/work/ask", status_code=303)


@router.post("/work/ask/read")
@endpoint(Permission.WORK, form=True)
def read_answers(work: Work, *, next: Field = "") -> Response:
    """Take note of the answers, and go back to where they were read."""
    take_note(work.session, work.person_id, work.now)
    return RedirectResponse(safe_next(next) or "/work", status_code=303)


@router.post("/teams/help/{help_id}")
@endpoint(Permission.VIEW_TEAM, form=True)
def settle(work: Work, help_id: UUID, *, do: Field = "send", answer: Field = "", next: Field = "") -> Response:
    """Settle a request, with a sentence or (`do`: close) without, whatever stands in the field."""
    said = "" if do == "close" else storable_text(answer)
    settle_request(work.session, work.actor, help_id, said, work.now)
    back = safe_next(next) or "/teams"
    return RedirectResponse(f"{back}?done=settled", status_code=303)
