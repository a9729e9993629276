"""Webhooks for scripts."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for
from leye_platform.webhooks.models import Webhook
from leye_platform.webhooks.rules import secret_of
from leye_platform.webhooks.schemas import MessageOut, WebhookIn, WebhookOut
from leye_platform.webhooks.service import (
    add_webhook,
    end_webhook,
    messages_of,
    renew_secret,
    tell_again,
    webhook_for,
    webhooks_of,
)

router = APIRouter(prefix="/api/v1", tags=["webhooks"])


def secret_to_show(work: Work, webhook: Webhook) -> str:
    """The secret that signs a webhook's messages now."""
    return secret_of(work.installation.secret, str(webhook.id), webhook.turn)


def _out(work: Work, webhook: Webhook) -> WebhookOut:
    return WebhookOut.of(webhook, secret_to_show(work, webhook))


@router.get("/projects/{project_id}/webhooks", response_model=list[WebhookOut])
@endpoint(Permission.WEBHOOKS)
def list_webhooks(work: Work, project_id: UUID) -> list[WebhookOut]:
    """Where the project's events are told."""
    project_for(work.session, work.actor, project_id, Permission.WEBHOOKS)
    return [_out(work, webhook) for webhook in webhooks_of(work.session, project_id)]


@router.post("/projects/{project_id}/webhooks", status_code=201, response_model=WebhookOut)
@endpoint(Permission.WEBHOOKS)
def add(work: Work, project_id: UUID, body: WebhookIn) -> WebhookOut:
    """Have the project's events told to an address, by POST of a signed JSON object."""
    project = project_for(work.session, work.actor, project_id, Permission.WEBHOOKS)
    webhook = add_webhook(
        work.session,
        work.actor,
        project,
        body.address,
        body.events,
        private=work.installation.settings.webhooks_to_private,
        now=work.now,
    )
    return _out(work, webhook)


@router.delete("/webhooks/{webhook_id}", status_code=204)
@endpoint(Permission.WEBHOOKS)
def end(work: Work, webhook_id: UUID) -> Response:
    """Tell it nothing more."""
    end_webhook(work.session, work.actor, webhook_id, work.now)
    return Response(status_code=204)


@router.post("/webhooks/{webhook_id}/secret", response_model=WebhookOut)
@endpoint(Permission.WEBHOOKS)
def renew(work: Work, webhook_id: UUID) -> WebhookOut:
    """Sign with a new secret from now on."""
    return _out(work, renew_secret(work.session, work.actor, webhook_id, work.now))


@router.get("/webhooks/{webhook_id}/messages", response_model=list[MessageOut])
@endpoint(Permission.WEBHOOKS)
def list_messages(work: Work, webhook_id: UUID) -> list[MessageOut]:
    """Its newest messages, from the newest on."""
    webhook = webhook_for(work.session, work.actor, webhook_id)
    return [MessageOut.of(message) for message in messages_of(work.session, webhook.id)]


@router.post("/webhook-messages/{message_id}/replay", status_code=201, response_model=MessageOut)
@endpoint(Permission.WEBHOOKS)
def replay(work: Work, message_id: UUID) -> MessageOut:
    """Send a message once more; the receiver sees the same `event_id`."""
    return MessageOut.of(tell_again(work.session, work.actor, message_id, work.now))
