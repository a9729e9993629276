"""Billing accepted lots."""

from typing import Any
from uuid import UUID

from leye_platform.billing.invoicing import issue_invoices
from leye_platform.installation import Installation
from leye_workers.jobs.unit import last_unit


def issue_invoice(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Invoice what the organisation has accepted and not yet been billed for."""
    with last_unit(installation, job_id) as session:
        issue_invoices(session, UUID(arguments["organisation_id"]), installation.clock.now())
