"""Batches that are settled, and erased as a runner does it."""

from uuid import UUID

from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.actor import Actor
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import BatchState
from leye_platform.projects.service import move_batch
from leye_platform.retention.models import ErasedObject, Erasure
from leye_platform.retention.service import ask_for_erasure
from leye_workers.execution import Execution
from leye_workers.locks import locks_for
from support.shipping import Shipped, Shipping


class Erasing:
    """A firm with its admin, whose batches come to their end."""

    def __init__(self, shipping: Shipping) -> None:
        self.shipping, self.database = shipping, shipping.database
        self.firm = shipping.firm()
        self.boss: Actor = shipping.actor(Role.PARTNER_ADMIN, self.firm)

    def settled(self, items: int = 2) -> Shipped:
        """A batch that was delivered, accepted and billed."""
        shipped = self.shipping.shipped(items, firm=self.firm)
        self.shipping.accept(shipped.lot_id)
        self.shipping.invoice(self.firm)
        return shipped

    def batch(self, batch_id: UUID) -> Batch:
        with self.database.read() as session:
            return session.get_one(Batch, batch_id)

    def cancel(self, batch_id: UUID) -> None:
        with self.database.write() as session:
            batch = session.get_one(Batch, batch_id, with_for_update=True)
            move_batch(session, self.boss, batch, BatchState.CANCELLED, self.shipping.clock.now())

    def ask(self, batch_id: UUID, who: Actor | None = None, typed: str | None = None) -> Erasure:
        with self.database.write() as session:
            batch = session.get_one(Batch, batch_id, with_for_update=True)
            name = batch.name if typed is None else typed
            erasure = ask_for_erasure(session, who or self.boss, batch, name, self.shipping.clock.now())
            session.flush()
            session.expunge(erasure)
            return erasure

    def run(self, erasure: Erasure) -> Erasure:
        """Run its job as a runner does; the erasure as it is then."""
        with self.database.read() as session:
            job = session.get_one(Erasure, erasure.id).job_id
        assert job is not None
        assert Execution(self.shipping.installation, locks_for(self.shipping.installation)).run(job)
        return self.erasure(erasure.id)

    def erased(self, batch_id: UUID) -> Erasure:
        return self.run(self.ask(batch_id))

    def erasure(self, erasure_id: UUID) -> Erasure:
        with self.database.read() as session:
            return session.get_one(Erasure, erasure_id)

    def objects(self, erasure_id: UUID) -> dict[str, ErasedObject]:
        with self.database.read() as session:
            mine = select(ErasedObject).where(ErasedObject.erasure_id == erasure_id)
            return {row.key: row for row in session.scalars(mine)}

    def organisation(self) -> Organisation:
        with self.database.read() as session:
            return session.get_one(Organisation, self.firm)
