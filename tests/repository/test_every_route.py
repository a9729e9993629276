"""Every route x every role x whose thing it is: refused in the right shape, or reached.

A new route needs nothing here where its path parameters are known and its body may be empty. A new
path parameter wants a row in OWNERS and a thing in support/neighbours.py; a body that FastAPI checks
before anybody is asked who they are wants one in BODIES.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select
from starlette.routing import Mount

from leye_platform.accounts.rules import PARTNER_ROLES, Role
from leye_platform.app import create_app
from leye_platform.assignments.rules import SkipReason
from leye_platform.database import Database
from leye_platform.endpoint import READING
from leye_platform.errors import MEDIA_TYPE
from leye_platform.installation import Installation
from leye_platform.permissions import GRANTS, Permission, roles_with
from leye_platform.review.rules import Reason, Verdict
from leye_platform.tables import METADATA
from support.clock import MovableClock
from support.factories import SENTIMENT
from support.neighbours import FIRM, Neighbours, Somebody, make_neighbours


class Owner(StrEnum):
    """Whose a thing is, and so who reaches it among those who hold the permission."""

    FIRM = "firm"  # the firm's own people, and the operator's
    ANNOTATOR = "annotator"  # the one person whose task, answer, session or token it is
    REVIEWER = "reviewer"  # the one person who holds it
    LABELLER = "labeller"  # who oversees the project, and the annotator who has it in hand
    BASE = "base"  # the team's leader, and who manages teams
    OPERATOR = "operator"  # everybody who holds the permission
    NOBODY = "nobody"  # no thing: a month, a language


OWNERS: dict[str, Owner] = {
    "project_id": Owner.FIRM,
    "batch_id": Owner.FIRM,
    "organisation_id": Owner.OPERATOR,
    "erasure_id": Owner.FIRM,
    "addition_id": Owner.FIRM,
    "lot_id": Owner.FIRM,
    "invoice_id": Owner.FIRM,
    "export_id": Owner.FIRM,
    "upload_id": Owner.FIRM,
    "webhook_id": Owner.FIRM,
    "message_id": Owner.FIRM,
    "picture_id": Owner.FIRM,
    "key": Owner.FIRM,
    "project_number": Owner.FIRM,
    "task_number": Owner.LABELLER,
    "prediction_number": Owner.FIRM,
    "annotation_number": Owner.LABELLER,
    "draft_number": Owner.ANNOTATOR,
    "assignment_id": Owner.ANNOTATOR,
    "response_id": Owner.ANNOTATOR,
    "session_id": Owner.ANNOTATOR,
    "sha256": Owner.ANNOTATOR,
    "notice_id": Owner.ANNOTATOR,
    "token_id": Owner.ANNOTATOR,
    "review_id": Owner.REVIEWER,
    "team_id": Owner.BASE,
    "person_id": Owner.BASE,
    "help_id": Owner.BASE,
    "flag_id": Owner.BASE,
    "membership_id": Owner.OPERATOR,
    "job_id": Owner.OPERATOR,
    "question_id": Owner.OPERATOR,
    "part": Owner.NOBODY,
    "part_number": Owner.NOBODY,
    "code": Owner.NOBODY,
    "month": Owner.NOBODY,
    "language": Owner.NOBODY,
}
RESERVATION = {"team": str(UUID(int=1)), "quota": 5, "until": "2026-03-09T18:00:00+08:00"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/sessions": {"json": {"email": "nobody@demo.example", "password": "wrong"}},
    "PATCH /api/v1/me/preferences": {"json": {"motion": "reduced"}},
    "PUT /api/v1/assignments/{assignment_id}/draft": {"json": {"result": []}},
    "POST /api/v1/assignments/{assignment_id}/response": {"json": {"result": []}},
    "POST /api/v1/assignments/{assignment_id}/correction": {"json": {"result": []}},
    "POST /api/v1/assignments/{assignment_id}/skip": {"json": {"reason": SkipReason.OTHER}},
    "POST /api/v1/reviews/{review_id}/settle": {"json": {"verdict": Verdict.UNUSABLE, "reason": Reason.UNREADABLE}},
    "POST /api/v1/projects": {
        "json": {
            "title": "路过",
            "organisation": FIRM,
            "label_config": SENTIMENT,
            "guide": "看整条。",
            "unit_price": "0.30",
            "answer_pay": "0.05",
        }
    },
    "POST /api/v1/projects/{project_id}/guides": {"json": {"body": "看整条。"}},
    "POST /api/v1/projects/{project_id}/guide/confirm": {"json": {"version": 1}},
    "PUT /api/v1/projects/{project_id}/class-names": {"json": {"正面": "positive"}},
    "PUT /api/v1/projects/{project_id}/weight": {"json": {"weight": 4}},
    "PUT /api/v1/projects/{project_id}/reservation": {"json": RESERVATION},
    "POST /teams/flags/{flag_id}": {"data": {"outcome": "fine"}},
    "POST /projects/{project_id}/weight": {"data": {"weight": "4"}},
    "PUT /api/v1/batches/{batch_id}/priority": {"json": {"priority": 1}},
    "PUT /api/v1/batches/{batch_id}/reservation": {"json": RESERVATION},
    "POST /api/v1/projects/{project_id}/prices": {"json": {"unit_price": "0.40"}},
    "POST /api/v1/projects/{project_id}/pay-rates": {"json": {"answer_pay": "0.06"}},
    "POST /api/v1/projects/{project_id}/batches": {"json": {"name": "四月"}},
    "POST /api/v1/projects/{project_id}/uploads": {"json": {"file_name": "四月.zip", "size": 5}},
    "PUT /api/v1/uploads/{upload_id}/parts/{part_number}": {"content": b"12345"},
    "POST /api/v1/projects/{project_id}/exports": {"json": {"format": "CSV"}},
    "POST /partner/projects/{project_id}/exports": {"data": {"format": "CSV"}},
    "POST /api/v1/projects/{project_id}/webhooks": {
        "json": {"address": "https://firm.example/leye", "events": ["lot.delivered"]}
    },
    "PUT /api/v1/projects/{project_id}/retention": {"json": {"days": 30}},
    "PUT /api/v1/batches/{batch_id}/retention": {"json": {"days": 30}},
    "POST /api/v1/batches/{batch_id}/erasure": {"json": {"name": "第一批"}},
    "PUT /api/v1/batches/{batch_id}/legal-hold": {"json": {"reason": "有投诉"}},
    "PUT /api/v1/organisations/{organisation_id}/storage-limit": {"json": {"bytes": 1000}},
    "POST /api/v1/batches/{batch_id}/withdraw": {"json": {"rows": [1]}},
    "POST /projects/at-work": {"data": {"deed": "freeze"}},
    "POST /api/v1/batches/{batch_id}/additions": {"json": {"file_name": "四月.csv"}},
    "POST /api/v1/lots/{lot_id}/send-back": {"json": {"reason": "选错了"}},
    "POST /admin/people/{person_id}/state": {"data": {"state": "left"}},
}
OFFICE = {Role.ADMIN, Role.COORDINATOR, Role.FINANCE}
"""They answer for everybody's work: their lists and the books name it."""
FRAMEWORK = {"/api/v1/openapi.json"}
"""Described by FastAPI itself; it tells of routes, not of things."""
REFUSED = {403, 404}
HELD = 409
"""A review that a colleague holds: reviewers share one queue."""

# Who may do what is decided before any database is asked; how both answer is tested by feature.
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    permission: Permission | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return [name.partition(":")[0] for name in re.findall(r"{([^}]+)}", self.path)]

    @property
    def owners(self) -> set[Owner]:
        return {OWNERS[name] for name in self.parameters} - {Owner.NOBODY}

    @property
    def reads(self) -> bool:
        return self.method in READING

    @property
    def is_label_studio(self) -> bool:
        return self.path.startswith("/api/") and not self.path.startswith("/api/v1/")

    @property
    def is_page(self) -> bool:
        return not self.path.startswith(("/api/", "/objects/", "/health", "/readyz", "/metrics"))


def routes_of(app: FastAPI) -> list[Route]:
    """Every route of the application, those of included routers too."""
    found = []
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, Mount) or context.path in FRAMEWORK:
            continue
        assert isinstance(context.original_route, APIRoute), f"what kind of route is {context.path}?"
        permission = getattr(context.endpoint, "permission", None)
        methods = (context.methods or set()) - {"HEAD"}
        found += [Route(method, str(context.path), permission) for method in sorted(methods)]
    return found


def lacking(routes: list[Route]) -> list[str]:
    """What has to be done before the walk can say that all is covered."""
    told = [f"{route}: give its function @endpoint(Permission.…)" for route in routes if route.permission is None]
    for name in sorted({name for route in routes for name in route.parameters} - set(OWNERS)):
        told.append(f"{{{name}}}: add to OWNERS whose it is, and one such thing to support/neighbours.py")
    return told


@pytest.fixture
def neighbours(installation: Installation, clock: MovableClock) -> Neighbours:
    return make_neighbours(installation, clock)


@pytest.fixture
def routes(installation: Installation) -> list[Route]:
    return routes_of(create_app(installation))


def send(route: Route, neighbours: Neighbours, who: Somebody | None) -> Any:
    path = re.sub(r"{(\w+)(:path)?}", lambda found: neighbours.things[found[1]], route.path)
    headers = {"Idempotency-Key": "walk"} | (who.headers if who else {})
    return neighbours.client.request(route.method, path, headers=headers, **BODIES.get(str(route), {}))


def reaches(who: Somebody, owner: Owner, *, resident: bool) -> bool:
    """Whether somebody who holds the permission comes to the first house's thing."""
    if owner is Owner.LABELLER and Permission.EXPORT not in GRANTS[who.role]:
        return resident and who.role == Role.ANNOTATOR
    if owner in {Owner.FIRM, Owner.LABELLER}:
        return resident or who.role not in PARTNER_ROLES
    if owner is Owner.BASE:
        return resident or Permission.MANAGE_TEAMS in GRANTS[who.role]
    if owner in {Owner.ANNOTATOR, Owner.REVIEWER}:
        return resident and who.role == owner.value
    return True


def guarded(routes: list[Route]) -> Iterator[tuple[Route, Permission]]:
    for route in routes:
        if route.permission not in {None, Permission.PUBLIC}:
            yield route, Permission(route.permission or "")


def wrong_shape(route: Route, answer: Any) -> bool:
    """Whether a refusal is neither problem details nor, for people, the error page."""
    if route.is_page:
        return 'data-view="error"' not in answer.text
    if route.is_label_studio:
        return bool(answer.json().get("status_code") != answer.status_code)
    return bool(answer.headers["content-type"] != MEDIA_TYPE)


def rows_of(database: Database) -> dict[str, list[str]]:
    """Everything that the database holds."""
    with database.read() as session:
        return {
            table.name: sorted(str(row) for row in session.execute(select(table))) for table in METADATA.sorted_tables
        }


@on_one_database
def test_every_route_names_a_permission_and_every_path_parameter_has_an_owner(routes: list[Route]) -> None:
    assert len(routes) > 120
    assert lacking(routes) == []


def test_a_route_that_the_walk_does_not_know_is_told_what_it_lacks() -> None:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/things/{thing_id}/{month}", lambda thing_id: None, methods=["GET"])
    told = lacking(routes_of(app))
    assert len(told) == 2
    assert told[0].startswith("GET /things/{thing_id}/{month}: give its function @endpoint")
    assert told[1].startswith("{thing_id}: add to OWNERS")


@on_one_database
def test_who_is_not_signed_in_who_lacks_the_permission_and_who_is_from_next_door_is_refused(
    routes: list[Route], neighbours: Neighbours, database: Database
) -> None:
    before = rows_of(database)
    problems = []
    for route, permission in guarded(routes):
        answer = send(route, neighbours, None)
        at_the_door = (303, "/?next=") if route.is_page and route.reads else (401, "")
        if (answer.status_code, answer.headers.get("location", "")[:7]) != at_the_door:
            problems.append(f"{route}, signed out: {answer.status_code}")
        for role in set(Role) - roles_with(permission):
            answer = send(route, neighbours, neighbours.residents[role])
            if answer.status_code != 403 or wrong_shape(route, answer):
                problems.append(f"{route}, {role} without the permission: {answer.status_code}")
        for people in (neighbours.residents, neighbours.strangers):
            for role in roles_with(permission):
                resident = people is neighbours.residents
                if all(reaches(people[role], owner, resident=resident) for owner in route.owners):
                    continue
                answer = send(route, neighbours, people[role])
                refused = REFUSED | ({HELD} if Owner.REVIEWER in route.owners else set())
                if answer.status_code not in refused or wrong_shape(route, answer):
                    whose = "a colleague of theirs" if resident else "somebody from next door"
                    problems.append(f"{route}, {role}, {whose}: {answer.status_code}")
    assert problems == [], "422 means that BODIES wants a body for the route:\n" + "\n".join(problems)
    assert rows_of(database) == before, "a refusal changed something"


@on_one_database
def test_who_holds_the_permission_reaches_the_pages_and_answers(routes: list[Route], neighbours: Neighbours) -> None:
    problems = []
    for route, permission in guarded(routes):
        for role in roles_with(permission) if route.reads else ():
            who = neighbours.residents[role]
            if all(reaches(who, owner, resident=True) for owner in route.owners):
                answer = send(route, neighbours, who)
                if answer.status_code not in {200, 303}:
                    problems.append(f"{route}, {role}: {answer.status_code}")
    assert problems == []


@on_one_database
def test_what_is_sent_by_who_may_never_breaks_the_site(routes: list[Route], neighbours: Neighbours) -> None:
    problems = []
    for route in routes:
        permission = route.permission or Permission.PUBLIC
        for role in roles_with(permission) if not route.reads else ():
            who = neighbours.residents[role]
            if all(reaches(who, owner, resident=True) for owner in route.owners):
                answer = send(route, neighbours, who)
                refused = answer.status_code in {401, 403} and permission is not Permission.PUBLIC
                if answer.status_code >= 500 or refused:
                    problems.append(f"{route}, {role}: {answer.status_code}")
    assert problems == []


@on_one_database
def test_lists_hold_nothing_from_next_door(routes: list[Route], neighbours: Neighbours) -> None:
    # Small integers are everywhere on a page; tests/partner_api looks at what the lists that have them hold.
    told = {name for name, owner in OWNERS.items() if owner is not Owner.NOBODY and not name.endswith("_number")}
    things = {name: neighbours.things[name] for name in told}
    problems = []
    for route, permission in guarded(routes):
        if not route.reads or route.owners:
            continue
        for role in roles_with(permission) - OFFICE:
            who = neighbours.strangers[role]
            page = send(route, neighbours, who).text
            hidden = [name for name in things if not reaches(who, OWNERS[name], resident=False)]
            problems += [f"{route}, {role}: shows {name}" for name in hidden if things[name] in page]
            if role in PARTNER_ROLES and FIRM in page:
                problems.append(f"{route}, {role}: names the other firm")
    assert problems == []


@on_one_database
def test_public_routes_are_open_and_objects_want_a_signature(routes: list[Route], neighbours: Neighbours) -> None:
    problems = []
    for route in routes:
        if route.permission is not Permission.PUBLIC:
            continue
        for who in (None, *neighbours.residents.values(), *neighbours.strangers.values()):
            status = send(route, neighbours, who).status_code
            signed = route.path.startswith("/objects/")
            wanted = {403} if signed else {200, 303} if route.reads else {200, 303, 401, 422}
            if status not in wanted:
                problems.append(f"{route}, {who.role if who else 'signed out'}: {status}")
    assert problems == []
