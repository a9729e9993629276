"""Tables of webhooks and their messages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id
from leye_platform.webhooks.rules import MessageState


class Webhook(Base):
    """Where a project's events are told. `events`: webhooks/rules.py:Event. `turn` counts the renewals of its secret.

    It is not removed but ended, so that its messages stay.
    """

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), index=True)
    address: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[Any]]
    turn: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]


class WebhookMessage(Base):
    """One event on its way to one webhook. `status`: what its server answered last; `problem`: why it was not taken.

    `replay_of` is the message that it repeats; the receiver sees the same `event_id`.
    """

    __tablename__ = "webhook_messages"
    __table_args__ = (
        # A webhook's newest messages.
        Index("ix_webhook_messages_webhook_id_created_at", "webhook_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"))
    event: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[UUID]
    body: Mapped[dict[str, Any]]
    state: Mapped[MessageState] = mapped_column(default=MessageState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(300))
    replay_of: Mapped[UUID | None] = mapped_column(ForeignKey("webhook_messages.id"))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
