"""What projects need of the coordinator: told on the home page until it is done."""

from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.guides.gold import confirm_gold, old_gold
from leye_platform.guides.publish import add_guide
from leye_platform.guides.questions import answer, ask
from leye_platform.installation import Installation
from leye_platform.projects.models import Addition, PriceCard
from leye_platform.projects.project_matters import ProjectNeed, project_matters
from leye_platform.projects.rules import AdditionState
from support.clock import MovableClock
from support.shipping import Shipping


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def needs(shipping: Shipping) -> list[tuple[ProjectNeed, int]]:
    with shipping.database.read() as session:
        return [(matter.need, matter.count) for matter in project_matters(session, shipping.clock.now())]


def home(shipping: Shipping) -> str:
    page: str = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).get("/projects").text
    return page


def test_a_question_waits_until_it_is_answered(shipping: Shipping) -> None:
    project_id = shipping.batch(1).project_id
    author, coordinator = shipping.actor(Role.ANNOTATOR), shipping.actor(Role.COORDINATOR)
    assert needs(shipping) == []
    with shipping.database.write() as session:
        asked = [ask(session, author, project_id, f"第 {n} 问？", shipping.clock.now()) for n in range(2)]
        ids = [question.id for question in asked]
    assert needs(shipping) == [(ProjectNeed.ANSWERS, 2)]
    page = home(shipping)
    assert "2 个问题" in page
    assert f'href="/projects/{project_id}/guide#questions"' in page
    with shipping.database.write() as session:
        for question_id in ids:
            answer(session, coordinator, project_id, question_id, "算。", shared=True, now=shipping.clock.now())
    assert needs(shipping) == []


def test_gold_of_an_older_guide_waits_until_somebody_looked_at_it(shipping: Shipping, clock: MovableClock) -> None:
    batch = shipping.batch(1, gold=2)
    coordinator = shipping.actor(Role.COORDINATOR)
    clock.move(hours=1)
    with shipping.database.write() as session:
        add_guide(session, coordinator, shipping.project(batch.project_id), "换了说法。", clock.now())
    assert needs(shipping) == [(ProjectNeed.GOLD, 2)]
    assert f'href="/projects/{batch.project_id}/gold"' in home(shipping)
    with shipping.database.write() as session:
        old = old_gold(session, batch.project_id)
        assert old.guide is not None
        items = [item.id for item, _task in old.rows]
        project = shipping.project(batch.project_id)
        confirm_gold(session, coordinator, project, items, clock.now(), version=old.guide.version)
    assert needs(shipping) == []


def test_a_project_without_price_comes_first(shipping: Shipping) -> None:
    batch, author = shipping.batch(1), shipping.actor(Role.ANNOTATOR)
    with shipping.database.write() as session:
        ask(session, author, batch.project_id, "算吗？", shipping.clock.now())
        for card in session.scalars(select(PriceCard)):
            session.delete(card)
    assert [need for need, _ in needs(shipping)] == [ProjectNeed.PRICE, ProjectNeed.ANSWERS]


def test_a_further_file_that_was_not_read_is_told_for_a_week_or_until_the_next(
    shipping: Shipping, clock: MovableClock
) -> None:
    batch, coordinator = shipping.batch(1), shipping.actor(Role.COORDINATOR)

    other = shipping.batch(1)

    def added(number: int, state: AdditionState, batch_id: UUID = batch.batch_id) -> None:
        with shipping.database.write() as session:
            session.add(
                Addition(
                    batch_id=batch_id,
                    number=number,
                    source_name="b.csv",
                    state=state,
                    created_at=clock.now(),
                    created_by=coordinator.person_id,
                )
            )

    for number in (1, 2):  # what another batch got says nothing of this one
        added(number, AdditionState.READ, other.batch_id)
    added(1, AdditionState.FAILED)
    assert "没追加成" in home(shipping)
    added(2, AdditionState.READ)
    assert "没追加成" not in home(shipping)
    added(3, AdditionState.FAILED)
    assert "没追加成" in home(shipping)
    clock.move(days=8)
    assert "没追加成" not in home(shipping)
