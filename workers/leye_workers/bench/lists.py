"""`leye bench lists`: what the pages of long lists cost: statements, and CPU of one request.

The rows are written as they lie in the tables, since a hundred thousand deeds through the services would take an
hour; the site runs inside this process, so that the CPU is all of it, the client's small part included.
"""

import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.app import create_app
from leye_platform.audit import AuditRecord
from leye_platform.billing.models import Invoice
from leye_platform.database import Base, Database
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.rules import BatchState, ItemState
from leye_platform.settings import Settings
from leye_workers.bench.crowd_of_roles import tokens_by_role
from leye_workers.bench.town import build_town
from leye_workers.compose import opened

ROWS, REQUESTS, CHUNK = 100_000, 20, 5_000
TARGET_CPU_MS = 60.0
STATES = (ItemState.DECIDED, ItemState.WAITING)
AT_WORK_EVERY = 100
"""One batch of so many is being worked on; the others are over."""
FIRST_NUMBER = 1_000_000
"""Numbers of rows begin here, above those that the small town has taken."""


def lists(rows: int = ROWS, requests: int = REQUESTS) -> Mapping[str, Any]:
    """Figures by list: `cpu_ms` and `queries` of one request, with `rows` rows in each table."""
    with (
        tempfile.TemporaryDirectory(prefix="leye-bench-") as folder,
        opened(Settings(data_dir=Path(folder) / "data")) as site,
    ):
        town = build_town(site, 10)
        tokens = tokens_by_role(site)
        with site.database.write() as session:
            project = session.get_one(Project, town.project_id)
            batch = _write_rows(session, site, project, rows)
        found = _measured(site, tokens, _addresses(str(town.project_id), str(batch)), requests)
    worst = {"rows": rows, "worst_cpu_ms": max(cost for cost, _ in found.values()), "target_cpu_ms": TARGET_CPU_MS}
    by_list = {f"{name} cpu_ms": cost for name, (cost, _) in found.items()}
    return worst | by_list | {f"{name} queries": queries for name, (_, queries) in found.items()}


def _addresses(project: str, batch: str) -> dict[str, tuple[Role, str]]:
    """Each list with a page from its middle where it has numbered pages."""
    return {
        "what needs somebody": (Role.COORDINATOR, "/projects"),
        "batches at work": (Role.COORDINATOR, "/projects/at-work"),
        "batches at work, deep": (Role.COORDINATOR, "/projects/at-work?page=25"),
        "batches": (Role.COORDINATOR, f"/projects/{project}"),
        "batches, deep": (Role.COORDINATOR, f"/projects/{project}?page=1000"),
        "partner's batches": (Role.PARTNER_ADMIN, "/partner"),
        "items of a batch": (Role.COORDINATOR, f"/batches/{batch}"),
        "people": (Role.ADMIN, "/admin/people"),
        "people, deep": (Role.ADMIN, "/admin/people?page=1000"),
        "crowd": (Role.COORDINATOR, "/teams/people"),
        "audit": (Role.ADMIN, "/admin/audit"),
        "invoices": (Role.FINANCE, "/billing/invoices"),
        "invoices, deep": (Role.FINANCE, f"/billing/invoices?before={FIRST_NUMBER + 200}"),
        "partner's invoices": (Role.PARTNER_FINANCE, "/partner/invoices"),
    }


def _write_rows(session: Session, site: Installation, project: Project, rows: int) -> UUID:
    """People, batches, a batch's items, invoices and deeds, `rows` of each; the batch with the items."""
    now, author = site.clock.now(), session.scalars(select(Person.id).limit(1)).one()
    base = session.scalars(select(Organisation.id).where(Organisation.kind == OrganisationKind.OPERATOR)).one()
    stamped: dict[str, Any] = {"created_at": now}
    batch = stamped | {"project_id": project.id, "created_by": author, "state": BatchState.CLOSED}
    large = new_id()
    session.execute(insert(Batch), [batch | {"id": large, "number": FIRST_NUMBER - 1, "name": "大"}])
    item = stamped | {"batch_id": large, "project_id": project.id, "data": {}}
    invoice = {"organisation_id": project.organisation_id, "currency": "CNY", "issued_at": now}
    member = stamped | {"organisation_id": base, "role": Role.ANNOTATOR}
    for start in range(0, rows, CHUNK):
        numbers = range(FIRST_NUMBER + start, FIRST_NUMBER + min(start + CHUNK, rows))
        ids = {number: new_id() for number in numbers}
        written: dict[type[Base], list[dict[str, Any]]] = {
            Person: [stamped | {"id": ids[n], "number": n, "name": f"P{n}", "staff_number": str(n)} for n in numbers],
            Membership: [member | {"person_id": ids[n]} for n in numbers],
            Batch: [batch | {"number": n, "name": f"B{n}", "state": _batch_state(n)} for n in numbers],
            Item: [item | {"number": n, "row": n, "state": STATES[n % len(STATES)]} for n in numbers],
            Invoice: [invoice | {"number": n, "total_minor": n} for n in numbers],
            AuditRecord: [{"at": now - timedelta(seconds=n), "action": "batch.create", "detail": {}} for n in numbers],
        }
        for table, values in written.items():
            session.execute(insert(table), values)
    return large


def _batch_state(number: int) -> BatchState:
    return BatchState.PAUSED if number % AT_WORK_EVERY == 0 else BatchState.CLOSED


def _measured(
    site: Installation, tokens: Mapping[Role, str], wanted: Mapping[str, tuple[Role, str]], requests: int
) -> dict[str, tuple[float, int]]:
    """CPU milliseconds and statements of one request to each address, after one that fills the caches."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the test client's own library announces is not a figure
        from starlette.testclient import TestClient  # noqa: PLC0415 -- a benchmark's tool, not the program's
    client, found = TestClient(create_app(site), follow_redirects=False), {}
    for name, (role, address) in wanted.items():
        headers = {"Authorization": f"Token {tokens[role]}"}
        client.get(address, headers=headers).raise_for_status()
        with _statements(site.database) as seen:
            client.get(address, headers=headers)
        began = time.process_time()
        for _ in range(requests):
            client.get(address, headers=headers)
        found[name] = (round(1000 * (time.process_time() - began) / requests, 1), len(seen))
    return found


@contextmanager
def _statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
