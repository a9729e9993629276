"""What the API of webhooks takes and gives."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from leye_platform.webhooks.models import Webhook, WebhookMessage
from leye_platform.webhooks.rules import Event, MessageState


class WebhookIn(BaseModel):
    """`address`: https, in the public network."""

    address: str = Field(max_length=2000)
    events: list[Event] = Field(min_length=1, max_length=len(Event))


class WebhookOut(BaseModel):
    """A webhook. `secret` signs its messages."""

    id: UUID
    project: UUID
    address: str
    events: list[str]
    secret: str
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook, secret: str) -> "WebhookOut":
        return cls(
            id=webhook.id,
            project=webhook.project_id,
            address=webhook.address,
            events=webhook.events,
            secret=secret,
            created_at=webhook.created_at,
        )


class MessageOut(BaseModel):
    """A message. `status`: what the receiver answered last; `replay_of`: the message that it repeats."""

    id: UUID
    event: str
    event_id: UUID
    body: dict[str, Any]
    state: MessageState
    tries: int
    status: int | None
    problem: str | None
    replay_of: UUID | None
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, message: WebhookMessage) -> "MessageOut":
        return cls(
            id=message.id,
            event=message.event,
            event_id=message.event_id,
            body=message.body,
            state=message.state,
            tries=message.tries,
            status=message.status,
            problem=message.problem,
            replay_of=message.replay_of,
            created_at=message.created_at,
            settled_at=message.settled_at,
        )
