"""Webhooks of a project: making, ending, renewing their secrets; telling them; telling them again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.errors import N_, Conflict, NotFound
from leye_platform.ids import new_id
from leye_platform.outbox import JobName, ask_for
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project
from leye_platform.webhooks.models import Webhook, WebhookMessage
from leye_platform.webhooks.rules import MOST_OF_A_PROJECT, Event, EventUnknown, check_address

LISTED = 20
"""How many messages of a webhook are shown."""


class WebhookMissing(NotFound):
    sentence = N_("没有找到这个消息地址，或者它已经停用。请从项目的消息地址页打开。")


class TooManyWebhooks(Conflict):
    sentence = N_("一个项目最多 {limit} 个消息地址。请先停用一个。")


def add_webhook(
    session: Session,
    actor: Actor,
    project: Project,
    address: str,
    events: Sequence[str],
    *,
    private: bool,
    now: datetime,
) -> Webhook:
    """Have a project's events told to an address. private: whether the installation allows its own network.

    Raises AddressRefused, EventUnknown, TooManyWebhooks.
    """
    check_address(address, private=private)
    known = [event.value for event in Event if event.value in events]
    if not known or len(known) < len(set(events)):
        raise EventUnknown
    session.execute(select(Project.id).where(Project.id == project.id).with_for_update(key_share=True))
    count = select(func.count()).where(Webhook.project_id == project.id, Webhook.ended_at.is_(None))
    if (session.scalar(count) or 0) >= MOST_OF_A_PROJECT:
        raise TooManyWebhooks(limit=MOST_OF_A_PROJECT)
    webhook = Webhook(
        project_id=project.id, address=address.strip(), events=known, created_at=now, created_by=actor.person_id
    )
    session.add(webhook)
    session.flush()
    record(session, at=now, person_id=actor.person_id, action="webhook.add", subject_id=webhook.id)
    return webhook


def webhook_for(session: Session, actor: Actor, webhook_id: UUID) -> Webhook:
    """A webhook in use, within the actor's reach.

    Raises WebhookMissing.
    """
    scope = actor.partner_scope(Permission.WEBHOOKS)
    query = select(Webhook).join(Project).where(Webhook.id == webhook_id, Webhook.ended_at.is_(None))
    found = session.scalar(query if scope is None else query.where(Project.organisation_id.in_(scope)))
    if found is None:
        raise WebhookMissing
    return found


def webhooks_of(session: Session, project_id: UUID) -> list[Webhook]:
    """Those in use, in the order of their making."""
    used = select(Webhook).where(Webhook.project_id == project_id, Webhook.ended_at.is_(None))
    return list(session.scalars(used.order_by(Webhook.created_at)))


def messages_of(session: Session, webhook_id: UUID) -> list[WebhookMessage]:
    """A webhook's newest messages, from the newest on."""
    newest = select(WebhookMessage).where(WebhookMessage.webhook_id == webhook_id)
    return list(session.scalars(newest.order_by(WebhookMessage.created_at.desc()).limit(LISTED)))


def end_webhook(session: Session, actor: Actor, webhook_id: UUID, now: datetime) -> None:
    """Tell it nothing more; what still waits is not sent. Raises WebhookMissing."""
    webhook_for(session, actor, webhook_id).ended_at = now
    record(session, at=now, person_id=actor.person_id, action="webhook.end", subject_id=webhook_id)


def renew_secret(session: Session, actor: Actor, webhook_id: UUID, now: datetime) -> Webhook:
    """Sign with another secret from now on. Raises WebhookMissing."""
    webhook = webhook_for(session, actor, webhook_id)
    webhook.turn += 1
    record(session, at=now, person_id=actor.person_id, action="webhook.renew", subject_id=webhook_id)
    return webhook


def tell_webhooks(
    session: Session, project_id: UUID, event: Event, about: dict[str, Any], now: datetime
) -> list[WebhookMessage]:
    """Have an event told to the project's webhooks that want it. about: ids and numbers, never data of items."""
    told, event_id = [], new_id()
    for webhook in webhooks_of(session, project_id):
        if event.value in webhook.events:
            body = {"event": event.value, "at": now.isoformat(), "project": str(project_id), **about}
            told.append(_message(session, webhook.id, event.value, event_id, body, now))
    return told


def tell_again(session: Session, actor: Actor, message_id: UUID, now: datetime) -> WebhookMessage:
    """Send a message once more, whatever became of it. Raises WebhookMissing."""
    message = session.get(WebhookMessage, message_id)
    if message is None:
        raise WebhookMissing
    webhook_for(session, actor, message.webhook_id)
    record(session, at=now, person_id=actor.person_id, action="webhook.again", subject_id=message_id)
    return _message(
        session, message.webhook_id, message.event, message.event_id, message.body, now, replay_of=message.id
    )


def _message(  # noqa: PLR0917 -- the columns of a message
    session: Session,
    webhook_id: UUID,
    event: str,
    event_id: UUID,
    body: dict[str, Any],
    now: datetime,
    replay_of: UUID | None = None,
) -> WebhookMessage:
    message = WebhookMessage(
        webhook_id=webhook_id, event=event, event_id=event_id, body=body, created_at=now, replay_of=replay_of
    )
    session.add(message)
    session.flush()
    ask_for(session, JobName.SEND_WEBHOOK, {"message_id": str(message.id)}, now)
    return message
