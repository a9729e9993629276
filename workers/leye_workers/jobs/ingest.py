"""Reading uploads into items."""

from typing import Any
from uuid import UUID

from leye_platform.installation import Installation
from leye_platform.projects.ingest import run_addition, run_ingest
from leye_platform.projects.ingest.read_on import run_read_on


def ingest_batch(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Read the batch's file row by row, going on where the checkpoint says."""
    run_ingest(installation, job_id, UUID(arguments["batch_id"]))


def ingest_addition(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Read a further file into its batch, going on where the checkpoint says."""
    run_addition(installation, job_id, UUID(arguments["addition_id"]))


def read_on(installation: Installation, _job_id: UUID, arguments: dict[str, Any]) -> None:
    """Read the rows for which there was no room; those that stand among the refused still."""
    run_read_on(installation, UUID(arguments["batch_id"]))
