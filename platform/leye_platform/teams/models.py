"""Tables of teams, and of what their people ask for."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id


class Team(Base):
    """People of a base (or the operator) with a leader who helps them."""

    __tablename__ = "teams"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(120))
    leader_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]


class TeamMember(Base):
    """A person belongs to at most one team."""

    __tablename__ = "team_members"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), index=True)
    joined_at: Mapped[datetime]


class HelpTopic(StrEnum):
    """What help is asked for, so that nobody has to type it."""

    GUIDE = "guide"
    UNSURE = "unsure"
    TOOL = "tool"
    OTHER = "other"


class HelpRequest(Base):
    """Somebody asks for help, with a task or without. Kept for good; settled once, with a sentence or none.

    `read_at`: when the asker has taken note of the answer.
    """

    __tablename__ = "help_requests"
    __table_args__ = (
        Index("ix_help_requests_person_id_asked_at", "person_id", "asked_at"),
        Index("ix_help_requests_settled_at_asked_at", "settled_at", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    assignment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignments.id"))
    topic: Mapped[HelpTopic]
    words: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    answer: Mapped[str] = mapped_column(Text, default="")
    read_at: Mapped[datetime | None]
