"""Teams: who sees them, who makes them, and who may give whom a new password."""

import re
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role, name_key
from leye_platform.accounts.sign_in import sign_in
from leye_platform.assignments.own import Annotator
from leye_platform.audit import AuditRecord
from leye_platform.installation import Installation
from leye_platform.teams.models import Team, TeamMember
from leye_platform.teams.service import LONGEST_NAME
from support.clock import MovableClock
from support.factories import make_organisation, make_person
from support.shipping import Shipping, SignedIn
from support.statements import statements_of


@dataclass(frozen=True)
class Base:
    """A base with a leader and a team of two annotators."""

    id: UUID
    leader: UUID
    team: UUID
    annotators: tuple[UUID, UUID]


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def base(shipping: Shipping) -> Base:
    return make_base(shipping)


def make_base(shipping: Shipping) -> Base:
    now = shipping.clock.now()
    with shipping.database.write() as session:
        organisation = make_organisation(session, OrganisationKind.BASE)
        leader = make_person(session, Role.LEADER, organisation).id
        team = Team(organisation_id=organisation.id, name="一组", leader_id=leader, created_at=now)
        session.add(team)
        session.flush()
        one, two = (make_person(session, Role.ANNOTATOR, organisation).id for _ in range(2))
        session.add_all(TeamMember(person_id=person, team_id=team.id, joined_at=now) for person in (one, two))
        return Base(organisation.id, leader, team.id, (one, two))


def annotator_in(shipping: Shipping, organisation_id: UUID, role: Role = Role.ANNOTATOR) -> UUID:
    with shipping.database.write() as session:
        return make_person(session, role, session.get_one(Organisation, organisation_id)).id


def coordinator(shipping: Shipping) -> SignedIn:
    return shipping.browser(shipping.actor(Role.COORDINATOR).person_id)


def person(shipping: Shipping, person_id: UUID) -> Person:
    with shipping.database.read() as session:
        return session.get_one(Person, person_id)


def team_of(shipping: Shipping, person_id: UUID) -> UUID | None:
    with shipping.database.read() as session:
        return session.scalar(select(TeamMember.team_id).where(TeamMember.person_id == person_id))


def password_on(page: str) -> str:
    found = re.search(r'<p class="secret">([^<]+)</p>', page)
    assert found, "no password on the page"
    return found[1]


def test_a_leader_goes_straight_to_their_team_and_sees_who_is_at_work(shipping: Shipping, base: Base) -> None:
    batch = shipping.batch(5, title="短评情感分类")
    working, idle = (person(shipping, member) for member in base.annotators)
    who = Annotator(working.id, working.number)
    shipping.answers(who, shipping.claims(who, batch.project_id))
    shipping.clock.move(minutes=10)
    shipping.claims(who, batch.project_id)
    browser = shipping.browser(base.leader)
    assert browser.get("/teams").headers["location"] == f"/teams/{base.team}"
    page = browser.get(f"/teams/{base.team}").text
    rows = {row[0]: row[1] for row in re.findall(r'<th role="rowheader".*?>(?:<a.*?>)?([^<]+)(.*?)</tr>', page, re.S)}
    assert "短评情感分类，今天 9:10 领的" in rows[working.name]
    assert "今天 9:00" in rows[working.name]
    assert "没有任务" in rows[idle.name]
    assert "还没有交过" in rows[idle.name]


def test_a_leader_sees_no_other_team_and_changes_none(shipping: Shipping, base: Base) -> None:
    other = make_base(shipping)
    browser = shipping.browser(base.leader)
    assert browser.get(f"/teams/{other.team}").status_code == 404
    assert browser.get("/teams/people").status_code == 403
    for path, form in (
        ("/teams", {"name": "二组", "base": str(base.id)}),
        (f"/teams/{base.team}/leader", {"leader": ""}),
        (f"/teams/{base.team}/members", {"person": person(shipping, other.annotators[0]).staff_number}),
        (f"/teams/people/{base.annotators[0]}/team", {"team": ""}),
    ):
        assert browser.post(path, **form).status_code == 403, path
    assert team_of(shipping, base.annotators[0]) == base.team


def test_a_leader_without_a_team_is_told_what_will_be_here(shipping: Shipping) -> None:
    page = shipping.browser(shipping.actor(Role.LEADER).person_id).get("/teams")
    assert page.status_code == 200
    assert "你还没有带小组" in page.text


def test_who_has_left_is_not_listed_and_comes_back_to_the_same_team(shipping: Shipping, base: Base) -> None:
    name = person(shipping, base.annotators[0]).name
    browser = shipping.browser(base.leader)
    for state, listed in ((PersonState.LEFT, False), (PersonState.ACTIVE, True)):
        with shipping.database.write() as session:
            session.get_one(Person, base.annotators[0]).state = state
        assert (name in browser.get(f"/teams/{base.team}").text) is listed


def test_names_stand_as_they_are_looked_up() -> None:
    names = ["刘洋", "吴静", "张伟", "李娜", "王芳", "陈杰", "黄敏", "Zoë", "阿依古丽"]
    assert sorted(names, key=name_key) == ["Zoë", "阿依古丽", "陈杰", "黄敏", "李娜", "刘洋", "王芳", "吴静", "张伟"]


def test_a_leader_resets_the_password_of_an_annotator_of_their_team(shipping: Shipping, base: Base) -> None:
    member = base.annotators[0]
    before = shipping.browser(member)
    page = shipping.browser(base.leader).post(f"/teams/people/{member}/password")
    assert page.status_code == 200
    password = password_on(page.text)
    assert before.get("/me").status_code == 303, "their sign-ins end"
    staff_number = person(shipping, member).staff_number
    assert staff_number is not None
    assert staff_number in page.text
    assert sign_in(shipping.database, staff_number, password, shipping.clock.now()).must_change_password
    again = shipping.browser(base.leader).get(f"/teams/people/{member}").text
    assert password not in again
    assert "还没换临时密码" in again
    with shipping.database.read() as session:
        deed = session.scalars(select(AuditRecord).where(AuditRecord.action == "password.reset")).one()
    assert (deed.person_id, deed.subject_id, deed.detail) == (base.leader, member, {})


def test_a_leader_resets_nobody_elses_password(shipping: Shipping, base: Base) -> None:
    other, colleague = make_base(shipping), annotator_in(shipping, base.id, Role.LEADER)
    with shipping.database.write() as session:
        session.add(TeamMember(person_id=colleague, team_id=base.team, joined_at=shipping.clock.now()))
    browser = shipping.browser(base.leader)
    stranger = annotator_in(shipping, base.id)
    partner = shipping.actor(Role.PARTNER_ADMIN, shipping.firm()).person_id
    for target, status in (
        (other.annotators[0], 404),
        (stranger, 404),
        (partner, 404),
        (base.leader, 404),
        (colleague, 403),
        (UUID(int=1), 404),
    ):
        assert browser.get(f"/teams/people/{target}").status_code == status, target
        assert browser.post(f"/teams/people/{target}/password").status_code == status, target
    page = browser.get(f"/teams/{base.team}").text
    assert f"/teams/people/{base.annotators[0]}" in page
    assert f"/teams/people/{colleague}" not in page, "no link that leads to a refusal"


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.ANNOTATOR, 200),
        (Role.LEADER, 200),
        (Role.REVIEWER, 200),
        (Role.COORDINATOR, 403),
        (Role.FINANCE, 403),
        (Role.ADMIN, 403),
    ],
)
def test_a_coordinator_resets_the_passwords_of_the_crowd(shipping: Shipping, role: Role, status: int) -> None:
    target = shipping.actor(role).person_id
    assert coordinator(shipping).post(f"/teams/people/{target}/password").status_code == status


def test_a_coordinator_makes_a_team_gives_it_a_leader_and_people(shipping: Shipping) -> None:
    with shipping.database.write() as session:
        organisation_id = make_organisation(session, OrganisationKind.BASE, "张掖基地").id
    leader = annotator_in(shipping, organisation_id, Role.LEADER)
    member = annotator_in(shipping, organisation_id)
    browser = coordinator(shipping)
    made = browser.post("/teams", name=" 二组 ", base=str(organisation_id))
    assert made.status_code == 303
    team = made.headers["location"]
    assert browser.post(f"{team}/leader", leader=str(leader)).status_code == 303
    assert browser.post(f"{team}/members", person=person(shipping, member).email).headers["location"].endswith("joined")
    page = browser.get(team).text
    assert "二组" in page
    assert person(shipping, member).name in page
    assert shipping.browser(leader).get("/teams").headers["location"] == team
    listed = browser.get("/teams").text
    assert person(shipping, leader).name in listed
    assert "张掖基地" in listed
    assert browser.post(f"{team}/leader", leader="").status_code == 303
    assert shipping.browser(leader).get(team).status_code == 404
    with shipping.database.read() as session:
        actions = session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)).all()
    assert actions == ["team.create", "team.leader", "team.join", "team.leader"]


def test_a_coordinator_moves_people_and_takes_them_out(shipping: Shipping, base: Base) -> None:
    browser = coordinator(shipping)
    second = browser.post("/teams", name="二组", base=str(base.id)).headers["location"]
    member = base.annotators[0]
    typed = person(shipping, member).staff_number
    assert browser.post(f"{second}/members", person=typed).headers["location"] == f"{second}?done=moved"
    assert team_of(shipping, member) == UUID(second.removeprefix("/teams/"))
    assert browser.post(f"/teams/people/{member}/team", team=str(base.team)).status_code == 303
    assert team_of(shipping, member) == base.team
    assert browser.post(f"/teams/{base.team}/members", person=typed).headers["location"].endswith("joined")
    assert browser.post(f"/teams/people/{member}/team", team="").status_code == 303
    assert team_of(shipping, member) is None
    assert browser.post(f"/teams/people/{member}/team", team="").status_code == 303, "taken out already"


@pytest.mark.parametrize("name", ["", "   ", "一" * (LONGEST_NAME + 1), "a\x00b", "一组"])
def test_a_team_wants_a_name_of_its_own(shipping: Shipping, base: Base, name: str) -> None:
    answer = coordinator(shipping).post("/teams", name=name, base=str(base.id))
    assert answer.status_code == 422
    assert 'id="error-name"' in answer.text


def test_a_team_stands_in_a_base(shipping: Shipping) -> None:
    browser = coordinator(shipping)
    for place in (str(shipping.firm()), str(UUID(int=1)), ""):
        answer = browser.post("/teams", name="一组", base=place)
        assert answer.status_code == 422, place
        assert 'id="error-base"' in answer.text


def test_only_people_of_the_base_join_and_only_its_leaders_lead(shipping: Shipping, base: Base) -> None:
    other = make_base(shipping)
    browser = coordinator(shipping)
    for typed, words in (
        (person(shipping, other.annotators[0]).staff_number, "没有标注员或组长的角色"),
        ("没有这个人", "没有找到“没有这个人”"),
        ("", "没有找到"),
        ("\x00@demo.example", "没有找到"),
    ):
        answer = browser.post(f"/teams/{base.team}/members", person=typed)
        assert answer.status_code == 422, typed
        assert words in answer.text
        assert 'id="error-person"' in answer.text
    for leader in (other.leader, base.annotators[0]):
        answer = browser.post(f"/teams/{base.team}/leader", leader=str(leader))
        assert answer.status_code == 422
        assert 'id="error-leader"' in answer.text
    assert browser.post(f"/teams/{base.team}/leader", leader=str(UUID(int=1))).status_code == 404
    assert browser.post(f"/teams/{UUID(int=1)}/leader", leader="").status_code == 404
    with shipping.database.read() as session:
        assert session.get_one(Team, base.team).leader_id == base.leader
        assert len(session.scalars(select(TeamMember).where(TeamMember.team_id == base.team)).all()) == 2


def test_the_crowd_is_found_by_name_or_number(shipping: Shipping, base: Base) -> None:
    browser = coordinator(shipping)
    found, other = (person(shipping, member) for member in base.annotators)
    partner = shipping.actor(Role.PARTNER_QA, shipping.firm())
    everybody = browser.get("/teams/people").text
    assert found.name in everybody
    assert partner.name not in everybody
    for typed in (found.staff_number, found.name, (found.email or "").upper(), f"  {found.staff_number} "):
        page = browser.client.get("/teams/people", params={"q": typed}).text
        assert found.name in page, typed
        assert other.name not in page, typed
    for typed in ("没有这个人", "%", "\x00", "' OR 1=1 --"):
        answer = browser.client.get("/teams/people", params={"q": typed})
        assert answer.status_code == 200, typed
    assert "没有找到“%”" in browser.client.get("/teams/people", params={"q": "%"}).text


def test_somebody_of_two_roles_is_listed_once(shipping: Shipping, base: Base) -> None:
    member = person(shipping, base.annotators[0])
    with shipping.database.write() as session:
        session.add(
            Membership(person_id=member.id, organisation_id=base.id, role=Role.LEADER, created_at=shipping.clock.now())
        )
    assert coordinator(shipping).get("/teams/people").text.count(member.name) == 1


def test_lists_ask_the_same_number_of_questions_whatever_their_size(shipping: Shipping, base: Base) -> None:
    browser = coordinator(shipping)
    paths = ("/teams", f"/teams/{base.team}", "/teams/people")
    asked = []
    for _ in range(2):
        counts = []
        for path in paths:
            with statements_of(shipping.database) as statements:
                assert browser.get(path).status_code == 200
            counts.append(len(statements))
        asked.append(counts)
        for _ in range(4):
            make_base(shipping)
            member = annotator_in(shipping, base.id)
            with shipping.database.write() as session:
                session.add(TeamMember(person_id=member, team_id=base.team, joined_at=shipping.clock.now()))
    assert asked[0] == asked[1]


def test_the_crowd_comes_in_pages(shipping: Shipping, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leye_platform.teams.queries.PEOPLE_A_PAGE", 2)
    browser = coordinator(shipping)
    seen = []
    for number in (1, 2):
        page = browser.get(f"/teams/people?page={number}").text
        seen += re.findall(r'href="/teams/people/([0-9a-f-]{36})"', page)
    assert sorted(seen) == sorted(map(str, (base.leader, *base.annotators)))
    assert browser.get("/teams/people?page=99").status_code == 200
    assert browser.get("/teams/people?page=-1").status_code == 200
