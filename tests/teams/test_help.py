"""Asking for help: one press, never lost, answered by the leader or, without one, by who manages teams."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.assignments.models import Assignment
from leye_platform.assignments.own import Annotator
from leye_platform.installation import Installation
from leye_platform.projects.models import MicroTask
from leye_platform.teams.models import HelpRequest, HelpTopic, Team, TeamMember
from support.at_work import AtWork, words
from support.clock import MovableClock
from support.factories import make_organisation, make_person
from support.shipping import Shipping, SignedIn


@dataclass(frozen=True)
class Town:
    """A base: a leader, their team, an annotator in it at work, and one without a team."""

    shipping: Shipping
    leader: UUID
    team: UUID
    asker: AtWork
    alone: AtWork
    task: UUID

    def browser(self, person_id: UUID) -> SignedIn:
        return self.shipping.browser(person_id)

    def requests(self) -> list[HelpRequest]:
        with self.shipping.database.read() as session:
            return list(session.scalars(select(HelpRequest).order_by(HelpRequest.asked_at)))


@pytest.fixture
def town(installation: Installation, clock: MovableClock) -> Town:
    shipping = Shipping(installation, clock)
    now = clock.now()
    with shipping.database.write() as session:
        base = make_organisation(session, OrganisationKind.BASE)
        leader = make_person(session, Role.LEADER, base).id
        team = Team(organisation_id=base.id, name="一组", leader_id=leader, created_at=now)
        session.add(team)
        session.flush()
        one, two = (make_person(session, Role.ANNOTATOR, base) for _ in range(2))
        session.add(TeamMember(person_id=one.id, team_id=team.id, joined_at=now))
        people = [Annotator(person.id, person.number) for person in (one, two)]
        team_id = team.id
    shipping.batch(5, title="短评情感分类")
    asker, alone = (AtWork(shipping, person) for person in people)
    return Town(shipping, leader, team_id, asker, alone, asker.claims())


def test_the_help_page_of_a_task_sends_a_request_and_keeps_what_was_chosen(town: Town) -> None:
    address = town.asker.sends(town.task, "help", choice=["正面"])
    page = town.asker.page(address)
    assert "告诉组长" in page
    assert f'name="task" value="{town.task}"' in page
    answer = town.asker.browser.post("/work/ask", task=str(town.task), topic="unsure", words="两面都说了")
    assert answer.headers["location"] == f"/work/ask?task={town.task}"
    assert "已经告诉组长了" in town.asker.page(answer.headers["location"])
    assert "已经告诉组长了" in town.asker.page(address), "the task's own page knows it too"
    assert town.asker.draft(town.task) == ["正面"]


def test_who_helps_sees_which_task_it_is_and_the_draft_unless_they_may_still_be_given_it(town: Town) -> None:
    town.asker.sends(town.task, "help", choice=["正面"])
    town.asker.browser.post("/work/ask", task=str(town.task), topic="unsure")
    with town.shipping.database.read() as session:
        task = session.get_one(MicroTask, session.get_one(Assignment, town.task).microtask_id)
    leader = words(town.browser(town.leader).get(f"/teams/{town.team}").text)
    assert str(next(iter(task.content.values())))[:80] in leader
    assert "现在选的" not in leader, "the leader annotates too, and is to answer uninfluenced"
    manager = town.browser(town.shipping.actor(Role.COORDINATOR).person_id)
    assert "现在选的：正面" in words(manager.get("/teams").text)


def test_settled_without_an_answer_what_was_typed_is_not_sent(town: Town) -> None:
    town.asker.browser.post("/work/ask", topic="other", words="忘了密码")
    [request] = town.requests()
    leader = town.browser(town.leader)
    assert "不用回，标为已处理" in leader.get(f"/teams/{town.team}").text
    leader.post(f"/teams/help/{request.id}", do="close", answer="写了一半", next=f"/teams/{town.team}")
    [settled] = town.requests()
    assert (settled.settled_by, settled.answer) == (town.leader, "")


def test_asked_twice_about_one_task_it_is_one_request_with_the_newer_words(town: Town) -> None:
    for topic, said in (("guide", "看不懂"), ("unsure", "还是拿不准")):
        assert town.asker.browser.post("/work/ask", task=str(town.task), topic=topic, words=said).status_code == 303
    [request] = town.requests()
    assert (request.topic, request.words, request.assignment_id) == (HelpTopic.UNSURE, "还是拿不准", town.task)
    town.asker.browser.post("/work/ask", topic="other", words="忘了密码")
    assert len(town.requests()) == 2, "about no task it is another request"


def test_the_leader_sees_who_waits_settles_it_and_the_asker_reads_the_answer_once(town: Town) -> None:
    town.asker.browser.post("/work/ask", task=str(town.task), topic="unsure", words="两面都说了")
    town.shipping.clock.move(minutes=12)
    leader = town.browser(town.leader)
    assert "1 个求助在等你" in words(leader.get("/work").text)
    page = words(leader.get(f"/teams/{town.team}").text)
    assert "1 个人在等你帮忙" in page
    assert "两面都说了" in page
    assert "等了 12 分钟" in page
    [request] = town.requests()
    done = leader.post(f"/teams/help/{request.id}", answer="看最后一句", next=f"/teams/{town.team}")
    assert done.headers["location"] == f"/teams/{town.team}?done=settled"
    assert "没有人在等你帮忙" in leader.get(f"/teams/{town.team}").text
    home = words(town.asker.page("/work"))
    assert "看最后一句" in home
    town.asker.browser.post("/work/ask/read", next="/work")
    assert "看最后一句" not in town.asker.page("/work")


def test_a_request_settled_without_words_says_that_it_is_done(town: Town) -> None:
    town.asker.browser.post("/work/ask", topic="tool")
    [request] = town.requests()
    town.browser(town.leader).post(f"/teams/help/{request.id}")
    assert "已处理。" in town.asker.page("/work")


def test_a_settled_request_is_not_settled_again(town: Town) -> None:
    town.asker.browser.post("/work/ask", topic="tool")
    [request] = town.requests()
    leader = town.browser(town.leader)
    assert leader.post(f"/teams/help/{request.id}", answer="刷新就好").status_code == 303
    assert leader.post(f"/teams/help/{request.id}", answer="不用管").status_code == 409
    assert town.requests()[0].answer == "刷新就好"


def test_who_has_no_leader_is_heard_by_who_manages_teams(town: Town) -> None:
    assert "你还没有组长" in town.alone.page("/work/ask")
    town.alone.browser.post("/work/ask", topic="tool", words="按钮点不到")
    [request] = town.requests()
    leader = town.browser(town.leader)
    assert "按钮点不到" not in leader.get(f"/teams/{town.team}").text
    assert leader.post(f"/teams/help/{request.id}").status_code == 404
    coordinator = town.browser(town.shipping.actor(Role.COORDINATOR).person_id)
    assert "按钮点不到" in coordinator.get("/teams").text
    assert coordinator.post(f"/teams/help/{request.id}", answer="换了一台").headers["location"] == "/teams?done=settled"


def test_a_leader_in_need_is_not_asked_to_help_themself(town: Town) -> None:
    with town.shipping.database.write() as session:
        session.add(TeamMember(person_id=town.leader, team_id=town.team, joined_at=town.shipping.clock.now()))
    leader = town.browser(town.leader)
    leader.post("/work/ask", topic="other", words="我要请假")
    assert "在等你" not in leader.get("/work").text
    assert leader.post(f"/teams/help/{town.requests()[0].id}").status_code == 404


@pytest.mark.parametrize("topic", ["", "nonsense"])
def test_nothing_chosen_is_asked_for_and_what_was_typed_stays(town: Town, topic: str) -> None:
    answer = town.asker.browser.post("/work/ask", task=str(town.task), topic=topic, words="两面都说了")
    assert answer.status_code == 422
    assert 'id="error-topic"' in answer.text
    assert "两面都说了" in answer.text
    assert town.requests() == []


def test_nobody_asks_about_anothers_task(town: Town) -> None:
    assert town.alone.browser.post("/work/ask", task=str(town.task), topic="unsure").status_code == 404
    assert town.requests() == []


def test_somebody_who_left_a_team_is_still_heard(town: Town) -> None:
    town.asker.browser.post("/work/ask", topic="other", words="还在等")
    with town.shipping.database.write() as session:
        session.delete(session.get_one(TeamMember, town.asker.who.person_id))
    coordinator = town.browser(town.shipping.actor(Role.COORDINATOR).person_id)
    assert "还在等" in coordinator.get("/teams").text


def test_the_coordinators_day_begins_with_who_has_waited_long(town: Town) -> None:
    town.asker.browser.post("/work/ask", topic="other", words="还在等")
    coordinator = town.browser(town.shipping.actor(Role.COORDINATOR).person_id)
    assert "等帮助超过半小时" not in coordinator.get("/projects").text
    town.shipping.clock.move(minutes=31)
    page = words(coordinator.get("/projects").text)
    assert "1 个人" in page
    assert "等帮助超过半小时" in page
