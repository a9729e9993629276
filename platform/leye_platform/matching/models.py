"""Tables of measured skill, and the sealed, encrypted records: what discloses disability, and others' keys."""

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
    BUCKET_KEYS = "bucket_keys"


class SealedRecord(Base):
    """One encrypted record: a person's preferences, the input mode of one response, or the keys of a partner's bucket
    that a batch is read from.

    `key_id` names the key in the ring; the subject is bound into the ciphertext.
    """

    __tablename__ = "sealed_records"

    kind: Mapped[SealedKind] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), index=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class AnnotatorSkill(Base):
    """What an annotator confuses in a project, as the last refit left it; its form is the task type's own."""

    __tablename__ = "annotator_skills"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    skill: Mapped[dict[str, Any]]
    fitted_at: Mapped[datetime]


class SkillFit(Base):
    """The last refit of a project: its class prior and how many answers it rests on.

    number: of the newest kept fit. asking: how long the project asks (`leye_quality.stopping.Asking`); None where none
    has learned it yet.
    """

    __tablename__ = "skill_fits"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    prior: Mapped[list[Any]]
    answers: Mapped[int]
    fitted_at: Mapped[datetime]
    number: Mapped[int] = mapped_column(default=1)
    asking: Mapped[dict[str, Any] | None]


class KeptFit(Base):
    """What a refit found, as it was in force until the next one: never changed, so that decisions can be replayed, and
    dropped once nothing rests on it (review/kept_fits.py).

    skills: by person, of those that this refit fitted. Who is not among them keeps the skill of an earlier one.
    """

    __tablename__ = "kept_fits"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    prior: Mapped[list[Any]]
    skills: Mapped[dict[str, Any]]
    fitted_at: Mapped[datetime]
