"""Every operation of the API with what its schema allows and with what it does not: no answer outside the schema.

Ids in paths are now and then real ones, so that requests get past the door.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.app import create_app
from leye_platform.billing.books import check_books
from leye_platform.billing.models import Invoice
from leye_platform.installation import Installation
from leye_platform.review.models import Review
from support.clock import MovableClock
from support.shipping import Shipping

pytestmark = pytest.mark.audit
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 60  # of each operation, by each role
ROLES = (Role.ADMIN, Role.ANNOTATOR, Role.REVIEWER, Role.FINANCE, Role.PARTNER_ADMIN)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def real_ids(shipping: Shipping, role: Role) -> tuple[UUID, dict[str, UUID]]:
    """A person of this role, and an id for each name of a path parameter."""
    shipped = shipping.shipped(3)
    waiting = shipping.shipped(2, firm=shipped.organisation_id)
    shipping.accept(shipped.lot_id)
    [invoice] = shipping.invoice(shipped.organisation_id)
    partner = role.value.startswith("partner-")
    actor = shipping.actor(role, shipped.organisation_id if partner else None)
    open_batch = shipping.batch(30)
    author = shipping.person()
    held = shipping.claims(author, open_batch.project_id)
    with shipping.database.read() as session:
        review = session.scalar(select(Review.id))
        assert session.get(Invoice, invoice) is not None
    ids = {
        "project_id": waiting.batch.project_id,
        "batch_id": waiting.batch.batch_id,
        "lot_id": waiting.lot_id,
        "invoice_id": invoice,
        "assignment_id": held,
        "review_id": review or held,
    }
    return actor.person_id, ids


def probe(operation: Any, call: Callable[[Any], None], ids: dict[str, UUID]) -> None:
    """Call one operation with EXAMPLES cases, half of them against its schema."""
    kinds = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=kinds, real=st.integers(0, 3))
    def run(case: Any, real: int) -> None:
        if real:
            case.path_parameters = {
                name: str(ids[name]) if name in ids else value for name, value in (case.path_parameters or {}).items()
            }
        call(case)

    run()


@pytest.mark.parametrize("role", ROLES)
def test_no_request_meets_a_server_error_or_an_answer_outside_the_schema(shipping: Shipping, role: Role) -> None:
    person_id, ids = real_ids(shipping, role)
    client = shipping.script(person_id)
    token = client.headers["Authorization"]
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(shipping.installation))

    def call(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers={"Authorization": token})

    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 30
    for operation in operations:
        if operation.path != "/api/v1/sessions":  # argon2 makes a fuzz of it slow; tests/accounts knows its inputs
            probe(operation, call, ids)
    with shipping.database.read() as session:
        assert check_books(session) == []
