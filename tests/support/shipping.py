"""From answers to money, through the services: batches answered, lots delivered, partners who settle them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from leye_platform.accounts.models import ApiToken, Membership, Organisation, Person, SignInSession
from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE, hash_token, new_token
from leye_platform.actor import Actor, Standing
from leye_platform.app import create_app
from leye_platform.assignments.own import Annotator
from leye_platform.billing.invoicing import issue_invoices
from leye_platform.delivery.deliver import deliver_lot
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState
from leye_platform.delivery.service import accept_lot, assemble_lot, send_back
from leye_platform.installation import Installation
from leye_platform.projects.models import Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from support.clock import MovableClock
from support.crowd import Crowd, OpenBatch
from support.factories import make_organisation, make_person
from support.reading import Reader

ONE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)


@dataclass(frozen=True)
class Shipped:
    """A delivered lot, the batch it comes from, the firm that it is for, and who answered."""

    lot_id: UUID
    batch: OpenBatch
    organisation_id: UUID
    author: Annotator


class Shipping(Crowd):
    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        super().__init__(installation, clock)
        self.installation = installation

    def actor(self, role: Role, organisation_id: UUID | None = None) -> Actor:
        """A new person with this role, as services know them."""
        with self.database.write() as session:
            firm = session.get_one(Organisation, organisation_id) if organisation_id else None
            return actor_of(session, make_person(session, role, firm))

    def firm(self) -> UUID:
        with self.database.write() as session:
            return make_organisation(session).id

    def answered(self, items: int, **project: Any) -> tuple[OpenBatch, Annotator]:
        """A batch of which every item is answered and decided by one answer."""
        batch = self.batch(items, pipeline=ONE, **project)
        author = self.person()
        if project.get("price", "some") is None:
            self._join(author, batch.project_id)
        self.finish(author, batch.project_id, items)
        return batch, author

    def _join(self, author: Annotator, project_id: UUID) -> None:
        """Where there is no price, only the firm's own members label."""
        with self.database.write() as session:
            session.add(
                Membership(
                    person_id=author.person_id,
                    organisation_id=session.get_one(Project, project_id).organisation_id,
                    role=Role.ANNOTATOR,
                    created_at=self.clock.now(),
                )
            )

    def finish(self, author: Annotator, project_id: UUID, items: int) -> None:
        for _ in range(items):
            self.answers(author, self.claims(author, project_id))

    def cut(self, batch_id: UUID) -> UUID:
        """Assemble and deliver what is decided."""
        with self.database.write() as session:
            lot = assemble_lot(session, batch_id, self.clock.now())
            assert lot is not None
            lot_id = lot.id
        deliver_lot(self.installation, lot_id)
        return lot_id

    def shipped(self, items: int = 3, *, price: str = "0.30", pay: str = "0.05", firm: UUID | None = None) -> Shipped:
        """A delivered lot."""
        firm = firm or self.firm()
        with self.database.write() as session:
            organisation = session.get_one(Organisation, firm)
            session.expunge(organisation)
        batch, author = self.answered(items, organisation=organisation, price=Decimal(price), pay=Decimal(pay))
        return Shipped(self.cut(batch.batch_id), batch, firm, author)

    def accept(self, lot_id: UUID, who: Actor | None = None) -> None:
        with self.database.write() as session:
            accept_lot(session, who, lot_id, self.clock.now())

    def send_back(self, who: Actor, lot_id: UUID, items: list[UUID] | None, reason: str = "选错了") -> None:
        with self.database.write() as session:
            send_back(session, who, lot_id, item_ids=items, reason=reason, now=self.clock.now())

    def invoice(self, organisation_id: UUID) -> list[UUID]:
        with self.database.write() as session:
            return [invoice.id for invoice in issue_invoices(session, organisation_id, self.clock.now())]

    def items_of(self, lot_id: UUID) -> list[UUID]:
        """The items that stand in a lot."""
        with self.database.read() as session:
            query = select(LotItem.item_id).where(LotItem.lot_id == lot_id, LotItem.state == LotItemState.INCLUDED)
            return list(session.scalars(query.order_by(LotItem.item_id)))

    def lot(self, lot_id: UUID) -> Lot:
        with self.database.read() as session:
            return session.get_one(Lot, lot_id)

    def project(self, project_id: UUID) -> Project:
        with self.database.read() as session:
            return session.get_one(Project, project_id)

    def script(self, person_id: UUID) -> TestClient:
        """A script of this person, by API token."""
        token = new_token()
        with self.database.write() as session:
            session.add(
                ApiToken(person_id=person_id, name="test", token_hash=hash_token(token), created_at=self.clock.now())
            )
        return TestClient(
            create_app(self.installation), headers={"Authorization": f"Token {token}"}, follow_redirects=False
        )

    def browser(self, person_id: UUID) -> "SignedIn":
        """This person's browser, signed in by cookie."""
        token, csrf = new_token(), new_token()
        with self.database.write() as session:
            session.add(
                SignInSession(
                    token_hash=hash_token(token),
                    person_id=person_id,
                    csrf_token=csrf,
                    created_at=self.clock.now(),
                    expires_at=self.clock.now().replace(year=self.clock.now().year + 1),
                )
            )
        client = Reader(create_app(self.installation), follow_redirects=False)
        client.cookies.set(SESSION_COOKIE, token)
        return SignedIn(client, csrf, token)


@dataclass(frozen=True)
class SignedIn:
    """A browser with a session; `post` adds the form's token."""

    client: TestClient
    csrf: str
    token: str

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, data={"csrf": self.csrf, **fields})


def actor_of(session: Session, person: Person) -> Actor:
    """A person as services know them."""
    rows = session.execute(
        select(Membership.organisation_id, Organisation.kind, Membership.role)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == person.id)
    )
    standings = tuple(Standing(organisation_id, kind, role) for organisation_id, kind, role in rows)
    return Actor(person.id, person.number, person.name, person.staff_number, standings)
