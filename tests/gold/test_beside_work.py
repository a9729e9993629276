"""A decided item that serves as gold, beside what is told and reckoned of its item, its batch and its people."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.models import Assignment, Response
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.projects.estimate import Way
from leye_platform.projects.forecasting import Basis
from leye_platform.projects.kept_forecast import Figures, KeptForecast, check_forecast
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.queries import progress_of
from leye_platform.projects.rules import BatchState
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import Reason, ReviewCause, ReviewState, Verdict
from support.renewing import Renewing

YES, NO = "正面", "负面"


def test_its_story_tells_nothing_of_what_the_partner_does_with_the_item(crowd: Renewing) -> None:
    batch, author = crowd.settled(1)
    who = crowd.with_gold(batch.project_id)
    told = crowd.answers(who, crowd.claims(who, batch.project_id))
    crowd.clock.move(minutes=1)
    lot = crowd.cut(batch.batch_id)
    crowd.accept(lot)
    page = crowd.browser(who.person_id).get(f"/work/earnings/answers/{told.response_id}").text
    assert "交付给合作企业" not in page
    assert "验收通过" not in page
    with crowd.database.read() as session:
        its_own = session.scalars(select(Response.id).where(Response.person_id == author.person_id)).one()
    assert "交付给合作企业" in crowd.browser(author.person_id).get(f"/work/earnings/answers/{its_own}").text


def test_one_whose_lease_ran_out_waits_on_the_home_page_as_any_task_does(crowd: Renewing) -> None:
    batch, _ = crowd.settled(1)
    who = crowd.with_gold(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    assert crowd.held(held).round == GOLD_ROUND
    crowd.clock.move(days=1)
    with crowd.database.write() as session:
        assert expire_leases(session, crowd.clock.now()) == 1
    assert f"/work/tasks/{held}" in crowd.browser(who.person_id).get("/work").text
    crowd.answers(who, held)
    assert f"/work/tasks/{held}" not in crowd.browser(who.person_id).get("/work").text


def test_what_somebody_had_as_gold_never_comes_to_them_as_work(crowd: Renewing) -> None:
    batch, author = crowd.settled(1, extra=3)
    who = crowd.with_gold(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    task = crowd.held(held).microtask_id
    crowd.answers(who, held)
    crowd.clock.move(minutes=1)
    lot = crowd.cut(batch.batch_id)
    crowd.send_back(crowd.actor(Role.PARTNER_ADMIN, crowd.project(batch.project_id).organisation_id), lot, None)
    crowd.clock.move(days=30)  # its author had it kept for them first
    while not isinstance(found := crowd.claim(who, batch.project_id), Nothing):
        crowd.answers(who, found.assignment_id)
    with crowd.database.read() as session:
        mine = select(Assignment.round).where(Assignment.person_id == who.person_id, Assignment.microtask_id == task)
        assert session.scalars(mine).all() == [GOLD_ROUND]
    other = crowd.known_person(batch.project_id)
    assert crowd.held(crowd.claims(other, batch.project_id)).microtask_id == task, "others can have it"
    assert author.person_id != other.person_id


def test_what_people_said_of_it_as_gold_is_no_part_of_how_sure_a_reviewers_decision_is(crowd: Renewing) -> None:
    batch, _ = crowd.settled(1, extra=12)
    people = [crowd.known_person(batch.project_id, gold=20, right=20) for _ in range(6)]
    crowd.answers(people[0], crowd.claims(people[0], batch.project_id))
    crowd.renews(batch.project_id)
    [row] = crowd.gold(batch.project_id)
    for who in people:
        crowd.answers(who, crowd.claims(who, batch.project_id), NO)
    crowd.renews(batch.project_id)
    review = next(one for one in crowd.reviews() if one.cause is ReviewCause.GOLD_DOUBTED)
    with crowd.database.write() as session:
        for other in session.scalars(select(Review).where(Review.id != review.id, Review.state == ReviewState.OPEN)):
            other.state = ReviewState.WITHDRAWN
    reviewer = crowd.actor(Role.REVIEWER)
    assert crowd.must_take(reviewer) == review.id
    with crowd.database.read() as session:
        before = session.scalars(select(Decision).where(Decision.microtask_id == row.microtask_id)).one()
        given = select(Response.id).where(Response.microtask_id == row.microtask_id, Response.round != GOLD_ROUND)
        own = session.scalars(given).one()
    crowd.settles(review.id, Verdict.ACCEPT, Reason.FITS_GUIDE, reviewer, chosen=own)
    with crowd.database.read() as session:
        newest = select(Decision).where(Decision.microtask_id == row.microtask_id).order_by(Decision.version.desc())
        after = session.scalars(newest.limit(1)).one()
    assert after.labels == before.labels
    assert after.confidence == pytest.approx(before.confidence)
    assert after.guide_id == before.guide_id


def test_never_more_gold_is_right_than_was_given(crowd: Renewing) -> None:
    """Nothing was known of it when it was answered, so it counted as right; then it is corrected to what is known."""
    batch, _ = crowd.settled(1)
    who = crowd.with_gold(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    crowd.set_state(batch.batch_id, BatchState.PAUSED)
    crowd.answers(who, held, NO)
    crowd.set_state(batch.batch_id, BatchState.OPEN)
    assert crowd.record(who, batch.project_id)[1:] == (1, 1)
    crowd.corrects((who, held), YES)
    assert crowd.record(who, batch.project_id)[1:] == (1, 1)
    crowd.corrects((who, held), NO)
    assert crowd.record(who, batch.project_id)[1:] == (1, 0)


def test_neither_the_batch_nor_its_forecast_counts_answers_to_it_as_gold(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2, extra=0)
    crowd.batch(12, project_id=batch.project_id)
    with crowd.database.write() as session:
        foretold = KeptForecast(Basis.ASSUMED, Way.SINGLE_CHECK, Figures(2, Decimal(1), 1.0, 100_000))
        session.get_one(Batch, batch.batch_id).forecast = foretold.stored()
    before = figures(crowd, batch.batch_id)
    first = crowd.with_gold(batch.project_id)
    for who in (first, crowd.known_person(batch.project_id)):
        held = crowd.claims(who, batch.project_id)
        assert crowd.held(held).round == GOLD_ROUND
        crowd.answers(who, held)
    assert figures(crowd, batch.batch_id) == before


def figures(crowd: Renewing, batch_id: UUID) -> tuple[object, ...]:
    with crowd.database.read() as session:
        batch = session.get_one(Batch, batch_id)
        progress = progress_of(session, [batch], crowd.clock.now())[batch.id]
        checked = check_forecast(session, batch, session.get_one(Project, batch.project_id), progress)
        assert checked is not None
        return progress.answers, checked.came.answers_per_item, checked.came.cost_micros
