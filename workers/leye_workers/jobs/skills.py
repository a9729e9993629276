"""Measuring how well each annotator of a project answers."""

from typing import Any
from uuid import UUID

from leye_platform.installation import Installation
from leye_platform.review.refit import keep_refit, refit_project
from leye_workers.jobs.unit import last_unit


def refit_skills(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Fit the project's skills anew from all its answers."""
    project_id = UUID(arguments["project_id"])
    with installation.database.read() as session:
        refit = refit_project(session, project_id)
    with last_unit(installation, job_id) as session:
        keep_refit(session, project_id, refit, installation.clock.now())
