"""Writing files of labels."""

from typing import Any
from uuid import UUID

from leye_platform.exports.writing import write_export_file
from leye_platform.installation import Installation


def write_export(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Write one file piece by piece, passing over the pieces that are stored."""
    write_export_file(installation, job_id, UUID(arguments["export_id"]))
