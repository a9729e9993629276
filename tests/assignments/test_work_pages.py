"""The annotator's pages as plain forms: claim, answer, skip, leave; sent twice, late, or from an old page."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import Role
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.models import Assignment
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import SKIP_WORDS, AssignmentState, SkipReason
from leye_platform.installation import Installation
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import ItemState
from leye_platform.teams.models import Team, TeamMember
from support.at_work import AtWork, assignment_of, words
from support.clock import MovableClock
from support.factories import TOPICS, make_organisation, make_person
from support.shipping import Shipping
from support.statements import statements_of


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def at_work(shipping: Shipping) -> AtWork:
    return AtWork(shipping)


def test_a_task_is_claimed_answered_and_the_next_one_follows(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(3)
    home = at_work.page("/work")
    assert "领取任务" in home
    assert 'data-command="claim"' in home
    first = at_work.claims()
    assert "还没有选" not in at_work.page(f"/work/tasks/{first}")
    following = at_work.sends(first, choice="正面", active_ms="9000", idempotency_key="of the page")
    assert assignment_of(following) != first
    assert "上一条已提交" in at_work.page(following)
    [answer] = at_work.answers()
    assert (answer.assignment_id, answer.idempotency_key) == (first, "of the page")
    assert answer.result[0]["value"]["choices"] == ["正面"]


def test_opening_pages_never_claims_and_never_writes(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(3)
    assignment = at_work.claims()
    for path in ("/work", f"/work/tasks/{assignment}", f"/work/tasks/{assignment}/skip"):
        with statements_of(shipping.database) as statements:
            at_work.page(path)
        changed = [statement for statement, _ in statements.seen if not statement.startswith(("SELECT", "WITH"))]
        assert not [statement for statement in changed if "sign_in_sessions" not in statement], path
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Assignment)) == 1


def test_claiming_again_goes_on_with_the_task_in_hand(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(3)
    first = at_work.claims()
    assert "继续做任务" in at_work.page("/work")
    assert at_work.claims() == first


def test_a_form_sent_twice_stores_one_answer_and_leads_on(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(3)
    first = at_work.claims()
    following = at_work.sends(first, choice="正面", idempotency_key="k")
    assert at_work.sends(first, choice="正面", idempotency_key="k") == following
    assert len(at_work.answers()) == 1


def test_another_answer_from_an_old_page_is_told_that_the_first_one_stands(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(3)
    first = at_work.claims()
    at_work.sends(first, choice="正面", idempotency_key="k")
    back = at_work.sends(first, choice="负面", idempotency_key="k2")
    page = at_work.page(back)
    assert "这条已经提交" in page
    assert "答案存好了，只算一次" in page
    assert "正面" in page
    [answer] = at_work.answers()
    assert answer.result[0]["value"]["choices"] == ["正面"]


def test_an_answer_sent_without_a_key_is_stored_once_all_the_same(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(2)
    first = at_work.claims()
    at_work.sends(first, choice="正面")
    at_work.sends(first, choice="正面", idempotency_key="x" * 500)
    assert [answer.idempotency_key for answer in at_work.answers()] == [str(first)]


def test_nothing_chosen_is_said_beside_the_choices(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    answer = at_work.browser.post(f"/work/tasks/{assignment}", do="submit")
    assert answer.status_code == 422
    assert "还没有选。请选一个，再提交。" in answer.text
    assert 'id="error-choice"' in answer.text
    assert not at_work.answers()
    unknown = at_work.browser.post(f"/work/tasks/{assignment}", do="submit", choice="绿色")
    assert (unknown.status_code, "没有“绿色”这个选项" in unknown.text) == (422, True)


def test_several_choices_where_one_is_wanted_keep_what_was_chosen(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    answer = at_work.browser.post(f"/work/tasks/{assignment}", choice=["正面", "负面"])
    assert answer.status_code == 422
    assert "只能选一个" in answer.text
    assert answer.text.count(" checked") >= 2


def test_several_choices_are_answered_where_several_may_be_right(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1, label_config=TOPICS)
    assignment = at_work.claims()
    assert 'type="checkbox"' in at_work.page(f"/work/tasks/{assignment}")
    at_work.sends(assignment, choice=["服务", "价格"])
    [answer] = at_work.answers()
    assert answer.result[0]["value"]["choices"] == ["价格", "服务"]


def test_a_task_is_skipped_for_a_reason_in_words_and_the_next_one_follows(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(2)
    first = at_work.claims()
    reasons = at_work.sends(first, "skip", choice="负面")
    page = at_work.page(reasons)
    assert all(sentence in page for sentence in SKIP_WORDS.values())
    assert at_work.state(first) is AssignmentState.LEASED
    answer = at_work.browser.post(reasons, reason="other", comment="字太小")
    assert assignment_of(answer.headers["location"]) != first
    assert "上一条已跳过" in at_work.page(answer.headers["location"])
    with shipping.database.read() as session:
        skipped = session.get_one(Assignment, first)
        assert (skipped.state, skipped.skip_reason, skipped.skip_comment) == ("skipped", SkipReason.OTHER, "字太小")
    assert "这条你跳过了" in at_work.page(f"/work/tasks/{first}")


def test_a_task_is_given_back_without_a_reason_and_waits_for_others(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    assert "只是现在不做了？" in at_work.page(f"/work/tasks/{assignment}/skip")
    for _ in range(2):
        answer = at_work.browser.post(f"/work/tasks/{assignment}/release")
        assert answer.headers["location"] == "/work?after=released"
    assert "那一条已退还" in at_work.page("/work?after=released")
    assert at_work.state(assignment) is AssignmentState.RELEASED
    shipping.claims(shipping.person())
    answered = at_work.claims()
    at_work.sends(answered, choice="正面")
    assert at_work.browser.post(f"/work/tasks/{answered}/release").headers["location"] == f"/work/tasks/{answered}"
    assert len(at_work.answers()) == 1


def test_what_cannot_be_labelled_goes_to_a_reviewer(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    at_work.browser.post(f"/work/tasks/{assignment}/skip", reason="unlabelable")
    with shipping.database.read() as session:
        assert session.get_one(MicroTask, shipping.task_of(assignment)).state is ItemState.REVIEW


@pytest.mark.parametrize("reason", ["", "because"])
def test_a_skip_without_a_reason_is_asked_for_one(shipping: Shipping, at_work: AtWork, reason: str) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    answer = at_work.browser.post(f"/work/tasks/{assignment}/skip", reason=reason, comment="等等")
    assert answer.status_code == 422
    assert 'id="error-reason"' in answer.text
    assert "等等" in answer.text
    assert at_work.state(assignment) is AssignmentState.LEASED


def test_an_answer_after_a_skip_is_kept_as_a_draft_and_told_so(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(2)
    assignment = at_work.claims()
    at_work.browser.post(f"/work/tasks/{assignment}/skip", reason="other")
    assert "写过的答案存成了草稿" in at_work.page(at_work.sends(assignment, choice="正面"))
    assert at_work.draft(assignment) == ["正面"]
    assert not at_work.answers()


def test_leaving_keeps_the_draft_and_the_task(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(2)
    assignment = at_work.claims()
    home = words(at_work.page(at_work.sends(assignment, "leave", choice="负面", active_ms="4000")))
    assert "存好了" in home
    assert "继续做任务" in home
    assert "答案已存好" in home
    assert at_work.draft(assignment) == ["负面"]
    page = at_work.page(f"/work/tasks/{assignment}")
    assert re.search(r'value="负面"[^>]* checked', page)


def test_undo_goes_back_to_what_was_saved_and_then_to_nothing(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    at_work.sends(assignment, "leave", choice="正面")
    page = at_work.page(at_work.sends(assignment, "undo", choice="负面"))
    assert re.search(r'value="正面"[^>]* checked', page)
    page = at_work.page(at_work.sends(assignment, "undo", choice="正面"))
    assert " checked>" not in page.split("</fieldset>")[0]
    assert at_work.draft(assignment) == []


def test_help_names_the_leader_in_writing_and_leads_back(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    with shipping.database.write() as session:
        base = make_organisation(session)
        leader = make_person(session, Role.LEADER)
        session.get_one(Person, leader.id).name = "李秀兰"
        team = Team(organisation_id=base.id, name="一组", leader_id=leader.id, created_at=shipping.clock.now())
        session.add(team)
        session.flush()
        joined = shipping.clock.now()
        session.add(TeamMember(person_id=at_work.who.person_id, team_id=team.id, joined_at=joined))
        session.add(TeamMember(person_id=leader.id, team_id=team.id, joined_at=joined))
        leads = Annotator(leader.id, leader.number)
    assignment = at_work.claims()
    page = at_work.page(at_work.sends(assignment, "help", choice="负面"))
    assert "李秀兰" in page
    assert f'href="/work/tasks/{assignment}"' in page
    assert at_work.draft(assignment) == ["负面"]
    assert "李秀兰" in at_work.page("/work")
    assert "你的组长" not in AtWork(shipping, leads).page("/work")


def test_somebody_elses_task_is_not_found(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(2)
    assignment = at_work.claims()
    other = AtWork(shipping).browser
    here = f"/work/tasks/{assignment}"
    assert {other.get(here + end).status_code for end in ("", "/skip", "/help")} == {404}
    assert other.post(here, choice="正面").status_code == 404
    assert other.post(here + "/skip", reason="other").status_code == 404
    assert other.get(f"/work/tasks/{uuid4()}").status_code == 404
    assert at_work.state(assignment) is AssignmentState.LEASED


def test_partners_and_reviewers_have_no_work_pages(shipping: Shipping) -> None:
    shipping.batch(1)
    for role in (Role.PARTNER_ADMIN, Role.REVIEWER, Role.FINANCE):
        firm = shipping.firm() if role is Role.PARTNER_ADMIN else None
        browser = shipping.browser(shipping.actor(role, firm).person_id)
        assert browser.get("/work").status_code == 403, role
        assert browser.post("/work/next").status_code == 403, role


def test_a_late_answer_is_welcome_and_a_late_skip_needs_nothing(
    shipping: Shipping, at_work: AtWork, clock: MovableClock
) -> None:
    shipping.batch(2)
    late = at_work.claims()
    clock.move(hours=3)
    with shipping.database.write() as session:
        expire_leases(session, clock.now())
    home = words(at_work.page("/work"))
    assert "做了一半的" in home
    assert "接着做" in home
    assert "时间过了也没关系" in at_work.page(f"/work/tasks/{late}")
    assert "那一条不用跳过了" in at_work.page(at_work.browser.get(f"/work/tasks/{late}/skip").headers["location"])
    again = at_work.browser.post(f"/work/tasks/{late}/skip", reason="other")
    assert again.headers["location"] == "/work?after=passed"
    at_work.sends(late, choice="正面")
    assert [answer.late for answer in at_work.answers()] == [True]


def test_a_stale_page_is_told_in_plain_words_and_changes_nothing(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    stale = at_work.browser.client.post(f"/work/tasks/{assignment}", data={"csrf": "old", "choice": "正面"})
    assert stale.status_code == 403
    assert "这一页放得太久" in stale.text
    assert at_work.browser.client.post("/work/next", data={}).status_code == 403
    assert not at_work.answers()
    assert at_work.browser.client.get("/work/next").status_code == 405


def test_whoever_is_not_signed_in_signs_in_first(shipping: Shipping, at_work: AtWork) -> None:
    at_work.browser.client.cookies.clear()
    assert at_work.browser.get("/work").headers["location"] == "/?next=/work"


def test_a_chosen_project_gives_its_own_tasks(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(2, title="甲")
    wanted = shipping.batch(1, title="乙")
    assignment = at_work.claims(project=str(wanted.project_id))
    assert shipping.task_of(assignment) in wanted.tasks
    following = at_work.sends(assignment, choice="正面")
    assert following.startswith("/work?none=")
    home = words(at_work.page(following))
    assert "上一条已提交" in home
    assert "刚才的项目现在没有你能做的了" in home
    assert "甲。一次一条" in home
    assert at_work.browser.post("/work/next", project="first").status_code == 404


@pytest.mark.parametrize(
    "result",
    [
        rb'[{"a": "\u0000"}]',
        rb'[{"a": "\ud800"}]',
        b'[{"a": 99999999999999999999999}]',
        b'[{"a": ' + b"[" * 300 + b"]" * 300 + b"}]",
    ],
    ids=["NUL", "half a pair", "too large a number", "too deep"],
)
def test_what_no_database_keeps_is_refused_as_a_draft_and_as_an_answer(
    shipping: Shipping, at_work: AtWork, result: bytes
) -> None:
    shipping.batch(1)
    here = f"/api/v1/assignments/{at_work.claims()}"
    script = shipping.script(at_work.who.person_id)
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    body = b'{"result": ' + result + b"}"
    assert script.put(f"{here}/draft", content=body, headers=headers).status_code == 422
    assert script.post(f"{here}/response", content=body, headers=headers).status_code == 422
    backslash = rb'{"result": [{"a": "\\u0000"}]}'  # six signs that anybody may write
    assert script.put(f"{here}/draft", content=backslash, headers=headers).status_code == 200


def test_words_beside_a_skip_keep_what_can_be_kept(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    assignment = at_work.claims()
    words = rb'{"reason": "other", "comment": " \u5b57\u592a\u0000\u5c0f "}'
    script = shipping.script(at_work.who.person_id)
    sent = script.post(
        f"/api/v1/assignments/{assignment}/skip", content=words, headers={"content-type": "application/json"}
    )
    assert sent.status_code == 200
    with shipping.database.read() as session:
        assert session.get_one(Assignment, assignment).skip_comment == "字太小"


def test_a_key_with_nul_in_a_form_does_no_harm(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(1)
    at_work.sends(at_work.claims(), choice="正面", idempotency_key="a\x00b")
    assert [answer.idempotency_key for answer in at_work.answers()] == ["ab"]
