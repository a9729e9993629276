"""Putting decided items into lots, and lots into the partner's format."""

from typing import Any
from uuid import UUID

from leye_platform.delivery.deliver import count_lot as count
from leye_platform.delivery.deliver import deliver_lot as deliver
from leye_platform.delivery.service import assemble_lot as assemble
from leye_platform.installation import Installation
from leye_workers.jobs.unit import last_unit


def assemble_lot(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Cut a lot of the batch's decided items, where there are any."""
    with last_unit(installation, job_id) as session:
        assemble(session, UUID(arguments["batch_id"]), installation.clock.now())


def deliver_lot(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Write the lot's files and hand it to the partner."""
    deliver(installation, UUID(arguments["lot_id"]))


def count_lot(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Count anew what a lot's quality report tells."""
    count(installation, UUID(arguments["lot_id"]))
