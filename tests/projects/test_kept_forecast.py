"""The forecast that is kept when a batch opens, and what came beside it."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Response
from leye_platform.installation import Installation
from leye_platform.projects import service
from leye_platform.projects.estimate import Way
from leye_platform.projects.forecasting import Basis
from leye_platform.projects.kept_forecast import CheckedForecast, Figures, KeptForecast, check_forecast
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.queries import progress_of
from leye_platform.projects.rules import BatchState, DataState, ItemState, Pipeline, PipelineKind
from leye_platform.review.models import Review
from leye_platform.review.rules import Reason, Verdict
from leye_quality.agreement import Interval
from support.clock import MovableClock
from support.factories import make_batch, make_items, make_project
from support.reviewing import Reviewing

ALL_CHECKED = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1, gold_share=0)
TWO = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.8, gold_share=0)
ITEMS = 4


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Reviewing:
    return Reviewing(installation, clock)


def opened(shipping: Reviewing, pipeline: Pipeline) -> tuple[UUID, UUID]:
    """A batch of four items that was opened as coordinators do; with its project."""
    coordinator = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        project = make_project(session, pipeline)
        batch = make_batch(session, project, state=BatchState.READY)
        make_items(session, batch, ITEMS)
        batch.rows_in = ITEMS
        service.open_batch(session, coordinator, batch, shipping.clock.now())
        return batch.id, project.id


def move(shipping: Reviewing, batch_id: UUID, wanted: BatchState) -> None:
    coordinator = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        batch = session.get_one(Batch, batch_id)
        if wanted is BatchState.OPEN:
            service.open_batch(session, coordinator, batch, shipping.clock.now())
        else:
            service.move_batch(session, coordinator, batch, wanted, shipping.clock.now())


def checked(shipping: Reviewing, batch_id: UUID) -> CheckedForecast | None:
    with shipping.database.read() as session:
        batch = session.get_one(Batch, batch_id)
        progress = progress_of(session, [batch], shipping.clock.now())[batch_id]
        return check_forecast(session, batch, session.get_one(Project, batch.project_id), progress)


def page_of(shipping: Reviewing, batch_id: UUID) -> str:
    page: str = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).get(f"/batches/{batch_id}?compare=1").text
    return page


def test_a_forecast_reads_back_as_it_was_kept() -> None:
    figures = Figures(40, Decimal("2.31"), 0.075, 4_620_000, Interval(0.94, 0.83, 0.98, 40))
    kept = KeptForecast(Basis.TRIAL, Way.CONSENSUS, figures, "先试一试", 30)
    assert KeptForecast.read(kept.stored()) == kept
    assert figures.cost_per_item == Decimal("0.1155")


def test_when_all_is_done_the_page_shows_what_came_beside_the_forecast(shipping: Reviewing) -> None:
    batch_id, project_id = opened(shipping, TWO)
    for author in (shipping.person(), shipping.person()):
        assert checked(shipping, batch_id) is None, "while there is work to do there is nothing to hold against it"
        shipping.finish(author, project_id, ITEMS)
    found = checked(shipping, batch_id)
    assert found is not None
    assert (found.told.basis, found.told.way, found.told.figures.items) == (Basis.ASSUMED, Way.CONSENSUS, ITEMS)
    assert found.told.figures.answers_per_item > 2
    assert found.came == Figures(ITEMS, Decimal("2.00"), 0.0, 8 * 50_000)
    page = page_of(shipping, batch_id)
    assert "开始前的估算，和实际" in page
    assert "这一批没有随机抽查" in page


def test_checked_answers_tell_how_right_it_is_and_reviews_are_counted_and_paid(shipping: Reviewing) -> None:
    batch_id, project_id = opened(shipping, ALL_CHECKED)
    shipping.finish(shipping.person(), project_id, ITEMS)
    for _ in range(ITEMS):
        review_id = shipping.must_take()
        with shipping.database.read() as session:
            task = session.get_one(Review, review_id).microtask_id
            answer = session.scalars(select(Response.id).where(Response.microtask_id == task)).one()
        shipping.settles(review_id, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=answer)
    found = checked(shipping, batch_id)
    assert found is not None
    assert (found.told.figures.reviewed, found.told.figures.cost_micros) == (1.0, 8 * 50_000)
    assert (found.came.reviewed, found.came.cost_micros, found.came.checks) == (1.0, 8 * 50_000, ITEMS)
    assert found.came.accuracy is not None
    assert found.came.accuracy.value == pytest.approx(0.97)
    assert "抽查的 4 份推算" in page_of(shipping, batch_id)
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    plain = coordinator.get(f"/batches/{batch_id}").text
    assert f'href="/batches/{batch_id}?compare=1#forecast"' in plain
    assert "抽查的 4 份推算" not in plain, "what reads all answers is for a look of its own"
    with shipping.database.write() as session:
        session.get_one(Batch, batch_id).data_state = DataState.ERASED
    gone = coordinator.get(f"/batches/{batch_id}?compare=1")
    assert gone.status_code == 200
    assert "开始前的估算，和实际" in gone.text
    assert "抽查的 4 份推算" not in gone.text


def test_withdrawn_items_are_not_foretold(shipping: Reviewing) -> None:
    coordinator = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        batch = make_batch(session, make_project(session, TWO), state=BatchState.READY)
        first, *_ = make_items(session, batch, ITEMS)
        batch.rows_in = ITEMS
        session.get_one(Item, first.item_id).state = ItemState.WITHDRAWN
        service.open_batch(session, coordinator, batch, shipping.clock.now())
        assert batch.forecast is not None
        assert batch.forecast["items"] == ITEMS - 1


def test_what_was_foretold_at_first_stands_when_a_batch_is_opened_again(shipping: Reviewing) -> None:
    batch_id, project_id = opened(shipping, TWO)
    with shipping.database.write() as session:
        kept = session.get_one(Batch, batch_id).forecast
        session.get_one(Project, project_id).pipeline = ALL_CHECKED.stored()
    move(shipping, batch_id, BatchState.CLOSED)
    assert checked(shipping, batch_id) is None, "nothing came"
    move(shipping, batch_id, BatchState.OPEN)
    with shipping.database.read() as session:
        assert session.get_one(Batch, batch_id).forecast == kept
    assert kept is not None


def test_a_batch_from_before_forecasts_shows_none(shipping: Reviewing) -> None:
    batch, _ = shipping.answered(2)
    assert checked(shipping, batch.batch_id) is None
    assert "开始前的估算" not in page_of(shipping, batch.batch_id)
