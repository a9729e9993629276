"""Organisations: created by name, found by name."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform import audit
from leye_platform.accounts.errors import (
    OrganisationDoesNotFit,
    OrganisationMissing,
    OrganisationNameNeeded,
    OrganisationNameTaken,
    OrganisationNeeded,
)
from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import PARTNER_ROLES, OrganisationKind, Role, kinds_for

OPERATOR_NAME = "乐业"
LONGEST_NAME = 120


def create_organisation(
    session: Session, kind: OrganisationKind, name: str, now: datetime, *, by: UUID | None = None
) -> Organisation:
    """A new organisation.

    Raises OrganisationNameNeeded, OrganisationNameTaken.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise OrganisationNameNeeded
    if _by_name(session, name) is not None:
        raise OrganisationNameTaken(name=name)
    organisation = Organisation(kind=kind, name=name, created_at=now)
    session.add(organisation)
    session.flush()
    audit.record(session, at=now, person_id=by, action="organisation.create", subject_id=organisation.id, name=name)
    return organisation


def organisation_for(session: Session, role: Role, name: str | None, now: datetime) -> Organisation:
    """The organisation in which a role is to be held, by name; the operator where none is given.

    A partner, a base, and the first operator are created where they are missing.
    Raises OrganisationNeeded, OrganisationMissing, OrganisationDoesNotFit.
    """
    if name is None or not name.strip():
        if role in PARTNER_ROLES:
            raise OrganisationNeeded(role=role.value)
        operator = _operator(session)
        return operator or create_organisation(session, OrganisationKind.OPERATOR, OPERATOR_NAME, now)
    found = _by_name(session, name.strip())
    if found is None:
        return create_organisation(session, _kind_of_missing(session, role, name), name, now)
    check_fits(found, role)
    return found


def check_fits(organisation: Organisation, role: Role) -> None:
    """Raises OrganisationDoesNotFit where the role cannot be held there."""
    if organisation.kind not in kinds_for(role):
        raise OrganisationDoesNotFit(name=organisation.name, role=role.value)


def _kind_of_missing(session: Session, role: Role, name: str) -> OrganisationKind:
    if role in PARTNER_ROLES:
        return OrganisationKind.PARTNER
    if OrganisationKind.BASE in kinds_for(role):
        return OrganisationKind.BASE
    if _operator(session) is None:
        return OrganisationKind.OPERATOR
    raise OrganisationMissing(name=name)


def _operator(session: Session) -> Organisation | None:
    query = select(Organisation).where(Organisation.kind == OrganisationKind.OPERATOR).order_by(Organisation.number)
    return session.scalar(query.limit(1))


def _by_name(session: Session, name: str) -> Organisation | None:
    return session.scalar(select(Organisation).where(Organisation.name == name))
