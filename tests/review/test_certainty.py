"""Whether a project's confidence keeps its word, on the coordinator's page."""

import re
from functools import partial
from uuid import UUID

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import ProposalUse
from leye_platform.installation import Installation
from leye_platform.projects.models import Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review import certainty
from leye_platform.review.certainty import Certainty, certainty_of
from leye_platform.review.models import Review
from leye_platform.review.rules import Reason, Verdict
from leye_quality.reliability import ENOUGH, reliability
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import chosen
from support.live_site import live_site
from support.reviewing import Reviewing
from support.statements import statements_of

CHECKED = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1.0)


@pytest.fixture
def reviewing(installation: Installation, clock: MovableClock) -> Reviewing:
    return Reviewing(installation, clock)


def certainty_in(reviewing: Reviewing, project_id: UUID) -> Certainty:
    with reviewing.database.read() as session:
        return certainty_of(session, session.get_one(Project, project_id))


def check(reviewing: Reviewing, items: int, wrong: int) -> UUID:
    """A project whose answers are all checked; of them so many were wrong."""
    batch, author = reviewing.batch(items, pipeline=CHECKED), reviewing.person()
    reviewing.finish(author, batch.project_id, items)
    for number in range(items):
        review_id = reviewing.must_take()
        with reviewing.database.read() as session:
            task = session.get_one(Review, review_id).microtask_id
            answer = session.scalars(select(Response.id).where(Response.microtask_id == task)).one()
        if number < wrong:
            reviewing.settles(review_id, Verdict.FIX, Reason.WRONG_LABEL, result=chosen("负面"))
        else:
            reviewing.settles(review_id, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=answer)
    return batch.project_id


def page_of(reviewing: Reviewing, project_id: UUID) -> str:
    browser = reviewing.browser(reviewing.actor(Role.COORDINATOR).person_id)
    assert f'href="/projects/{project_id}/certainty"' in browser.get(f"/projects/{project_id}").text
    return str(browser.get(f"/projects/{project_id}/certainty").text)


def test_checked_answers_tell_how_often_what_was_said_to_be_sure_was_right(reviewing: Reviewing) -> None:
    project_id = check(reviewing, ENOUGH, wrong=3)
    told = certainty_in(reviewing, project_id)
    assert (told.by_gold, told.cases) == (False, ENOUGH)
    assert told.found is not None
    assert told.found.whole.right.value == pytest.approx(0.9)
    assert 0.5 < told.found.whole.said < 1
    page = page_of(reviewing, project_id)
    assert "一共 30 条" in page
    assert "实际对了 90.0%" in page
    assert "随机抽到的答案" in page


def test_too_few_checks_tell_nothing_and_the_page_says_so(reviewing: Reviewing) -> None:
    project_id = check(reviewing, 2, wrong=0)
    assert certainty_in(reviewing, project_id).found is None
    page = page_of(reviewing, project_id)
    assert "能比的还不够多" in page
    assert "现在有 2 条" in page
    untouched = reviewing.batch(1).project_id
    assert certainty_in(reviewing, untouched) == Certainty(by_gold=True, start=2, cases=0, found=None)


def test_where_several_answer_gold_items_tell_it(reviewing: Reviewing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certainty, "reliability", partial(reliability, enough=1))
    pipeline = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.5, gold_share=0.5)
    batch = reviewing.batch(12, pipeline=pipeline, gold=3)
    for label in ("正面", "正面", "负面"):
        who = reviewing.person()
        for _ in range(12):
            claimed = reviewing.claim(who, batch.project_id)
            if hasattr(claimed, "assignment_id"):
                reviewing.answers(who, claimed.assignment_id, label)
    with reviewing.database.read() as session:
        given = select(Response.microtask_id).where(Response.gold, Response.proposal_use != ProposalUse.KEPT)
        twice = session.scalars(given.group_by(Response.microtask_id).having(func.count() >= 2)).all()
    assert twice, "somebody answered the same gold item as somebody else"
    with statements_of(reviewing.database) as statements:
        told = certainty_in(reviewing, batch.project_id)
    assert len(statements) <= 5
    assert (told.by_gold, told.start, told.cases) == (True, 2, len(twice))
    assert told.found is not None
    assert told.found.whole.cases == len(twice)
    page = page_of(reviewing, batch.project_id)
    assert "标准题的答案是已知的" in page
    assert "可能比实际好看一点" in page


def test_only_who_runs_projects_sees_it(reviewing: Reviewing) -> None:
    project_id = reviewing.batch(1).project_id
    firm = reviewing.project(project_id).organisation_id
    for actor in (reviewing.actor(Role.PARTNER_ADMIN, firm), reviewing.actor(Role.ANNOTATOR)):
        assert reviewing.browser(actor.person_id).get(f"/projects/{project_id}/certainty").status_code == 403


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [360, 1280])
def test_the_plot_holds_on_every_screen(reviewing: Reviewing, width: int) -> None:
    project_id = check(reviewing, ENOUGH, wrong=3)
    who = reviewing.browser(reviewing.actor(Role.COORDINATOR).person_id)
    with chromium() as browser, live_site(reviewing.installation) as base:
        context = new_context(browser, width=width)
        context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
        page = Browse(context.new_page(), base).open(f"/projects/{project_id}/certainty")
        expect(page.get_by_role("img")).to_have_accessible_name(re.compile("30.*90.0%.*96.5%.*两者相符"))
        rows = page.get_by_role("table").get_by_role("row")
        expect(rows.nth(1)).to_contain_text(re.compile("说有.*的把握"))
