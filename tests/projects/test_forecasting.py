"""What the coordinator is told before a batch opens: from a trial, from like projects, or from assumed crowds."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from leye_platform.matching.models import AnnotatorSkill, SkillFit
from leye_platform.projects import service
from leye_platform.projects.estimate import Quantity, Way
from leye_platform.projects.forecasting import outlook_of
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.queries import terms_of
from leye_platform.projects.rules import BatchPurpose, BatchState, ItemState, Pipeline, PipelineKind
from leye_platform.review.checks import mean_share_to_check
from leye_quality.posterior import Skill, default_confusion
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import make_batch, make_items, make_person, make_project
from support.live_site import live_site
from support.shipping import Shipping

THREE_CLASSES = """<View><Text name="text" value="$review"/>
<Choices name="sentiment" toName="text"><Choice value="好"/><Choice value="一般"/><Choice value="差"/></Choices>
</View>"""
ABLE = (0.95, 0.92, 0.9, 0.88, 0.85)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def know(session: Session, shipping: Shipping, project_id: UUID, *, answers: int = 60) -> None:
    """Skills of five people, as a refit of the project would leave them."""
    now = shipping.clock.now()
    for accuracy in ABLE:
        skill = Skill(default_confusion(2, accuracy), answers).to_json()
        person = make_person(session).id
        session.add(AnnotatorSkill(person_id=person, project_id=project_id, skill=skill, fitted_at=now))
    fit = SkillFit(project_id=project_id, prior=[0.5, 0.5], answers=answers * len(ABLE), fitted_at=now)
    session.add(fit)


def done(session: Session, project: Project, items: int = 30, *, purpose: BatchPurpose = BatchPurpose.TRIAL) -> Batch:
    """A closed batch of which all is decided."""
    batch = make_batch(session, project, state=BatchState.CLOSED)
    batch.purpose, batch.name = purpose, "先试一试"
    make_items(session, batch, items)
    for item in session.scalars(select(Item).where(Item.batch_id == batch.id)):
        item.state = ItemState.DECIDED
    return batch


def waiting(session: Session, project: Project, items: int = 40) -> UUID:
    """A batch that was read and has not begun."""
    batch = make_batch(session, project, state=BatchState.READY)
    make_items(session, batch, items)
    batch.rows_in = items
    return batch.id


def page_of(shipping: Shipping, batch_id: UUID) -> str:
    page: str = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).get(f"/batches/{batch_id}").text
    return page


def test_after_a_trial_the_page_compares_three_ways_by_what_is_known_of_the_people(shipping: Shipping) -> None:
    with shipping.database.write() as session:
        project = make_project(session, Pipeline(gold_share=0))
        know(session, shipping, project.id)
        done(session, project)
        batch_id = waiting(session, project)
    page = page_of(shipping, batch_id)
    assert "根据试标批次“先试一试”的 30 条，和做过这个项目的 5 位标注员" in page
    assert "几个人做，一致性判定（这个项目）" in page
    assert "一个人先做，另一个人核对" in page
    assert "熟手（95% 做对）" not in page


@pytest.mark.parametrize(
    ("purpose", "items", "said"),
    [
        (BatchPurpose.PRODUCTION, 30, "根据做完的批次“先试一试”的 30 条"),
        (BatchPurpose.TRIAL, 5, "先按三种人估"),
    ],
)
def test_other_done_batches_count_too_and_small_ones_do_not(
    shipping: Shipping, purpose: BatchPurpose, items: int, said: str
) -> None:
    with shipping.database.write() as session:
        project = make_project(session)
        know(session, shipping, project.id)
        done(session, project, items, purpose=purpose)
        batch_id = waiting(session, project)
    assert said in page_of(shipping, batch_id)


def test_without_a_trial_like_projects_tell_and_unlike_ones_do_not(shipping: Shipping) -> None:
    with shipping.database.write() as session:
        know(session, shipping, make_project(session).id)
        batch_id = waiting(session, make_project(session))
        three = make_project(session, label_config=THREE_CLASSES)
        unlike = waiting(session, three)
    assert "根据 1 个相近项目（任务类型和类别数都一样），那里有 5 位标注员" in page_of(shipping, batch_id)
    assert "先按三种人估" in page_of(shipping, unlike)


def test_a_trial_that_is_not_done_tells_nothing_yet(shipping: Shipping) -> None:
    with shipping.database.write() as session:
        project = make_project(session)
        know(session, shipping, project.id)
        trial = done(session, project)
        trial.state = BatchState.OPEN
        session.scalars(select(Item).where(Item.batch_id == trial.id).limit(1)).one().state = ItemState.REVIEW
        batch_id = waiting(session, project)
    assert "先按三种人估" in page_of(shipping, batch_id)


def test_newcomers_first_answers_are_checked_more_and_the_forecast_reckons_with_it() -> None:
    assert mean_share_to_check(0.1, 100, [(50, 0.5), (20, 0.5)]) == pytest.approx(0.1)
    assert mean_share_to_check(0.1, 100, [(50, 0.5), (0, 0.5)]) == pytest.approx((20 * 0.3 + 80 * 0.1) / 100)
    assert mean_share_to_check(0.1, 10, [(0, 1.0)]) == pytest.approx(0.3)
    assert mean_share_to_check(0.0, 10, [(0, 1.0)]) == 0.0


def test_what_a_way_costs_is_exact(shipping: Shipping) -> None:
    with shipping.database.write() as session:
        project = make_project(session, Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0.25, gold_share=0))
        know(session, shipping, project.id)
        done(session, project)
        batch = session.get_one(Batch, waiting(session, project))
        terms = terms_of(session, project.id, shipping.clock.now())
        outlook = outlook_of(session, batch, project, Quantity(40, 40), terms)
    assert outlook is not None
    by_way = {one.way: one for one in outlook.ways}
    single, verify = by_way[Way.SINGLE_CHECK].case, by_way[Way.PROPOSE_VERIFY].case
    assert outlook.chosen is by_way[Way.SINGLE_CHECK]
    assert (single.answers, single.reviews, single.cost_micros) == (40, 10, 50 * 50_000)
    assert (verify.answers, verify.pay_micros, verify.revenue_micros) == (80, 80 * 50_000, 40 * 300_000)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [360, 1280])
def test_forecast_and_what_came_pass_the_checks_of_pages(shipping: Shipping, width: int) -> None:
    coordinator = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        project = make_project(session, Pipeline(overlap_start=1, overlap_limit=3, confidence=0.6, gold_share=0))
        know(session, shipping, project.id)
        done(session, project)
        before, over = waiting(session, project), waiting(session, project, 2)
        service.open_batch(session, coordinator, session.get_one(Batch, over), shipping.clock.now())
        project_id = project.id
    shipping.finish(shipping.person(), project_id, 2)
    who = shipping.browser(coordinator.person_id)
    with live_site(shipping.installation) as base, chromium() as browser:
        context = new_context(browser, width=width)
        context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
        desk = Browse(context.new_page(), base)
        assert desk.open(f"/batches/{before}").locator("#estimate").is_visible()
        assert desk.open(f"/batches/{over}?compare=1").locator("#forecast").is_visible()
