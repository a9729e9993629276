"""Firms' limits of storage: read, and set by the administrator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.errors import OrganisationMissing
from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import OrganisationKind
from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.holdings.models import StorageUse
from leye_platform.holdings.quotas import Room
from leye_platform.holdings.rules import in_units
from leye_platform.permissions import Permission


@dataclass(frozen=True, slots=True)
class Storage:
    """A firm's storage. own_limit: whether an administrator has set it."""

    organisation_id: UUID
    name: str
    room: Room
    own_limit: bool


def storages_in_reach(session: Session, actor: Actor, usual_limit: int) -> list[Storage]:
    """The firms whose batches the actor may see, by name. One query."""
    query = (
        select(Organisation.id, Organisation.name, Organisation.storage_limit, StorageUse.bytes)
        .outerjoin(StorageUse, StorageUse.organisation_id == Organisation.id)
        .where(Organisation.kind == OrganisationKind.PARTNER)
        .order_by(Organisation.name)
    )
    scope = actor.partner_scope(Permission.VIEW_BATCH)
    if scope is not None:
        query = query.where(Organisation.id.in_(scope))
    return [
        Storage(firm_id, name, Room(used or 0, usual_limit if limit is None else limit), limit is not None)
        for firm_id, name, limit, used in session.execute(query)
    ]


def storage_of(session: Session, organisation: Organisation, usual_limit: int) -> Storage:
    """One firm's storage."""
    use, limit = session.get(StorageUse, organisation.id), organisation.storage_limit
    room = Room(use.bytes if use else 0, usual_limit if limit is None else limit)
    return Storage(organisation.id, organisation.name, room, limit is not None)


def in_words(storage: Storage, *, named: bool = False) -> dict[str, Any]:
    """A firm's storage as pages show it; share in whole per cent, 100 where it is full or above."""
    room = storage.room
    return {
        "key": storage.organisation_id.hex[:12],
        "name": storage.name if named else "",
        "used": in_units(room.used),
        "limit": in_units(room.limit),
        "free": in_units(room.free),
        "share": min(100, 100 * room.used // max(room.limit, 1)),
    }


def partner_named(session: Session, organisation_id: UUID) -> Organisation:
    """A partner firm. Raises OrganisationMissing."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None or organisation.kind is not OrganisationKind.PARTNER:
        raise OrganisationMissing(name=str(organisation_id))
    return organisation


def set_limit(
    session: Session, actor: Actor, organisation_id: UUID, limit: int | None, usual_limit: int, *, now: datetime
) -> Storage:
    """How many bytes a firm may have; None: what the setting says. Raises OrganisationMissing."""
    organisation = partner_named(session, organisation_id)
    if organisation.storage_limit != limit:
        organisation.storage_limit = limit
        record(
            session,
            at=now,
            person_id=actor.person_id,
            action="organisation.storage",
            subject_id=organisation.id,
            bytes=limit or 0,
        )
    return storage_of(session, organisation, usual_limit)
