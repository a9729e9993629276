"""Tables of notices: the inbox, what people wish to have outside it, and what became of that."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id
from leye_platform.notices.rules import ChannelName, DeliveryState, NoticeKind

_UNREAD = text("read_at IS NULL")
_UNDERWAY = text("state IN ('waiting', 'sending')")


class Notice(Base):
    """One thing that one person is told. `address`: the page to open. `arguments` fill the kind's sentence."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_person_id_id", "person_id", "id"),
        # The count in the header of every page.
        Index("ix_notices_unread", "person_id", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[NoticeKind]
    address: Mapped[str] = mapped_column(String(200))
    arguments: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NoticeChoice(Base):
    """Where a person wants a kind of notice. Without a row: in the inbox only."""

    __tablename__ = "notice_choices"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(primary_key=True)
    mail: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]


class Delivery(Base):
    """A notice on its way outside. `job_id`: the outbox row that took it up, so that no second run sends it again."""

    __tablename__ = "notice_deliveries"
    __table_args__ = (
        UniqueConstraint("notice_id", "channel"),
        Index("ix_notice_deliveries_underway", "id", postgresql_where=_UNDERWAY, sqlite_where=_UNDERWAY),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.id"))
    channel: Mapped[ChannelName] = mapped_column(default=ChannelName.MAIL)
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    job_id: Mapped[UUID | None]
    problem: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
