"""A house with people who have accounts and no experience, work that waits for them, and its jobs carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.passwords import hash_password
from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.accounts.service import add_user
from leye_platform.accounts.service.organisations import create_organisation
from leye_platform.accounts.service.passwords import set_password
from leye_platform.installation import Installation
from leye_platform.outbox import OutboxRow
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState, Pipeline
from leye_workers.execution import Execution
from leye_workers.locks import locks_for
from leye_workers.ticker import tick
from support.clock import MovableClock
from support.factories import ENTITIES
from support.shipping import ONE, Shipping

PASSWORD = "correct horse 2026"
TEMPORARY = "temporary horse 1"
FIRM = "远山仓配"
IN_DOUBT = Pipeline(overlap_start=2, overlap_limit=2, confidence=0.999, gold_share=0)
MOST_ROUNDS = 20


@dataclass(frozen=True)
class House:
    """The people by their e-mail addresses, and the batches that wait."""

    installation: Installation
    clock: MovableClock
    texts: UUID
    words: UUID

    def carry_out_jobs(self) -> None:
        """What time brings about and what was asked for, until nothing is left: as runners and the ticker do it."""
        execution = Execution(self.installation, locks_for(self.installation))
        for _ in range(MOST_ROUNDS):
            self.clock.move(minutes=5)
            tick(self.installation)
            waiting = self._waiting()
            if not waiting:
                return
            for job_id in waiting:
                execution.run(job_id)
        raise AssertionError(f"jobs go on for ever: {self._waiting()}")

    def _waiting(self) -> Sequence[UUID]:
        pending = OutboxRow.done_at.is_(None) & OutboxRow.failed_at.is_(None)
        with self.installation.database.read() as session:
            return session.scalars(select(OutboxRow.id).where(pending).order_by(OutboxRow.created_at)).all()

    def batch_rests(self, batch_id: UUID) -> None:
        """Somebody has paused it, and gone."""
        with self.installation.database.write() as session:
            session.get_one(Batch, batch_id).state = BatchState.PAUSED


def address(role: Role, number: int = 1) -> str:
    return f"{role.value}-{number}@demo.example"


def make_house(installation: Installation, clock: MovableClock, each: int) -> House:
    """Two annotators who have never signed in, reviewer, coordinator, a firm; `each` tasks for each annotator of texts
    and of words."""
    shipping, now = Shipping(installation, clock), clock.now()
    with installation.database.write() as session:
        operator = create_organisation(session, OrganisationKind.OPERATOR, "乐业", now)
        firm = create_organisation(session, OrganisationKind.PARTNER, FIRM, now)
        for role, number, home in (
            (Role.PARTNER_ADMIN, 1, firm),
            (Role.COORDINATOR, 1, operator),
            (Role.REVIEWER, 1, operator),
            (Role.ANNOTATOR, 1, operator),
            (Role.ANNOTATOR, 2, operator),
        ):
            person, _ = add_user(session, address(role, number), role.value, home.name, PASSWORD, now)
            if role is Role.ANNOTATOR:
                set_password(session, person.id, hash_password(TEMPORARY), now, must_change=True)
        session.flush()
        firm_id = firm.id
    with installation.database.read() as session:
        organisation = session.get_one(Organisation, firm_id)
        session.expunge(organisation)
    texts = shipping.batch(each, pipeline=IN_DOUBT, organisation=organisation, title="短评情感分类")
    words = shipping.batch(
        2 * each,
        pipeline=ONE,
        organisation=organisation,
        title="新闻里的人和地方",
        label_config=ENTITIES,
        task_type="named_entities",
    )
    with installation.database.write() as session:
        session.get_one(Batch, texts.batch_id).rows_in = len(texts.tasks)
    _write_news(installation, words.batch_id)
    return House(installation, clock, texts.batch_id, words.batch_id)


def _write_news(installation: Installation, batch_id: UUID) -> None:
    with installation.database.write() as session:
        for item, task in session.execute(
            select(Item, MicroTask).join(MicroTask, MicroTask.item_id == Item.id).where(Item.batch_id == batch_id)
        ):
            item.data = task.content = {"review": f"李娜在上海工作了{item.row}年。"}
