"""Whose answers somebody is asked to look at: found by the refit, shown to who leads them, settled once, and read by
whom it is about. Nothing else follows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role
from leye_platform.assignments.holding import Claimed
from leye_platform.assignments.models import Response
from leye_platform.assignments.own import Annotator
from leye_platform.audit import AuditRecord
from leye_platform.billing.models import LedgerEntry
from leye_platform.installation import Installation
from leye_platform.matching.models import AnnotatorSkill
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.rules import Pipeline
from leye_platform.review.models import PersonFlag
from leye_platform.review.rules import FlagOutcome
from leye_platform.teams.flags import FoundFlags, keep_flags, looked_through
from leye_platform.teams.models import Team, TeamMember
from leye_quality.flags import Flag, FlagKind
from leye_workers.jobs.skills import refit_skills
from support.at_work import words
from support.clock import MovableClock
from support.factories import make_organisation, make_person
from support.shipping import Shipping, SignedIn


def flagged(kind: FlagKind, answers: int, agreed: float, held_against: float) -> Flag:
    return Flag(kind, answers, agreed, held_against, given=answers)


CLICKING = flagged(FlagKind.CLICKING, 20, 0.52, 0.5)


def more(flag: Flag, answers: int) -> Flag:
    """The same, found by more answers."""
    return replace(flag, answers=answers, given=answers)


@dataclass(frozen=True)
class Town:
    """A base with two teams: who leads the first one, and somebody in each."""

    shipping: Shipping
    leader: UUID
    team: UUID
    member: UUID
    elsewhere: UUID
    project: UUID

    def browser(self, person_id: UUID) -> SignedIn:
        return self.shipping.browser(person_id)

    def flags(self) -> list[PersonFlag]:
        with self.shipping.database.read() as session:
            return list(session.scalars(select(PersonFlag).order_by(PersonFlag.found_at, PersonFlag.kind)))

    def found(self, *flags: Flag, through: int = 100, person: UUID | None = None) -> None:
        """A refit finds these of the member."""
        with self.shipping.database.write() as session:
            looked = looked_through(session, self.project)
            whose = person or self.member
            found = FoundFlags({whose: list(flags)}, frozenset({self.member, whose}), through, looked)
            keep_flags(session, self.project, found, self.shipping.clock.now())

    def shown(self, flag: Flag = CLICKING) -> PersonFlag:
        """One that has lasted."""
        self.found(flag)
        self.found(more(flag, 2 * flag.answers), through=200)
        (row,) = self.flags()
        assert row.shown
        return row


@pytest.fixture
def town(installation: Installation, clock: MovableClock) -> Town:
    shipping = Shipping(installation, clock)
    now = clock.now()
    with shipping.database.write() as session:
        base = make_organisation(session, OrganisationKind.BASE)
        leader = make_person(session, Role.LEADER, base).id
        people = []
        for name, led_by in (("一组", leader), ("二组", None)):
            team = Team(organisation_id=base.id, name=name, leader_id=led_by, created_at=now)
            person = make_person(session, Role.ANNOTATOR, base)
            session.add(team)
            session.flush()
            session.add(TeamMember(person_id=person.id, team_id=team.id, joined_at=now))
            people.append((team.id, person.id))
    batch = shipping.batch(2, title="短评情感分类")
    return Town(shipping, leader, people[0][0], people[0][1], people[1][1], batch.project_id)


def answered_by(shipping: Shipping, says: Callable[[int, int], str], *, people: int, items: int) -> tuple[UUID, UUID]:
    """A project in which people take turns until nothing is left, each item asking for all of them until it is sure:
    `says(item, person)`. Also who the first person is."""
    with shipping.database.write() as session:
        made = [make_person(session, Role.ANNOTATOR, None) for _ in range(people)]
        everybody = [Annotator(person.id, person.number) for person in made]
    pipeline = Pipeline(overlap_start=2, overlap_limit=people, confidence=0.999, gold_share=0)
    batch = shipping.batch(items, pipeline=pipeline)
    place = {task: number for number, task in enumerate(batch.tasks)}
    given = 1
    while given:
        given = 0
        for number, person in enumerate(everybody):
            claimed = shipping.claim(person, batch.project_id)
            if isinstance(claimed, Claimed):
                task = place[shipping.task_of(claimed.assignment_id)]
                shipping.answers(person, claimed.assignment_id, says(task, number))
                given += 1
    return batch.project_id, everybody[0].person_id


def refit(shipping: Shipping, project_id: UUID) -> None:
    with shipping.database.write() as session:
        job = OutboxRow(
            job=JobName.REFIT_SKILLS, arguments={"project_id": str(project_id)}, created_at=shipping.clock.now()
        )
        session.add(job)
        session.flush()
        job_id, arguments = job.id, job.arguments
    refit_skills(shipping.installation, job_id, arguments)


def test_who_answers_always_alike_is_found_by_the_job_and_nobody_else(town: Town) -> None:
    def says(item: int, person: int) -> str:
        wrong = (item * 7 + person * 3) % 11 == 0
        return "正面" if person == 0 or bool(item % 2) != wrong else "负面"

    project, careless = answered_by(town.shipping, says, people=5, items=40)
    with town.shipping.database.read() as session:
        earned = len(session.scalars(select(LedgerEntry)).all())
    refit(town.shipping, project)
    (flag,) = town.flags()
    assert (flag.person_id, flag.kind, flag.shown) == (careless, FlagKind.CLICKING, False)
    assert flag.answers == flag.first_answers >= 20
    assert 0.35 < flag.agreed < 0.65
    assert abs(flag.agreed - flag.held_against) < 0.1
    with town.shipping.database.read() as session:
        assert len(session.scalars(select(LedgerEntry)).all()) == earned, "no money moves"
        assert len(session.scalars(select(AnnotatorSkill)).all()) == 5
        assert any(session.scalars(select(OutboxRow.done_at).where(OutboxRow.job == JobName.REFIT_SKILLS)))


def test_it_is_shown_once_it_has_lasted_and_goes_where_it_is_not_found_any_more(town: Town) -> None:
    leader = town.browser(town.leader)
    town.found(CLICKING)
    assert "请看一看" not in leader.get(f"/teams/{town.team}").text
    town.found(more(CLICKING, 24))
    assert "请看一看" not in leader.get(f"/teams/{town.team}").text
    town.found(replace(more(CLICKING, 25), agreed=0.48), through=130)
    (flag,) = town.flags()
    assert (flag.first_answers, flag.answers, flag.agreed, flag.through, flag.shown) == (20, 25, 0.48, 130, True)
    page = words(leader.get(f"/teams/{town.team}").text)
    assert "1 个人的答案，请看一看" in page
    assert "答案好像跟内容没有关系，短评情感分类" in page
    assert "能和别人比的答案有 25 条，跟别人一致的占 48%。如果不看内容随手选，也会有 50% 一致。" in page
    assert "1 个人的答案，请你看一看" in words(leader.get("/work").text)
    town.found()
    assert town.flags() == []
    assert "请看一看" not in leader.get(f"/teams/{town.team}").text


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        (flagged(FlagKind.DRIFT, 60, 0.61, 0.9), "最近 120 条，跟别人一致的占 61%；以前是 90%。"),
        (flagged(FlagKind.COPIES, 60, 1.0, 0.4), "在 120 条里，跟某几个人一致的占 100%，跟其他人一致的只占 40%。"),
        (flagged(FlagKind.CLICKING, 60, 0.1, 0.5), "常常跟别人正好相反：也许按钮弄反了，也许规范理解反了。"),
    ],
)
def test_each_kind_is_said_with_its_own_figures(town: Town, flag: Flag, said: str) -> None:
    town.shown(flag)
    assert said in words(town.browser(town.leader).get(f"/teams/{town.team}").text)


def test_who_leads_others_neither_sees_nor_settles_it(town: Town) -> None:
    town.found(CLICKING, person=town.elsewhere)
    town.found(more(CLICKING, 40), person=town.elsewhere)
    (flag,) = town.flags()
    assert flag.shown
    leader = town.browser(town.leader)
    assert "请看一看" not in leader.get(f"/teams/{town.team}").text
    assert "请你看一看" not in leader.get("/work").text
    assert leader.post(f"/teams/flags/{flag.id}", outcome="fine").status_code == 404
    manager = town.browser(town.shipping.actor(Role.COORDINATOR).person_id)
    assert "1 个人的答案，请看一看" in words(manager.get("/teams").text)
    assert "有答案请你看一看" in words(manager.get("/projects").text)


def test_nobody_looks_at_their_own(town: Town) -> None:
    town.found(CLICKING, person=town.leader)
    town.found(more(CLICKING, 40), person=town.leader)
    (flag,) = town.flags()
    leader = town.browser(town.leader)
    assert "请看一看" not in leader.get(f"/teams/{town.team}").text
    assert leader.post(f"/teams/flags/{flag.id}", outcome="fine").status_code == 404


def test_it_is_settled_once_in_a_choice_and_the_person_reads_what_came_of_it(town: Town) -> None:
    flag = town.shown()
    mine = town.browser(town.member)
    assert "关于你的答案" not in mine.get("/me").text, "a computation alone confronts nobody"
    leader = town.browser(town.leader)
    assert leader.post(f"/teams/flags/{flag.id}", words="再看看规范第二条").status_code == 422
    back = f"/teams/{town.team}"
    sent = leader.post(f"/teams/flags/{flag.id}", outcome="practise", words=" 再看看规范第二条 ", next=back)
    assert sent.headers["location"] == f"{back}?done=looked"
    assert "记下了。" in leader.get(sent.headers["location"]).text
    again = leader.post(f"/teams/flags/{flag.id}", outcome="practise", words="两次", next=back)
    assert again.headers["location"] == f"{back}?done=looked", "a double press"
    assert leader.post(f"/teams/flags/{flag.id}", outcome="fine").status_code == 409
    (settled,) = town.flags()
    assert (settled.outcome, settled.settled_by, settled.words) == (
        FlagOutcome.PRACTISE,
        town.leader,
        "再看看规范第二条",
    )
    page = words(mine.get("/me").text)
    for said in ("关于你的答案", "谈过了，先练一练，短评情感分类", "“再看看规范第二条”", "跟别人一致的占 52%"):
        assert said in page
    with town.shipping.database.read() as session:
        deed = session.scalars(select(AuditRecord).where(AuditRecord.action == "flag.settle")).one()
        assert (deed.person_id, deed.subject_id, deed.detail) == (town.leader, town.member, {"outcome": "practise"})


def test_what_somebody_has_looked_at_is_not_found_again(town: Town) -> None:
    flag = town.shown()
    town.browser(town.leader).post(f"/teams/flags/{flag.id}", outcome="talked")
    with town.shipping.database.read() as session:
        assert looked_through(session, town.project) == {town.member: 200}
    with town.shipping.database.write() as session:
        before = FoundFlags({town.member: [CLICKING]}, frozenset({town.member}), 210, {})
        keep_flags(session, town.project, before, town.shipping.clock.now())
    assert [row.id for row in town.flags()] == [flag.id], "the refit had read before somebody looked"
    town.found(CLICKING, through=300)
    assert [row.through for row in town.flags() if row.settled_at is None] == [300]


def test_answers_after_a_look_are_judged_by_themselves(town: Town) -> None:
    """Those between the last refit and the look belong to what was looked at."""

    def says(item: int, person: int) -> str:
        return "正面" if person == 0 or item % 2 else "负面"

    project, careless = answered_by(town.shipping, says, people=5, items=40)
    refit(town.shipping, project)
    (flag,) = town.flags()
    with town.shipping.database.write() as session:
        row = session.get_one(PersonFlag, flag.id)
        row.through, row.shown = 1, True  # as if all but the first answer had come since
    manager = town.browser(town.shipping.actor(Role.COORDINATOR).person_id)
    manager.post(f"/teams/flags/{flag.id}", outcome="talked")
    refit(town.shipping, project)
    assert [(row.id, row.person_id) for row in town.flags()] == [(flag.id, careless)], "nothing new was answered"
    with town.shipping.database.read() as session:
        newest = session.scalar(select(func.max(Response.number)))
    assert town.flags()[0].through == newest


def test_who_has_left_is_looked_at_no_more(town: Town) -> None:
    town.shown()
    with town.shipping.database.write() as session:
        session.get_one(Person, town.member).state = PersonState.LEFT
    leader = town.browser(town.leader)
    assert "请看一看" not in leader.get(f"/teams/{town.team}").text
    assert "请你看一看" not in leader.get("/work").text


def test_two_people_of_one_name_are_two(town: Town) -> None:
    town.shown()
    with town.shipping.database.write() as session:
        session.get_one(Person, town.elsewhere).name = session.get_one(Person, town.member).name
    town.found(CLICKING, person=town.elsewhere)
    town.found(more(CLICKING, 40), person=town.elsewhere)
    manager = town.browser(town.shipping.actor(Role.COORDINATOR).person_id)
    assert "2 个人的答案，请看一看" in words(manager.get("/teams").text)


def test_one_that_was_not_looked_at_this_time_stays_and_goes_with_the_last_answer(town: Town) -> None:
    flag = town.shown()
    with town.shipping.database.write() as session:
        elsewhere = FoundFlags({town.elsewhere: []}, frozenset({town.member, town.elsewhere}), 300, {})
        keep_flags(session, town.project, elsewhere, town.shipping.clock.now())
    assert [row.id for row in town.flags()] == [flag.id]
    refit(town.shipping, town.project)
    assert town.flags() == [], "the project has no answers any more"
