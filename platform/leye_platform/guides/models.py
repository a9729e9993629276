"""Tables of guides beside their versions: drafts, pictures, questions, who has read what, gold looked at again."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id


class GuideDraft(Base):
    """A project's next version while it is being written. `revision` counts its saves: nobody writes over another's."""

    __tablename__ = "guide_drafts"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    examples: Mapped[list[Any]]
    pictures: Mapped[list[Any]]
    revision: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    saved_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class GuidePicture(Base):
    """A picture of a project's guides in the object store, as it is shown. Never changed once written."""

    __tablename__ = "guide_pictures"
    __table_args__ = (UniqueConstraint("project_id", "sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class GuideQuestion(Base):
    """Something that a guide left open, asked by an annotator. `shared`: the answer stands in the guide for all."""

    __tablename__ = "guide_questions"
    __table_args__ = (Index("ix_guide_questions_project_id_asked_at", "project_id", "asked_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    guide_id: Mapped[UUID] = mapped_column(ForeignKey("guide_versions.id"))
    question: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(default=False)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    answered_at: Mapped[datetime | None]


class ReadingHow(StrEnum):
    """How somebody came to know a version: with their first task, or by confirming a change."""

    BEGUN = "begun"
    CONFIRMED = "confirmed"


class GuideReading(Base):
    """From when on a person works under a version. The highest version of a project is the one they know."""

    __tablename__ = "guide_readings"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    guide_id: Mapped[UUID] = mapped_column(ForeignKey("guide_versions.id"))
    how: Mapped[ReadingHow]
    at: Mapped[datetime]


class GoldCheck(Base):
    """A gold item looked at again under a later version, and found still right."""

    __tablename__ = "gold_checks"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"), primary_key=True)
    guide_id: Mapped[UUID] = mapped_column(ForeignKey("guide_versions.id"), primary_key=True)
    checked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    checked_at: Mapped[datetime]
