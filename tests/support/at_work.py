"""An annotator at the pages, without JavaScript: what is pressed, where it leads, what is stored."""

import re
from uuid import UUID

from sqlalchemy import select

from leye_platform.assignments.models import Assignment, Draft, Response
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import AssignmentState
from support.shipping import Shipping, SignedIn

TASK = re.compile(r"/work/tasks/([0-9a-f-]{36})")


class AtWork:
    """One person's browser. `sends` and `claims` follow no redirect: they tell where it leads."""

    def __init__(self, shipping: Shipping, who: Annotator | None = None) -> None:
        self.shipping = shipping
        self.who = who or shipping.person()
        self.browser: SignedIn = shipping.browser(self.who.person_id)

    def claims(self, **fields: str) -> UUID:
        """Press the large button where there must be a task; its assignment."""
        answer = self.browser.post("/work/next", **fields)
        return assignment_of(answer.headers["location"])

    def sends(self, assignment: UUID, do: str = "submit", **fields: object) -> str:
        """Post the workbench's form; where it leads."""
        answer = self.browser.post(f"/work/tasks/{assignment}", do=do, **fields)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def page(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, path
        return str(answer.text)

    def state(self, assignment: UUID) -> AssignmentState:
        with self.shipping.database.read() as session:
            return session.get_one(Assignment, assignment).state

    def answers(self) -> list[Response]:
        with self.shipping.database.read() as session:
            mine = select(Response).where(Response.person_id == self.who.person_id).order_by(Response.number)
            return list(session.scalars(mine))

    def draft(self, assignment: UUID) -> list[str] | None:
        with self.shipping.database.read() as session:
            draft = session.get(Draft, assignment)
            return None if draft is None else [c for region in draft.result for c in region["value"]["choices"]]


def assignment_of(address: str) -> UUID:
    """The assignment that an address of the workbench names."""
    found = TASK.match(address)
    assert found, address
    return UUID(found[1])


def words(page: str) -> str:
    """A page's text without its tags, for sentences that run over elements."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)).replace("\u00a0", " ")
