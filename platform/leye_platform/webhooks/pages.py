"""A project's webhooks for people: add one, see what became of its messages, send one again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, Refused
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project
from leye_platform.projects.service import project_for
from leye_platform.web.pages import sentence_for
from leye_platform.webhooks.api import secret_to_show
from leye_platform.webhooks.rules import EVENT_WORDS, Event, EventUnknown, MessageState
from leye_platform.webhooks.service import (
    TooManyWebhooks,
    add_webhook,
    end_webhook,
    messages_of,
    renew_secret,
    tell_again,
    webhook_for,
    webhooks_of,
)

router = APIRouter(prefix="/partner/projects", include_in_schema=False)

STATE_WORDS: dict[MessageState, tuple[str, str]] = {
    MessageState.WAITING: ("info", N_("在发")),
    MessageState.TAKEN: ("good", N_("对方收了")),
    MessageState.FAILED: ("bad", N_("没有发成")),
}


@router.get("/{project_id}/webhooks")
@endpoint(Permission.WEBHOOKS)
def show(work: Work, project_id: UUID) -> Response:
    """The webhooks with their messages, and the form for one more."""
    return _page(work, project_for(work.session, work.actor, project_id, Permission.WEBHOOKS))


@router.post("/{project_id}/webhooks")
@endpoint(Permission.WEBHOOKS, form=True)
def add(
    work: Work,
    project_id: UUID,
    *,
    address: Annotated[str, Form()] = "",
    events: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Add one, or say what is to change."""
    project = project_for(work.session, work.actor, project_id, Permission.WEBHOOKS)
    private = work.installation.settings.webhooks_to_private
    try:
        add_webhook(work.session, work.actor, project, address, events or [], private=private, now=work.now)
    except (Refused, TooManyWebhooks) as refused:
        field = "events" if isinstance(refused, EventUnknown) else "address"
        problems = {field: sentence_for(work.request, refused)}
        return _page(work, project, address=address, events=events or [], problems=problems)
    return _back(project_id)


@router.post("/{project_id}/webhooks/{webhook_id}")
@endpoint(Permission.WEBHOOKS, form=True)
def change(work: Work, project_id: UUID, webhook_id: UUID, deed: Annotated[str, Form()] = "") -> Response:
    """End one, or give it a new secret (`deed`: end, renew)."""
    if deed == "end":
        end_webhook(work.session, work.actor, webhook_id, work.now)
    elif deed == "renew":
        renew_secret(work.session, work.actor, webhook_id, work.now)
    else:
        webhook_for(work.session, work.actor, webhook_id)
    return _back(project_id)


@router.post("/{project_id}/webhooks/messages/{message_id}")
@endpoint(Permission.WEBHOOKS, form=True)
def again(work: Work, project_id: UUID, message_id: UUID) -> Response:
    """Send a message once more."""
    tell_again(work.session, work.actor, message_id, work.now)
    return _back(project_id)


def _back(project_id: UUID) -> Response:
    return RedirectResponse(f"/partner/projects/{project_id}/webhooks", status_code=303)


def _page(
    work: Work,
    project: Project,
    *,
    address: str = "",
    events: list[str] | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    chosen = [event.value for event in Event] if events is None else events
    webhooks = webhooks_of(work.session, project.id)
    return work.page(
        "webhooks/webhooks.html",
        status=422 if problems else 200,
        project=project,
        partner=work.actor.partner_scope(Permission.WEBHOOKS) is not None,
        webhooks=[(one, secret_to_show(work, one), messages_of(work.session, one.id)) for one in webhooks],
        options=[{"value": event.value, "label": work.gettext(words)} for event, words in EVENT_WORDS.items()],
        event_words={event.value: words for event, words in EVENT_WORDS.items()},
        state_words=STATE_WORDS,
        address=address,
        chosen=chosen,
        problems=problems or {},
    )
