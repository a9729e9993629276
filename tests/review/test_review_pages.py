"""The reviewer's pages and API: as plain forms, in a browser, and blind."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, expect

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments import leases
from leye_platform.assignments.rules import SKIP_WORDS, SkipReason
from leye_platform.guides.publish import add_guide
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import BatchState
from leye_platform.projects.service import move_batch
from leye_platform.review.rules import ReviewState, Verdict
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import chosen
from support.live_site import live_site
from support.reviewing import IN_DOUBT, Reviewing
from support.shipping import SignedIn


@pytest.fixture
def reviewing(installation: Installation, clock: MovableClock) -> Reviewing:
    return Reviewing(installation, clock)


@pytest.fixture
def at_review(reviewing: Reviewing) -> SignedIn:
    return reviewing.browser(reviewing.reviewer.person_id)


def accept(page: str, words: str) -> str:
    """The decision that accepts the answer with these words, as the page offers it."""
    found = re.search(rf'value="(accept:[^"]+)"[^>]*>(?:(?!</label>).)*采用“{words}”', page, re.S)
    assert found
    return found[1]


def takes(at_review: SignedIn) -> str:
    """Press the large button where there must be a review; its address."""
    address = at_review.post("/review/next").headers["location"]
    assert re.fullmatch(r"/review/[0-9a-f-]{36}", address), address
    return str(address)


def settled(reviewing: Reviewing, address: str) -> tuple[ReviewState, Verdict | None, str | None]:
    review = reviewing.review(UUID(address.rsplit("/", 1)[1]))
    return review.state, review.verdict, review.comment


def test_the_home_says_what_waits_and_why(reviewing: Reviewing, at_review: SignedIn) -> None:
    assert "现在没有你能看的" in at_review.get("/review").text
    reviewing.disputed(3)
    home = at_review.get("/review").text
    assert "开始质检" in home
    assert "有 3 条在等你看" in home
    assert "几个人的答案拿不定" in home
    takes(at_review)
    assert "继续质检" in at_review.get("/review").text


def test_what_waits_in_a_paused_batch_is_said(reviewing: Reviewing, at_review: SignedIn) -> None:
    batch, _, _ = reviewing.disputed(2)
    assert "先不用看" not in at_review.get("/review").text
    coordinator = reviewing.actor(Role.COORDINATOR)
    with reviewing.database.write() as session:
        paused = session.get_one(Batch, batch.batch_id)
        move_batch(session, coordinator, paused, BatchState.PAUSED, reviewing.clock.now())
    home = at_review.get("/review").text
    assert "现在没有你能看的" in home
    assert "有 2 条先不用看。" in home


def test_what_was_settled_can_be_looked_at_again(reviewing: Reviewing, at_review: SignedIn) -> None:
    reviewing.disputed()
    address = takes(at_review)
    form = {"decision": "unusable", "reason": "unreadable", "comment": "全是乱码"}
    at_review.post(address, **form)
    assert f'href="{address}"' in at_review.get("/review").text
    page = at_review.get(address).text
    assert "你的决定：这条不可用" in page
    assert "说明：“全是乱码”" in page


def test_an_answer_under_an_older_guide_says_which(reviewing: Reviewing, at_review: SignedIn) -> None:
    batch = reviewing.batch(1, pipeline=IN_DOUBT)
    early, late = reviewing.person(), reviewing.person()
    reviewing.answers(early, reviewing.claims(early, batch.project_id), "正面")
    coordinator = reviewing.actor(Role.COORDINATOR)
    with reviewing.database.write() as session:
        project = session.get_one(Project, batch.project_id)
        add_guide(session, coordinator, project, "# 怎么选\n\n只看味道。", reviewing.clock.now())
    reviewing.answers(late, reviewing.claims(late, batch.project_id), "负面")
    address = takes(at_review)
    cards = re.findall(r"<article.*?</article>", at_review.get(address).text, re.S)
    assert [("按规范第 1 版作答" in card) for card in cards if "正面" in card] == [True]
    assert [("版作答" in card) for card in cards if "负面" in card] == [False]
    script = reviewing.script(reviewing.reviewer.person_id)
    taken = script.post("/api/v1/reviews/next").json()
    assert {answer["words"]: answer["guide_version"] for answer in taken["answers"]} == {"正面": 1, "负面": 2}


def test_answers_under_the_newest_guide_say_nothing_of_it(reviewing: Reviewing, at_review: SignedIn) -> None:
    reviewing.disputed(1)
    assert "版作答" not in at_review.get(takes(at_review)).text


def test_what_only_others_may_see_is_not_called_nothing(reviewing: Reviewing, at_review: SignedIn) -> None:
    batch = reviewing.batch(1)
    both = reviewing.person()
    skipped = reviewing.claims(both, batch.project_id)
    with reviewing.database.write() as session:
        leases.skip(session, both.person_id, skipped, SkipReason.UNLABELABLE, now=reviewing.clock.now())
    reviewing.also_reviewer(both.person_id)
    browser = reviewing.browser(both.person_id)
    assert "还有 1 条在等，但你做过这些条目的标注" in browser.get("/review").text
    answer = browser.post("/review/next")
    assert answer.headers["location"] == "/review?none=1"
    assert "刚刚又找了一遍" in browser.get("/review?none=1").text
    assert "有 1 条在等你看" in at_review.get("/review").text


def test_a_review_shows_no_name_and_no_number_of_an_author(reviewing: Reviewing, at_review: SignedIn) -> None:
    _, first, second = reviewing.disputed()
    address = takes(at_review)
    script = reviewing.script(reviewing.reviewer.person_id)
    told = at_review.get(address).text + script.get(f"/api/v1/reviews/{address.rsplit('/', 1)[1]}").text
    with reviewing.database.read() as session:
        people = [session.get_one(Person, person.person_id) for person in (first, second)]
        secrets = [secret for one in people for secret in (one.name, str(one.id), one.email, one.staff_number)]
    assert not [secret for secret in secrets if secret and secret in told]
    assert "2 份答案，有 2 种" in told


def test_no_reason_is_chosen_for_the_reviewer_and_how_many_wait_is_said(
    reviewing: Reviewing, at_review: SignedIn
) -> None:
    reviewing.disputed(3)
    page = at_review.get(takes(at_review)).text
    assert not re.search(r'name="reason"[^>]*checked', page)
    assert re.search(r'data-fits="send_back"[^>]*><input type="radio" name="reason" value="guide_changed"', page)
    assert "还有 2 条待质检" in page


def test_an_answer_is_accepted_and_the_next_review_follows(reviewing: Reviewing, at_review: SignedIn) -> None:
    reviewing.disputed(2)
    address = takes(at_review)
    decision = accept(at_review.get(address).text, "负面")
    answer = at_review.post(address, do="submit", decision=decision, reason="fits_guide", comment="说了再也不来")
    assert answer.status_code == 303
    assert answer.headers["location"] not in {address, "/review?none=1"}
    assert settled(reviewing, address) == (ReviewState.SETTLED, Verdict.ACCEPT, "说了再也不来")
    page = at_review.get(address).text
    assert "已经定了" in page
    assert "说了再也不来" in page
    assert "<strong>你的决定：采用</strong>，负面" in page
    assert "符合标注规范" in page
    assert 'name="decision"' not in page
    assert "你最近定的" in at_review.get("/review").text


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"decision": "fix", "fixed": "正面", "reason": "wrong_label"}, Verdict.FIX),
        ({"decision": "send_back", "reason": "misread_guide"}, Verdict.SEND_BACK),
        ({"decision": "unusable", "reason": "unreadable"}, Verdict.UNUSABLE),
    ],
)
def test_each_other_verdict_is_given(
    reviewing: Reviewing, at_review: SignedIn, fields: dict[str, str], verdict: Verdict
) -> None:
    reviewing.disputed()
    address = takes(at_review)
    assert at_review.post(address, **fields).headers["location"] == "/review?none=1"
    assert settled(reviewing, address) == (ReviewState.SETTLED, verdict, None)


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"reason": "fits_guide"}, "decision", "还没有选决定"),
        ({"decision": "accept:", "reason": "fits_guide"}, "decision", "请选出要采用的那一份答案"),
        ({"decision": f"accept:{uuid4()}", "reason": "fits_guide"}, "decision", "请选出要采用的那一份答案"),
        ({"decision": "fix", "reason": "wrong_label"}, "fixed", "改好再定"),
        ({"decision": "fix", "fixed": "绿色", "reason": "wrong_label"}, "fixed", "没有“绿色”这个选项"),
        ({"decision": "fix", "fixed": ["正面", "负面"], "reason": "wrong_label"}, "fixed", "只能选一个"),
        ({"decision": "unusable", "reason": "fits_guide"}, "reason", "请选一个合适的原因"),
        ({"decision": "unusable", "reason": "because"}, "reason", "请选一个合适的原因"),
        ({"decision": "unusable", "reason": "other", "comment": " "}, "reason", "请在说明里写一句"),
        ({"decision": "unusable", "reason": "other", "comment": "长" * 1001}, "comment", "说明最多 1000 个字"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_the_rest_is_kept(
    reviewing: Reviewing, at_review: SignedIn, fields: dict[str, Any], field: str, sentence: str
) -> None:
    reviewing.disputed()
    address = takes(at_review)
    answer = at_review.post(address, **({"comment": "写过的话"} | fields))
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert sentence in answer.text
    assert fields.get("comment", "写过的话") in answer.text
    assert settled(reviewing, address)[0] is ReviewState.HELD


def test_a_form_sent_twice_settles_once_and_leads_on(reviewing: Reviewing, at_review: SignedIn) -> None:
    reviewing.disputed()
    address = takes(at_review)
    fields = {"decision": "unusable", "reason": "unreadable"}
    at_review.post(address, **fields)
    assert at_review.post(address, **fields).headers["location"] == address
    at_review.post(address, decision="send_back", reason="misread_guide")
    assert settled(reviewing, address)[1] is Verdict.UNUSABLE


def test_the_bars_other_commands(reviewing: Reviewing, at_review: SignedIn) -> None:
    reviewing.disputed()
    address = takes(at_review)
    assert at_review.post(address, do="leave").headers["location"] == "/review"
    assert settled(reviewing, address)[0] is ReviewState.HELD
    assert at_review.post(address, do="help").headers["location"] == "/help"
    assert at_review.post(address, do="undo", decision="fix").headers["location"] == address
    assert at_review.post(address, do="skip").headers["location"] == "/review"
    assert settled(reviewing, address)[0] is ReviewState.PUT_BACK


def test_why_somebody_skipped_is_told_in_words(reviewing: Reviewing, at_review: SignedIn) -> None:
    batch = reviewing.batch(1)
    skipper = reviewing.person()
    assignment = reviewing.claims(skipper, batch.project_id)
    with reviewing.database.write() as session:
        now = reviewing.clock.now()
        leases.skip(session, skipper.person_id, assignment, SkipReason.UNLABELABLE, now=now, comment="整条是空白的")
    page = at_review.get(takes(at_review)).text
    assert SKIP_WORDS[SkipReason.UNLABELABLE] in page
    assert "整条是空白的" in page
    assert "还没有答案" in page


def test_only_the_holder_opens_a_review_and_only_reviewers_any(reviewing: Reviewing, at_review: SignedIn) -> None:
    reviewing.disputed(2)
    address = takes(at_review)
    other = reviewing.browser(reviewing.actor(Role.REVIEWER).person_id)
    held = other.get(address)
    assert (held.status_code, "由别人处理" in held.text) == (409, True)
    assert other.post(address, decision="unusable", reason="unreadable").status_code == 409
    assert at_review.get(f"/review/{uuid4()}").status_code == 404
    for role in (Role.ANNOTATOR, Role.COORDINATOR, Role.FINANCE):
        browser = reviewing.browser(reviewing.actor(role).person_id)
        assert {browser.get("/review").status_code, browser.get(address).status_code} == {403}, role
    stale = at_review.client.post(address, data={"csrf": "old", "decision": "unusable", "reason": "unreadable"})
    assert (stale.status_code, "这一页放得太久" in stale.text) == (403, True)
    assert settled(reviewing, address)[0] is ReviewState.HELD


class TestApi:
    def test_a_review_is_taken_and_settled(self, reviewing: Reviewing) -> None:
        script = reviewing.script(reviewing.reviewer.person_id)
        assert script.post("/api/v1/reviews/next").status_code == 204
        reviewing.disputed()
        taken = script.post("/api/v1/reviews/next").json()
        assert {answer["words"] for answer in taken["answers"]} == {"正面", "负面"}
        here = f"/api/v1/reviews/{taken['id']}"
        body = {"verdict": "accept", "reason": "fits_guide", "chosen": taken["answers"][0]["response_id"]}
        assert script.post(f"{here}/settle", json=body).json()["state"] == "settled"
        assert script.get(here).json()["state"] == "settled"

    def test_a_fix_that_does_not_fit_is_refused_with_a_sentence(self, reviewing: Reviewing) -> None:
        reviewing.disputed()
        script = reviewing.script(reviewing.reviewer.person_id)
        here = f"/api/v1/reviews/{reviewing.must_take()}"
        body: dict[str, Any] = {"verdict": "fix", "reason": "wrong_label", "result": chosen("绿色")}
        refused = script.post(f"{here}/settle", json=body)
        assert (refused.status_code, refused.json()["title"]) == (422, "没有“绿色”这个选项。请刷新页面，再选一次。")
        nothing_kept = rb'{"verdict": "unusable", "reason": "other", "comment": "\u0000 "}'
        sent = script.post(f"{here}/settle", content=nothing_kept, headers={"content-type": "application/json"})
        assert sent.status_code == 422
        assert script.post(f"{here}/put-back").status_code == 204
        assert (script.get(here).status_code, script.get(here).json()["type"]) == (409, "/problems/review-put-back")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestInTheBrowser:
    @pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
    def test_every_page_holds(self, browser: Browser, reviewing: Reviewing, width: int) -> None:
        with live_site(reviewing.installation) as base:
            person = _browse(browser, reviewing, base, width)
            person.open("/review")
            reviewing.disputed(2)
            person.open("/review")
            first = reviewing.must_take()
            page = person.open(f"/review/{first}")
            page.locator("#decision label", has_text="退回重做").click()
            page.locator("button[value=submit]").click()
            page.wait_for_selector("#error-reason")
            person.check()
            assert page.evaluate("document.activeElement.id") == "problems"
            page.locator("#reason label", has_text="规范理解有偏差").click()
            page.locator("button[value=submit]").click()
            page.wait_for_selector(f"form[action='/review/{first}']", state="detached")
            person.open(f"/review/{first}")
            person.open("/review")

    def test_a_review_is_settled_by_keyboard_alone(self, browser: Browser, reviewing: Reviewing) -> None:
        reviewing.disputed()
        with live_site(reviewing.installation) as base:
            person = _browse(browser, reviewing, base, 1280)
            page = person.page
            taken = reviewing.must_take()
            page.goto(f"{base}/review/{taken}")
            page.wait_for_selector("button[data-command=submit]")
            page.wait_for_load_state("networkidle")
            page.keyboard.press("3")
            expect(page.locator("input[value=fix]")).to_be_checked()
            expect(page.locator("details[data-opened-by=fix]")).to_have_attribute("open", "")
            expect(page.locator("#reason label:visible")).to_have_count(4)
            expect(page.locator("#reason :checked")).to_have_count(0)
            page.keyboard.press("1")
            expect(page.locator("#reason [value=fits_guide]")).to_be_checked()
            page.keyboard.press("Enter")
            page.wait_for_selector("main[data-view=review-home]")
        assert reviewing.review(taken).verdict is Verdict.ACCEPT


def _browse(browser: Browser, reviewing: Reviewing, base: str, width: int) -> Browse:
    context = new_context(browser, width=width)
    token = reviewing.browser(reviewing.reviewer.person_id).token
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
    return Browse(context.new_page(), base)
