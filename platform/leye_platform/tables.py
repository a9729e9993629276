"""Imports every feature's models, so that `Base.metadata` is whole."""

import leye_platform.accounts.models
import leye_platform.assignments.models
import leye_platform.audit
import leye_platform.billing.models
import leye_platform.delivery.models
import leye_platform.exports.models
import leye_platform.gold.models
import leye_platform.guides.models
import leye_platform.holdings.models
import leye_platform.matching.models
import leye_platform.notices.models
import leye_platform.outbox
import leye_platform.projects.models
import leye_platform.retention.models
import leye_platform.review.models
import leye_platform.teams.models
import leye_platform.uploads.models
import leye_platform.webhooks.models  # noqa: F401 -- imported for the tables
from leye_platform.database import Base

METADATA = Base.metadata
NUMBERED = (
    ("organisations", "number"),
    ("people", "number"),
    ("projects", "number"),
    ("batches", "number"),
    ("items", "number"),
    ("slots", "position"),
    ("responses", "number"),
    ("lots", "number"),
    ("invoices", "number"),
    ("erasures", "number"),
)
