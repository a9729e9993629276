"""A small town at work: people of every role, and things in every state that a page can show."""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import select

from leye_platform.accounts.models import Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.submit import Submission, submit
from leye_platform.guides.drafts import save_draft
from leye_platform.guides.publish import publish_draft
from leye_platform.guides.questions import answer, ask
from leye_platform.guides.rules import Example, GuideText, PlacedPicture
from leye_platform.installation import Installation
from leye_platform.projects.additions import store_addition
from leye_platform.projects.ingest import run_addition, run_ingest
from leye_platform.projects.models import Addition, Batch, Item, Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.teams.models import Team, TeamMember
from support.clock import MovableClock
from support.factories import (
    TOPICS,
    chosen,
    make_gold,
    make_guide_picture,
    make_organisation,
    make_person,
    make_project,
)
from support.shipping import Shipping, actor_of

CHECKED = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1, gold_share=0)
SECOND_GUIDE = "# 怎么选\n\n按整条评论的意思选。拿不准的，选最接近的。\n\n[图 1]"
ROWS = 'review,external_id\n"包装很好，送得也快",A-1\n"面有点坨了",A-2\n,A-3\n"汤很鲜",A-1\n'


@dataclass(frozen=True)
class Town:
    """Its people by role; each is signed in by `shipping.browser`."""

    shipping: Shipping
    people: dict[Role, UUID]


def make_town(installation: Installation, clock: MovableClock) -> Town:
    """Seed the installation: every role has something to do and something behind it."""
    shipping = Shipping(installation, clock)
    people, firm = _people(shipping)
    author = _annotator(shipping, people[Role.ANNOTATOR])
    settled = shipping.shipped(3, firm=firm)
    shipping.accept(settled.lot_id)
    shipping.invoice(firm)
    waiting = shipping.shipped(4, firm=firm)
    qa = shipping.actor(Role.PARTNER_QA, firm)
    shipping.send_back(qa, waiting.lot_id, shipping.items_of(waiting.lot_id)[:1])
    shipping.shipped(3, firm=firm)
    checked = shipping.batch(4, pipeline=CHECKED, organisation=_organisation(shipping, firm))
    for _ in range(3):
        shipping.answers(author, shipping.claims(author, checked.project_id))
    several = shipping.batch(5, label_config=TOPICS, organisation=_organisation(shipping, firm))
    _submit(shipping, author, shipping.claims(author, several.project_id), chosen("价格", "味道", control="topic"))
    shipping.claims(author, several.project_id)
    _read_files(shipping, people[Role.COORDINATOR], firm)
    _change_guides(shipping, people)
    return Town(shipping, people)


def _people(shipping: Shipping) -> tuple[dict[Role, UUID], UUID]:
    with shipping.database.write() as session:
        operator = make_organisation(session, OrganisationKind.OPERATOR, "乐业运营")
        base = make_organisation(session, OrganisationKind.BASE, "第一基地")
        firm = make_organisation(session, OrganisationKind.PARTNER, "远山仓配")
        places = {Role.ANNOTATOR: base, Role.LEADER: base}
        people = {
            role: make_person(
                session, role, firm if role.value.startswith("partner-") else places.get(role, operator)
            ).id
            for role in Role
        }
        now = shipping.clock.now()
        team = Team(organisation_id=base.id, name="一组", leader_id=people[Role.LEADER], created_at=now)
        session.add(team)
        session.flush()
        session.add(TeamMember(person_id=people[Role.ANNOTATOR], team_id=team.id, joined_at=now))
        return people, firm.id


def _annotator(shipping: Shipping, person_id: UUID) -> Annotator:
    with shipping.database.read() as session:
        return Annotator(person_id, session.get_one(Person, person_id).number)


def _submit(shipping: Shipping, who: Annotator, assignment: UUID, result: list[dict[str, Any]]) -> None:
    given = Submission(result, str(assignment))
    with shipping.database.write() as session:
        submit(session, who, assignment, given, key_ring=shipping.keys, now=shipping.clock.now())


def _organisation(shipping: Shipping, firm: UUID) -> Organisation:
    with shipping.database.read() as session:
        return session.get_one(Organisation, firm)


def _change_guides(shipping: Shipping, people: dict[Role, UUID]) -> None:
    """Every project's guide gets a second version; the newest batch has gold that was made under the first."""
    with shipping.database.write() as session:
        newest = session.scalars(select(Batch).order_by(Batch.number.desc())).first()
        assert newest is not None
        session.get_one(Item, make_gold(session, newest).item_id).gold_result = chosen("正面")
        projects = session.scalars(select(Project.id).order_by(Project.number)).all()
    shipping.clock.move(minutes=5)
    for project_id in projects:
        _change_guide(shipping, people, project_id)


def _change_guide(shipping: Shipping, people: dict[Role, UUID], project_id: UUID) -> None:
    """A second version with an example and a picture, a draft of the third, two questions, one of them answered."""
    with shipping.database.write() as session:
        coordinator, annotator = (
            actor_of(session, session.get_one(Person, people[role])) for role in (Role.COORDINATOR, Role.ANNOTATOR)
        )
        project, now = session.get_one(Project, project_id), shipping.clock.now()
        text = GuideText(SECOND_GUIDE, (Example("面很鲜，就是贵", "价格、味道", True, "两样都说了。"),))
        picture = make_guide_picture(session, shipping.installation.objects, project)
        text = replace(text, pictures=(PlacedPicture(picture, 1, "一碗面，旁边是标着价格的菜单"),))
        save_draft(session, coordinator, project, text, now)
        publish_draft(session, coordinator, project, "拿不准的，选最接近的", now, over=1)
        save_draft(session, coordinator, project, GuideText("# 第三版\n\n还没写完。"), now)
        asked = [ask(session, annotator, project_id, words, now) for words in ("送得慢算服务吗？", "“还行”怎么选？")]
        answer(session, coordinator, project_id, asked[0].id, "算服务。", shared=True, now=now)


def _read_files(shipping: Shipping, coordinator: UUID, firm: UUID) -> None:
    """A batch that was read, with refused rows, and one whose file was refused whole."""
    script = shipping.script(coordinator)
    with shipping.database.write() as session:
        project = make_project(session, organisation=session.get_one(Organisation, firm)).id
    for name, content in (("三月.csv", ROWS.encode()), ("空的.csv", b"")):
        made = script.post(f"/api/v1/projects/{project}/batches", json={"name": name, "file_name": name}).json()
        shipping.installation.objects.put(f"uploads/{made['id']}/0001", BytesIO(content), content_type="text/csv")
        assert script.post(f"/api/v1/batches/{made['id']}/ingest").status_code == 202
        with shipping.database.read() as session:
            job = session.get_one(Batch, UUID(made["id"])).ingest_job
        assert job is not None
        run_ingest(shipping.installation, job, UUID(made["id"]))
        if content:
            _add_file(shipping, coordinator, UUID(made["id"]))


def _add_file(shipping: Shipping, coordinator: UUID, batch_id: UUID) -> None:
    """A further file of the batch, with rows of every kind."""
    path, script = f"/api/v1/batches/{batch_id}/additions", shipping.script(coordinator)
    addition_id = UUID(script.post(path, json={"file_name": "三月补充.csv"}).json()["id"])
    more = BytesIO((ROWS + "又来一条,B-1\n").encode())
    store_addition(shipping.installation.objects, addition_id, 1, more, 10_000)
    assert script.post(f"{path}/{addition_id}/ingest").status_code == 202
    with shipping.database.read() as session:
        job = session.get_one(Addition, addition_id).job_id
    assert job is not None
    run_addition(shipping.installation, job, addition_id)
