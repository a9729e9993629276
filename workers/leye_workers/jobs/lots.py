"""Putting decided items into lots, and lots into the partner's format."""

from typing import Any
from uuid import UUID

from leye_platform.delivery.deliver import count_lot as count
from leye_platform.delivery.deliver import deliver_lot as deliver
from leye_platform.delivery.service import assemble_lot as assemble
from leye_platform.delivery.service import end_of_full
from leye_platform.installation import Installation
from leye_workers.jobs.unit import mark_done


def assemble_lot(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Put the batch's decided items into lots, where there are any, each lot in a unit of work of its own."""
    after: int | None = 0
    while after is not None:
        with installation.database.write() as session:
            now = installation.clock.now()
            lot = assemble(session, UUID(arguments["batch_id"]), now, after=after)
            after = None if lot is None else end_of_full(session, lot)
            if after is None:
                mark_done(session, job_id, now)


def deliver_lot(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Write the lot's files and hand it to the partner."""
    deliver(installation, UUID(arguments["lot_id"]))


def count_lot(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Count anew what a lot's quality report tells."""
    count(installation, UUID(arguments["lot_id"]))
