"""Looking after the object store."""

from typing import Any
from uuid import UUID

from leye_platform.holdings.sweep import run_sweep
from leye_platform.installation import Installation


def sweep_store(installation: Installation, _job_id: UUID, arguments: dict[str, Any]) -> None:
    """Remove what no row has named for a day."""
    run_sweep(installation, UUID(arguments["sweep_id"]))
