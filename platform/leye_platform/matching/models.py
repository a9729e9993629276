"""Tables of measured skill, and the sealed, encrypted records that disclose disability."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base


class SealedKind(StrEnum):
    PREFERENCES = "preferences"
    INPUT_MODE = "input_mode"


class SealedRecord(Base):
    """One encrypted record: a person's preferences, or the input mode of one response.

    `key_id` names the key in the ring; the subject is bound into the ciphertext.
    """

    __tablename__ = "sealed_records"

    kind: Mapped[SealedKind] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), index=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class AnnotatorSkill(Base):
    """An annotator's confusion matrix in a project (rows: true class), as the last refit left it."""

    __tablename__ = "annotator_skills"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    skill: Mapped[dict[str, Any]]
    fitted_at: Mapped[datetime]


class SkillFit(Base):
    """The last refit of a project: its class prior and how many answers it rests on."""

    __tablename__ = "skill_fits"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    prior: Mapped[list[Any]]
    answers: Mapped[int]
    fitted_at: Mapped[datetime]
