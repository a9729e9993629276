"""The batches at work across projects: how they stand, and what is done to several of them at once."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing
from leye_platform.delivery.service import assemble_lot
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.at_work import BatchAtWork, Deed, batches_at_work, do_to_all
from leye_platform.projects.errors import BatchMissing
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import BatchState, Pipeline
from support.clock import MovableClock
from support.shipping import ONE, Shipping
from support.statements import statements_of

CHECKED = Pipeline.model_validate({"kind": "single_check", "check_share": 1, "gold_share": 0})


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def listed(shipping: Shipping, page: int = 1) -> list[BatchAtWork]:
    with shipping.database.read() as session:
        return list(batches_at_work(session, page, shipping.clock.now()).rows)


def do(shipping: Shipping, deed: Deed, *batches: UUID, role: Role = Role.COORDINATOR) -> int:
    actor = shipping.actor(role)
    with shipping.database.write() as session:
        return do_to_all(session, actor, deed, batches, shipping.clock.now())


def change(shipping: Shipping, batch_id: UUID, **values: object) -> None:
    with shipping.database.write() as session:
        batch = session.get_one(Batch, batch_id)
        for name, value in values.items():
            setattr(batch, name, value)


def lots_asked_for(shipping: Shipping) -> list[str]:
    with shipping.database.read() as session:
        jobs = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.ASSEMBLE_LOT)).all()
        return [job.arguments["batch_id"] for job in jobs]


def test_the_nearest_deadline_comes_first_with_people_reviews_and_what_is_ready(shipping: Shipping) -> None:
    now = shipping.clock.now()
    calm, pressing, ended = shipping.batch(2, pipeline=ONE), shipping.batch(3, pipeline=CHECKED), shipping.batch(1)
    change(shipping, pressing.batch_id, deadline=now + timedelta(days=1))
    change(shipping, ended.batch_id, state=BatchState.CLOSED)
    who, other = shipping.person(), shipping.person()
    shipping.finish(who, calm.project_id, 1)
    shipping.claims(who, calm.project_id)
    shipping.finish(other, pressing.project_id, 2)
    first, second = listed(shipping)
    assert (first.batch.id, second.batch.id) == (pressing.batch_id, calm.batch_id)
    assert (first.people, first.reviews, first.ready) == (0, 2, 0)
    assert (second.people, second.reviews, second.ready) == (1, 0, 1)
    assert second.progress.finish == shipping.clock.now() + timedelta(days=1)


def test_what_a_lot_holds_already_is_not_ready_again(shipping: Shipping) -> None:
    batch, _ = shipping.answered(2)
    shipping.batch(1, project_id=batch.project_id)
    assert [row.ready for row in listed(shipping)] == [0, 0], "the last answer has asked for the lot"
    shipping.clock.move(hours=1)
    assert [row.ready for row in listed(shipping)] == [2, 0], "nobody has come to put it together"
    with shipping.database.write() as session:
        assemble_lot(session, batch.batch_id, shipping.clock.now())
    assert [row.ready for row in listed(shipping)] == [0, 0]
    assert do(shipping, Deed.DELIVER, batch.batch_id) == 0


def test_freezing_stops_the_claims_of_all_chosen_and_lets_people_finish(shipping: Shipping) -> None:
    first, second, untouched = (shipping.batch(2, pipeline=ONE) for _ in range(3))
    who = shipping.person()
    held = shipping.claims(who, first.project_id)
    assert do(shipping, Deed.FREEZE, first.batch_id, second.batch_id) == 2
    assert do(shipping, Deed.FREEZE, first.batch_id, second.batch_id) == 0
    shipping.answers(who, held)
    for batch in (first, second):
        assert isinstance(shipping.claim(who, batch.project_id), Nothing)
    assert not isinstance(shipping.claim(who, untouched.project_id), Nothing)
    change(shipping, first.batch_id, rows_in=2)
    # The second has no rows on record: it lacks something, and that is no reason to hold up the first.
    assert do(shipping, Deed.RESUME, first.batch_id, second.batch_id, untouched.batch_id) == 1
    assert not isinstance(shipping.claim(shipping.person(), first.project_id), Nothing)


def test_delivering_asks_once_for_each_batch_that_has_something(shipping: Shipping) -> None:
    done, _ = shipping.answered(2)
    shipping.batch(1, project_id=done.project_id)
    empty = shipping.batch(1)
    with shipping.database.write() as session:  # the answers asked by themselves when the batch was through
        for job in session.scalars(select(OutboxRow)):
            session.delete(job)
    assert do(shipping, Deed.DELIVER, done.batch_id, empty.batch_id) == 1
    do(shipping, Deed.DELIVER, done.batch_id)
    assert lots_asked_for(shipping) == [str(done.batch_id)]


def test_the_same_number_of_queries_for_one_batch_and_for_many(shipping: Shipping) -> None:
    def queries() -> int:
        with statements_of(shipping.database) as statements:
            listed(shipping)
        return len(statements)

    shipping.batch(1)
    few = queries()
    for _ in range(5):
        shipping.batch(1)
    assert queries() == few


def test_nobody_reaches_a_batch_by_guessing(shipping: Shipping) -> None:
    batch = shipping.batch(1)
    partner = shipping.actor(Role.PARTNER_ADMIN, shipping.firm())
    with shipping.database.write() as session, pytest.raises(BatchMissing):
        do_to_all(session, partner, Deed.FREEZE, [batch.batch_id], shipping.clock.now())


def test_on_the_page_several_are_chosen_and_the_answer_says_how_many(shipping: Shipping) -> None:
    first, second = shipping.batch(1), shipping.batch(1)
    browser = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    assert "在做的 2 个批次" in browser.get("/projects").text
    page = browser.get("/projects/at-work").text
    assert page.count('name="batch"') == 2
    assert "checked" not in page
    assert browser.get("/projects/at-work?whole=1").text.count(" checked") == 2
    nothing = browser.post("/projects/at-work", deed="freeze")
    assert (nothing.status_code, "请先选批次" in nothing.text) == (422, True)
    answer = browser.post(
        "/projects/at-work", deed="freeze", batch=[str(first.batch_id), str(second.batch_id)], page="1"
    )
    assert answer.headers["location"] == "/projects/at-work?page=1&deed=freeze&count=2"
    told = browser.get(answer.headers["location"]).text
    assert "暂停了 2 个批次" in told
    assert told.count("暂停了</span>") == 2
    again = browser.post("/projects/at-work", deed="freeze", batch=[str(first.batch_id)], page="1")
    assert "没有改" in browser.get(again.headers["location"]).text
    finance = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    assert 'name="batch"' not in finance.get("/projects/at-work").text
    assert finance.post("/projects/at-work", deed="freeze", batch=[str(first.batch_id)]).status_code == 403
