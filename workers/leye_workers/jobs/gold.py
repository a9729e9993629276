"""Keeping a project's stock of gold."""

from typing import Any
from uuid import UUID

from leye_platform.gold.renew import look_at, renew
from leye_platform.installation import Installation
from leye_workers.jobs.unit import last_unit


def renew_gold(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Take decided items into use as gold, and those out of it that have served."""
    project_id, now = UUID(arguments["project_id"]), installation.clock.now()
    with installation.database.read() as session:
        found = look_at(session, project_id, now)
    with last_unit(installation, job_id) as session:
        renew(session, project_id, found, now)
