"""What goes in and out of the accounts' API."""

from datetime import datetime

from pydantic import BaseModel, Field

from leye_platform.accounts.rules import OrganisationKind, Role


class SessionIn(BaseModel):
    """`email` may also be a phone or staff number."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=4000)
    stay: bool = Field(False, description="30 days instead of 24 hours")


class SessionOut(BaseModel):
    """`token` serves as Bearer; with the cookie, send `csrf_token` as X-CSRF-Token."""

    token: str
    csrf_token: str
    person: int
    roles: list[Role]
    expires_at: datetime
    must_change_password: bool


class StandingOut(BaseModel):
    """A role, and where it is held (the organisation's number and name)."""

    role: Role
    organisation: int
    organisation_name: str
    organisation_kind: OrganisationKind


class MeOut(BaseModel):
    """The signed-in person. `person` is the number that partners see."""

    person: int
    name: str
    email: str | None
    staff_number: str | None
    roles: list[Role]
    standings: list[StandingOut]
    must_change_password: bool
