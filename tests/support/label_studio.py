"""The Label Studio face as its clients use it: tokens, paths, JSON."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from starlette.testclient import TestClient

from leye_platform.accounts.models import ApiToken, Organisation
from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.accounts.tokens import hash_token, new_token
from leye_platform.app import create_app
from leye_platform.installation import Installation
from leye_platform.projects.models import PayRate, PriceCard, Project
from leye_platform.projects.rules import PaidWork
from support.clock import MovableClock
from support.factories import make_organisation, make_person

CHOICES = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text" choice="single">'
    '<Choice value="Positive"/><Choice value="Negative"/></Choices></View>'
)
WORDS = (
    '<View><Labels name="label" toName="text"><Label value="Person"/><Label value="Place"/></Labels>'
    '<Text name="text" value="$text"/></View>'
)


def choice(value: str, region: str = "r1") -> list[dict[str, Any]]:
    """A result that chooses."""
    return [{"id": region, "from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [value]}}]


class Client:
    """One person's token at the site."""

    def __init__(self, http: TestClient, person_id: UUID, number: int, token: str) -> None:
        self.http, self.person_id, self.number, self.token = http, person_id, number, token
        self.headers = {"Authorization": f"Token {token}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, headers=self.headers, params=query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self.http.post(path, headers=self.headers, json=body, params=query)

    def patch(self, path: str, body: Any) -> Any:
        return self.http.patch(path, headers=self.headers, json=body)

    def delete(self, path: str) -> Any:
        return self.http.delete(path, headers=self.headers)

    def project(self, config: str = CHOICES, **more: Any) -> int:
        made = self.post("/api/projects", {"title": "短评", "label_config": config} | more)
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def imports(self, project: int, tasks: Any) -> list[int]:
        """Import what must be good; the tasks' numbers."""
        answer = self.post(f"/api/projects/{project}/import", tasks, return_task_ids=True)
        assert answer.status_code == 201, answer.text
        return list(answer.json()["task_ids"])

    def next(self, project: int) -> Any:
        return self.get(f"/api/projects/{project}/next")

    def annotates(self, task: int, result: list[dict[str, Any]]) -> int:
        """Answer where it must be taken; the annotation's number."""
        answer = self.post(f"/api/tasks/{task}/annotations", {"result": result, "lead_time": 1.5})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def export(self, project: int, kind: str = "JSON", **query: Any) -> Any:
        return self.get(f"/api/projects/{project}/export", exportType=kind, **query)


class Face:
    """A site with an operator and a firm, and tokens for their people."""

    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        self.installation, self.clock, self.database = installation, clock, installation.database
        self.http = TestClient(create_app(installation), follow_redirects=False)
        with self.database.write() as session:
            self.operator = make_organisation(session, OrganisationKind.OPERATOR).id
            self.firm = make_organisation(session, OrganisationKind.PARTNER).id

    def client(self, role: Role, organisation: UUID | None = None) -> Client:
        """A person of the operator, or of the organisation given."""
        with self.database.write() as session:
            person = make_person(session, role, session.get_one(Organisation, organisation or self.operator))
            token = new_token()
            row = ApiToken(person_id=person.id, name="face", token_hash=hash_token(token), created_at=self.clock.now())
            session.add(row)
            return Client(self.http, person.id, person.number, token)

    def partner(self, role: Role = Role.PARTNER_ENGINEER) -> Client:
        """Somebody of the firm."""
        return self.client(role, self.firm)


def priced(face: Face, project: int, price: str = "0.30", pay: str = "0.05") -> None:
    """Give a project a price and a pay from now on, as the office does."""
    with face.database.write() as session:
        found = session.scalars(select(Project).where(Project.number == project)).one()
        since = {"project_id": found.id, "valid_from": face.clock.now(), "created_at": face.clock.now()}
        session.add(PriceCard(**since, unit_price=Decimal(price), created_by=found.created_by))
        session.add(PayRate(**since, work=PaidWork.ANNOTATE, rate=Decimal(pay), created_by=found.created_by))
