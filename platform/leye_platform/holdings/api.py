"""How much firms have in the store, for scripts."""

from uuid import UUID

from fastapi import APIRouter

from leye_platform.endpoint import Work, endpoint
from leye_platform.holdings.limits import Storage, set_limit, storages_in_reach
from leye_platform.holdings.schemas import StorageLimitIn, StorageOut
from leye_platform.permissions import Permission

router = APIRouter(prefix="/api/v1", tags=["storage"])


def _out(found: Storage) -> StorageOut:
    room = found.room
    return StorageOut(
        organisation_id=found.organisation_id,
        organisation=found.name,
        used=room.used,
        limit=room.limit,
        free=room.free,
        own_limit=found.own_limit,
    )


@router.get("/storage", response_model=list[StorageOut])
@endpoint(Permission.VIEW_BATCH)
def list_storage(work: Work) -> list[StorageOut]:
    """What one's own firm uses and may use; for the operator's people every firm."""
    usual = work.installation.settings.partner_storage
    return [_out(found) for found in storages_in_reach(work.session, work.actor, usual)]


@router.put("/organisations/{organisation_id}/storage-limit", response_model=StorageOut)
@endpoint(Permission.MANAGE_PEOPLE)
def put_limit(work: Work, organisation_id: UUID, body: StorageLimitIn) -> StorageOut:
    """How much a firm may have in the store. Below what it has, nothing goes; nothing more comes either."""
    usual = work.installation.settings.partner_storage
    return _out(set_limit(work.session, work.actor, organisation_id, body.bytes, usual, now=work.now))
