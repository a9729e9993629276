"""The administrator's pages: people, organisations, jobs that failed, who did what."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.models import Credential, Membership, Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role
from leye_platform.accounts.sign_in import sign_in
from leye_platform.administration.queries import LEAST_FREE_BYTES, RECORDS_A_PAGE, Disk
from leye_platform.administration.words import ACTION_WORDS, JOB_WORDS, PART_WORDS
from leye_platform.audit import AuditRecord
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow, ask_for
from support.clock import MovableClock
from support.factories import make_organisation, make_person
from support.shipping import Shipping, SignedIn
from support.statements import statements_of

PLATFORM = Path(__file__).parents[2] / "platform"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def admin(shipping: Shipping) -> SignedIn:
    return shipping.browser(shipping.actor(Role.ADMIN).person_id)


@pytest.fixture
def base(shipping: Shipping) -> UUID:
    with shipping.database.write() as session:
        return make_organisation(session, OrganisationKind.BASE, "张掖基地").id


def form(base: UUID, **changed: str) -> dict[str, str]:
    wanted = {"name": "标注员 30", "staff_number": "3030", "role": "annotator", "organisation": str(base)}
    return wanted | changed


def fields_refused(page: str) -> set[str]:
    return set(re.findall(r'id="error-(\w+)"', page))


def failed_job(shipping: Shipping) -> UUID:
    with shipping.database.write() as session:
        job_id = ask_for(session, JobName.DELIVER_LOT, {"lot_id": str(UUID(int=1))}, shipping.clock.now())
        assert job_id is not None
        row = session.get_one(OutboxRow, job_id)
        row.sent_at = row.failed_at = shipping.clock.now()
        row.attempts, row.problem = 6, "OSError: no space <left>"
        return job_id


def test_an_account_is_opened_with_a_password_shown_once(shipping: Shipping, admin: SignedIn, base: UUID) -> None:
    page = admin.post("/admin/people", **form(base, phone="138 0000 0000", email="A30@Demo.Example"))
    assert page.status_code == 200
    found = re.search(r'<p class="secret">([^<]+)</p>', page.text)
    assert found
    opened = sign_in(shipping.database, "3030", found[1], shipping.clock.now())
    assert opened.must_change_password
    assert opened.roles == {Role.ANNOTATOR}
    assert found[1] not in admin.get(f"/admin/people/{opened.person_id}").text
    with shipping.database.read() as session:
        person = session.get_one(Person, opened.person_id)
        assert person.sign_in_names == ["3030", "13800000000", "a30@demo.example"]
        assert (
            session.scalars(select(Membership.organisation_id).where(Membership.person_id == person.id)).one() == base
        )
        assert found[1] not in session.get_one(Credential, person.id).password_hash


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"name": ""}, {"name"}),
        ({"name": "a\x00b"}, {"name"}),
        ({"staff_number": ""}, {"staff_number"}),
        ({"staff_number": "1" * 33}, {"staff_number"}),
        ({"email": "nobody"}, {"email"}),
        ({"email": "a\x00@demo.example"}, {"email"}),
        ({"phone": "one two"}, {"phone"}),
        ({"role": ""}, {"role"}),
        ({"role": "king"}, {"role"}),
        ({"role": "partner-qa"}, {"organisation"}),
        ({"role": "finance"}, {"organisation"}),
        ({"organisation": "nowhere"}, {"organisation"}),
        ({"organisation": str(UUID(int=1))}, {"organisation"}),
        ({"name": "", "email": "nobody", "role": ""}, {"name", "email", "role"}),
    ],
)
def test_what_is_wrong_with_a_new_account_is_said_beside_its_field(
    shipping: Shipping, admin: SignedIn, base: UUID, changed: dict[str, str], fields: set[str]
) -> None:
    answer = admin.post("/admin/people", **form(base, **changed))
    assert answer.status_code == 422
    assert fields_refused(answer.text) == fields
    assert 'class="secret"' not in answer.text
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1, "nothing is half done"


def test_a_name_for_signing_in_that_is_taken_is_refused(shipping: Shipping, admin: SignedIn, base: UUID) -> None:
    assert admin.post("/admin/people", **form(base)).status_code == 200
    answer = admin.post("/admin/people", **form(base, name="标注员 31"))
    assert (answer.status_code, fields_refused(answer.text)) == (422, {"staff_number"})
    assert 'value="标注员 31"' in answer.text, "what was typed is kept"


def test_roles_are_given_and_taken_and_one_is_kept(shipping: Shipping, admin: SignedIn, base: UUID) -> None:
    with shipping.database.write() as session:
        person = make_person(session, Role.ANNOTATOR, session.get_one(Organisation, base)).id
    page = f"/admin/people/{person}"
    assert "/remove" not in admin.get(page).text
    given = admin.post(f"{page}/roles", role="leader", organisation=str(base))
    assert (given.status_code, given.headers["location"]) == (303, f"{page}?done=role")
    removals = re.findall(rf"{page}/roles/[0-9a-f-]+/remove", admin.get(page).text)
    assert len(removals) == 2
    for path, status in zip(removals, (303, 409), strict=True):
        assert admin.post(path).status_code == status
    with shipping.database.read() as session:
        assert session.scalars(select(Membership.role).where(Membership.person_id == person)).all() == [Role.LEADER]


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"role": "annotator"}, {"role"}),
        ({"role": "partner-qa"}, {"organisation"}),
        ({"role": ""}, {"role"}),
        ({"role": "leader", "organisation": ""}, {"organisation"}),
        ({}, {"role"}),
    ],
)
def test_a_role_that_does_not_fit_is_refused_beside_its_field(
    shipping: Shipping, admin: SignedIn, base: UUID, given: dict[str, str], fields: set[str]
) -> None:
    with shipping.database.write() as session:
        person = make_person(session, Role.ANNOTATOR, session.get_one(Organisation, base)).id
    answer = admin.post(f"/admin/people/{person}/roles", **{"organisation": str(base)} | given)
    assert (answer.status_code, fields_refused(answer.text)) == (422, fields)


def test_who_is_marked_as_left_is_out_at_once_and_back_when_restored(shipping: Shipping, admin: SignedIn) -> None:
    person = shipping.actor(Role.COORDINATOR).person_id
    browser, script = shipping.browser(person), shipping.script(person)
    assert admin.post(f"/admin/people/{person}/state", state="left").status_code == 303
    assert browser.get("/me").status_code == 303
    assert script.get("/api/v1/me").status_code == 401
    assert f"/admin/people/{person}" not in admin.get("/admin/people").text
    assert f"/admin/people/{person}" in admin.get("/admin/people?state=left").text
    assert admin.post(f"/admin/people/{person}/state", state="active").status_code == 303
    assert browser.get("/me").status_code == 303, "their old sign-ins stay ended"
    assert shipping.browser(person).get("/me").status_code == 200
    assert admin.post(f"/admin/people/{person}/state", state="gone").status_code == 422


def test_an_administrator_does_not_lock_the_door_on_themselves(shipping: Shipping) -> None:
    own = shipping.actor(Role.ADMIN).person_id
    admin = shipping.browser(own)
    page = admin.get(f"/admin/people/{own}").text
    assert f"/admin/people/{own}/state" not in page
    assert admin.post(f"/admin/people/{own}/state", state="left").status_code == 409
    with shipping.database.write() as session:
        operator = session.scalars(select(Membership.organisation_id).where(Membership.person_id == own)).one()
        membership = session.scalars(select(Membership.id).where(Membership.person_id == own)).one()
    assert admin.post(f"/admin/people/{own}/roles", role="finance", organisation=str(operator)).status_code == 303
    assert admin.post(f"/admin/people/{own}/roles/{membership}/remove").status_code == 409
    assert admin.get("/admin").status_code == 200


@pytest.mark.parametrize(("role", "status"), [(Role.PARTNER_ADMIN, 200), (Role.FINANCE, 200), (Role.ADMIN, 403)])
def test_an_administrator_resets_any_password_but_an_administrators(
    shipping: Shipping, admin: SignedIn, role: Role, status: int
) -> None:
    firm = shipping.firm() if role is Role.PARTNER_ADMIN else None
    person = shipping.actor(role, firm).person_id
    answer = admin.post(f"/admin/people/{person}/password")
    assert answer.status_code == status
    assert ('class="secret"' in answer.text) is (status == 200)


def test_people_are_found_and_listed_in_pages_by_a_constant_number_of_queries(
    shipping: Shipping, admin: SignedIn, base: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leye_platform.accounts.directory.PEOPLE_A_PAGE", 4)
    asked, seen = [], set()
    for _ in range(2):
        with statements_of(shipping.database) as statements:
            page = admin.get("/admin/people").text
        asked.append(len(statements))
        with shipping.database.write() as session:
            for _ in range(3):
                make_person(session, Role.ANNOTATOR, session.get_one(Organisation, base))
    assert asked[0] == asked[1]
    for number in (1, 2):
        page = admin.get(f"/admin/people?page={number}").text
        seen |= set(re.findall(r'href="/admin/people/([0-9a-f-]{36})"', page))
    assert len(seen) == 7
    with shipping.database.read() as session:
        one = session.scalars(select(Person).where(Person.id.in_(map(UUID, seen)))).first()
    assert one is not None
    found = admin.client.get("/admin/people", params={"q": one.staff_number}).text
    assert re.findall(r'href="/admin/people/([0-9a-f-]{36})"', found) == [str(one.id)]
    for typed in ("没有", "%", "_", "\x00"):
        assert admin.client.get("/admin/people", params={"q": typed}).status_code == 200
    assert admin.get("/admin/people?page=0").status_code == 200
    assert admin.get(f"/admin/people/{UUID(int=1)}").status_code == 404


def test_partners_and_bases_are_made_with_names_of_their_own(shipping: Shipping, admin: SignedIn) -> None:
    for kind, name in (("partner", "远山仓配"), ("base", "银川基地")):
        assert admin.post("/admin/organisations", kind=kind, name=f" {name} ").status_code == 303
        assert name in admin.get("/admin/organisations").text
    for kind, name, fields in (
        ("base", "远山仓配", {"name"}),
        ("base", "", {"name"}),
        ("base", "一" * 121, {"name"}),
        ("base", "a\x00b", {"name"}),
        ("operator", "另一个乐业", {"kind"}),
        ("", "无类", {"kind"}),
    ):
        answer = admin.post("/admin/organisations", kind=kind, name=name)
        assert (answer.status_code, fields_refused(answer.text)) == (422, fields), (kind, name)
    with shipping.database.read() as session:
        kinds = session.scalars(select(Organisation.kind).where(Organisation.name.in_(("远山仓配", "银川基地")))).all()
    assert sorted(kinds) == ["base", "partner"]


def test_the_home_says_that_all_is_well_or_what_is_not(
    shipping: Shipping, admin: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "一切正常" in admin.get("/admin").text
    with shipping.database.write() as session:
        ask_for(session, JobName.REFIT_SKILLS, {}, shipping.clock.now())
    assert "一切正常" in admin.get("/admin").text
    shipping.clock.move(minutes=11)
    page = admin.get("/admin").text
    assert "有要处理的事" in page
    assert "1 个在等" in page
    assert "后台任务可能没有在运行" in page
    with shipping.database.write() as session:
        session.scalars(select(OutboxRow)).one().done_at = shipping.clock.now()
    full = Disk(free=LEAST_FREE_BYTES - 1, total=10 * LEAST_FREE_BYTES)
    monkeypatch.setattr("leye_platform.administration.pages.disk_of", lambda folder: full)
    page = admin.get("/admin").text
    assert "有要处理的事" in page
    assert "快满了" in page


def test_a_part_that_does_not_answer_is_named(admin: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leye_platform.web.health.newest_revision", lambda: "9999")
    page = admin.get("/admin").text
    assert "有要处理的事" in page
    assert "run `leye migrate`" in page


def test_a_failed_job_is_shown_with_its_problem_and_tried_again(shipping: Shipping, admin: SignedIn) -> None:
    job_id = failed_job(shipping)
    page = admin.get("/admin").text
    assert "制作交付文件" in page
    assert "OSError: no space &lt;left&gt;" in page
    assert "jobs failed" in admin.get("/readyz").text
    assert admin.post(f"/admin/jobs/{job_id}/retry").headers["location"] == "/admin?done=retry"
    with shipping.database.read() as session:
        row = session.get_one(OutboxRow, job_id)
        assert (row.failed_at, row.problem, row.attempts, row.done_at) == (None, None, 0, None)
        deed = session.scalars(select(AuditRecord).where(AuditRecord.action == "job.retry")).one()
    assert (deed.subject_id, deed.detail) == (job_id, {"job": "deliver_lot"})
    assert admin.post(f"/admin/jobs/{job_id}/retry").status_code == 409, "somebody was quicker"
    assert admin.post(f"/admin/jobs/{UUID(int=1)}/retry").status_code == 409


def test_the_audit_log_is_read_from_the_newest_to_the_oldest(shipping: Shipping, admin: SignedIn) -> None:
    total = 2 * RECORDS_A_PAGE + 1
    with shipping.database.write() as session:
        for number in range(total):
            at = shipping.clock.now() + timedelta(minutes=number // 40)
            session.add(AuditRecord(at=at, action="organisation.create", detail={"name": f"单位 {number}。"}))
            session.flush()
    path, seen, pages = "/admin/audit", [], 0
    while path:
        page = admin.get(path).text
        seen += [int(number) for number in re.findall(r"单位 (\d+)。", page)]
        pages += 1
        older = re.search(r'href="(/admin/audit\?before=[^"]+)"', page)
        path = older[1] if older else ""
    assert seen == list(reversed(range(total)))
    assert pages == 3


def test_the_audit_log_tells_who_did_what_to_one_person(shipping: Shipping, admin: SignedIn) -> None:
    person = shipping.actor(Role.COORDINATOR).person_id
    admin.post(f"/admin/people/{person}/state", state="left")
    shipping.actor(Role.FINANCE)
    page = admin.get(f"/admin/audit?about={person}").text
    assert "标为已离开" in page
    assert page.count("<li>\n    <p><b>") == 1
    assert admin.get(f"/admin/audit?about={UUID(int=1)}").status_code == 200
    assert admin.get("/admin/audit?before=nonsense").status_code == 422


def test_an_empty_log_says_what_will_be_there(admin: SignedIn) -> None:
    assert "还没有记录" in admin.get("/admin/audit").text


def test_every_job_part_and_deed_of_accounts_has_a_word(shipping: Shipping, admin: SignedIn, base: UUID) -> None:
    assert set(JOB_WORDS) == set(JobName)
    assert set(admin.get("/readyz").json()["parts"]) - {"jobs"} == set(PART_WORDS)
    assert {f"person.{state.value}" for state in PersonState} <= set(ACTION_WORDS)
    admin.post("/admin/people", **form(base))
    with shipping.database.read() as session:
        assert set(session.scalars(select(AuditRecord.action))) <= set(ACTION_WORDS)


def test_every_deed_that_the_source_records_has_a_word() -> None:
    sources = [path.read_text(encoding="utf-8") for path in PLATFORM.rglob("*.py")]
    named = {action for source in sources for action in re.findall(r'action="([a-z_.]+)"', source)}
    assert len(named) > 20, "the pattern still finds what is recorded"
    assert named <= set(ACTION_WORDS)
