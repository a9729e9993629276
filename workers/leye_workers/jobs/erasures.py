"""Erasing a batch's content."""

from typing import Any
from uuid import UUID

from leye_platform.installation import Installation
from leye_platform.retention.erasing import run_erasure


def erase_batch(installation: Installation, _job_id: UUID, arguments: dict[str, Any]) -> None:
    """Erase step by step, going on where the erasure's row says."""
    run_erasure(installation, UUID(arguments["erasure_id"]))
