"""Tables of accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from leye_platform.accounts.rules import LONGEST_NAME_KEY, OrganisationKind, PersonState, Role, name_key
from leye_platform.columns import next_number
from leye_platform.database import Base
from leye_platform.ids import new_id


class Organisation(Base):
    """An operator (runs the platform), a partner firm (gives work) or a base (a workplace).

    storage_limit: bytes that a partner may have in the store; None: what the setting says.
    """

    __tablename__ = "organisations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("organisations", "number"))
    kind: Mapped[OrganisationKind]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    time_zone: Mapped[str] = mapped_column(String(64), default="Asia/Shanghai")
    storage_limit: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


def _key_of_name(context: Any) -> str:
    return name_key(context.get_current_parameters()["name"])


class Person(Base):
    """A human being with an account. `number` is the pseudonym that partners see; `name_key` sorts by name."""

    __tablename__ = "people"
    __table_args__ = (
        # The administrator's list by name; the crowd's by staff number.
        Index("ix_people_state_name_key_number", "state", "name_key", "number"),
        Index("ix_people_state_staff_number_number", "state", "staff_number", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("people", "number"))
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(LONGEST_NAME_KEY), default=_key_of_name, server_default="")
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    phone: Mapped[str | None] = mapped_column(String(32), unique=True)
    staff_number: Mapped[str | None] = mapped_column(String(32), unique=True)
    state: Mapped[PersonState] = mapped_column(default=PersonState.ACTIVE)
    created_at: Mapped[datetime]

    @validates("name")
    def _name_is_looked_up_by(self, _field: str, name: str) -> str:
        self.name_key = name_key(name)
        return name

    @property
    def sign_in_names(self) -> list[str]:
        """What this person may type to sign in."""
        return [name for name in (self.staff_number, self.phone, self.email) if name]


class Membership(Base):
    """A person has a role in an organisation; many per person."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("person_id", "organisation_id", "role"),
        # How many people hold a role.
        Index("ix_memberships_role_person_id", "role", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    role: Mapped[Role]
    created_at: Mapped[datetime]


class Credential(Base):
    """A person's password (argon2id) and the throttle on guessing it."""

    __tablename__ = "credentials"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change: Mapped[bool] = mapped_column(default=False)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    throttled_until: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class SignInSession(Base):
    """A signed-in browser or script. Only the token's hash is kept. device: as `accounts/devices.py` codes it."""

    __tablename__ = "sign_in_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(40), server_default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ApiToken(Base):
    """A token for scripts, shown once; only its hash is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index("ix_api_tokens_person_id_created_at", "person_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
