"""Two firms and two bases side by side: whose a thing is decides who may reach it, whatever their role."""

from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from leye_platform.accounts.models import ApiToken, Membership, Organisation, Person, SignInSession
from leye_platform.accounts.rules import PARTNER_ROLES, OrganisationKind, Role
from leye_platform.accounts.tokens import hash_token, new_token
from leye_platform.app import create_app
from leye_platform.assignments.drafts import put_draft
from leye_platform.assignments.models import Assignment, Response
from leye_platform.assignments.own import Annotator
from leye_platform.exports.asking import ask_for_export
from leye_platform.guides.questions import ask
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.notices.events import password_was_reset
from leye_platform.notices.models import Notice
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.additions import create_addition, store_addition
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.pictures.keeping import keep_picture
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.retention.erasing import run_erasure
from leye_platform.retention.service import ask_for_erasure
from leye_platform.review.models import PersonFlag
from leye_platform.teams.models import HelpRequest, HelpTopic, Team, TeamMember
from leye_platform.uploads.rules import UploadKind
from leye_platform.uploads.service import NewUpload, add_upload, place_of
from leye_platform.webhooks.rules import Event
from leye_platform.webhooks.service import add_webhook, tell_webhooks
from leye_quality.flags import FlagKind
from support.clock import MovableClock
from support.factories import make_guide_picture, make_organisation, make_person
from support.pictures import photo, written
from support.shipping import Shipping, actor_of

FIRM = "远山仓配"
CHECKED = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1, gold_share=0)


@dataclass(frozen=True)
class Somebody:
    """A person of one role, with an API token."""

    person_id: UUID
    role: Role
    headers: dict[str, str]


@dataclass(frozen=True)
class Neighbours:
    """`residents` own or oversee the things; `strangers` have the same roles next door. `things`: by path parameter."""

    client: TestClient
    residents: dict[Role, Somebody]
    strangers: dict[Role, Somebody]
    things: dict[str, str]


def make_neighbours(installation: Installation, clock: MovableClock) -> Neighbours:
    """Seed both houses, and in the first one thing for every path parameter."""
    shipping = Shipping(installation, clock)
    with shipping.database.write() as session:
        operator = make_organisation(session, OrganisationKind.OPERATOR).id
        firms = [make_organisation(session, OrganisationKind.PARTNER, name).id for name in (FIRM, None)]
        bases = [make_organisation(session, OrganisationKind.BASE).id for _ in range(2)]
    residents, strangers = (_people(shipping, operator, firm, base) for firm, base in zip(firms, bases, strict=True))
    client = TestClient(create_app(installation), follow_redirects=False)
    things = _work(shipping, client, residents, firms[0]) | _base(shipping, residents, bases[0])
    things |= _guide(shipping, residents, UUID(things["project_id"])) | _notice(shipping, residents)
    things |= _picture(shipping, residents) | _addition(shipping, residents, UUID(things["batch_id"]))
    things |= _upload(shipping, residents, UUID(things["project_id"])) | {"part_number": "1"}
    things |= _export(shipping, residents, UUID(things["project_id"]))
    things |= _webhook(shipping, residents, UUID(things["project_id"]))
    things |= {"organisation_id": str(firms[0])} | _erasure(shipping, residents, firms[0])
    things |= {"job_id": _failed_job(shipping), "month": "2026-03", "language": "en", "code": "lot-missing"}
    return Neighbours(client, residents, strangers, things)


def _people(shipping: Shipping, operator: UUID, firm: UUID, base: UUID) -> dict[Role, Somebody]:
    people = {}
    with shipping.database.write() as session:
        for role in Role:
            place = firm if role in PARTNER_ROLES else base if role in {Role.ANNOTATOR, Role.LEADER} else operator
            person = make_person(session, role, session.get_one(Organisation, place))
            token = _token(shipping, person.id)
            session.add(token[0])
            people[role] = Somebody(person.id, role, {"Authorization": f"Bearer {token[1]}"})
    return people


def _token(shipping: Shipping, person_id: UUID) -> tuple[ApiToken, str]:
    token = new_token()
    row = ApiToken(person_id=person_id, name="walk", token_hash=hash_token(token), created_at=shipping.clock.now())
    return row, token


def _work(shipping: Shipping, client: TestClient, residents: dict[Role, Somebody], firm: UUID) -> dict[str, str]:
    """A lot that is accepted and invoiced; an answer that is being reviewed; a task in hand."""
    shipped = shipping.shipped(2, firm=firm)
    shipping.accept(shipped.lot_id)
    [invoice] = shipping.invoice(firm)
    with shipping.database.read() as session:
        organisation = session.get_one(Organisation, firm)
        person = session.get_one(Person, residents[Role.ANNOTATOR].person_id)
        author = Annotator(person.id, person.number)
    checked = shipping.batch(12, pipeline=CHECKED, organisation=organisation)
    shipping.answers(author, shipping.claims(author, checked.project_id))
    held = shipping.claims(author, checked.project_id)
    review = client.post("/api/v1/reviews/next", headers=residents[Role.REVIEWER].headers).json()
    with shipping.database.read() as session:
        response = session.scalars(select(Response).where(Response.person_id == author.person_id)).one()
        in_hand = session.get_one(Item, session.get_one(Assignment, held).item_id).number
        decided = session.scalars(select(Item.number).where(Item.batch_id == shipped.batch.batch_id)).first()
        project = session.get_one(Project, checked.project_id).number
    with shipping.database.write() as session:
        put_draft(session, held, [], shipping.clock.now())
    return {
        "project_id": str(checked.project_id),
        "batch_id": str(shipped.batch.batch_id),
        "lot_id": str(shipped.lot_id),
        "invoice_id": str(invoice),
        "assignment_id": str(held),
        "response_id": str(response.id),
        "project_number": str(project),
        "task_number": str(in_hand),
        "draft_number": str(in_hand),
        "annotation_number": str(response.number),
        "prediction_number": str(2 * (decided or 0) + 1),
        "review_id": review["id"],
        "key": f"lots/{shipped.lot_id}/labels.json",
    }


def _guide(shipping: Shipping, residents: dict[Role, Somebody], project_id: UUID) -> dict[str, str]:
    """A picture of the project's guide, and a question about it."""
    with shipping.database.write() as session:
        project = session.get_one(Project, project_id)
        picture = make_guide_picture(session, shipping.installation.objects, project)
        author = actor_of(session, session.get_one(Person, residents[Role.ANNOTATOR].person_id))
        question = ask(session, author, project_id, "送得慢算服务吗？", shipping.clock.now())
        return {"picture_id": str(picture), "question_id": str(question.id)}


def _upload(shipping: Shipping, residents: dict[Role, Somebody], project_id: UUID) -> dict[str, str]:
    """A file on its way, in one part."""
    given = NewUpload(UploadKind.BATCH, None, 1, "四月.zip", 5, None)
    subject_id = new_id()
    begun = shipping.installation.objects.parts.begin(place_of(given.kind, subject_id, given.number))
    with shipping.database.write() as session:
        engineer = actor_of(session, session.get_one(Person, residents[Role.PARTNER_ENGINEER].person_id))
        project, now = session.get_one(Project, project_id), shipping.clock.now()
        upload = add_upload(session, engineer, project, given, subject_id=subject_id, store_upload=begun, now=now)
        return {"upload_id": str(upload.id)}


def _export(shipping: Shipping, residents: dict[Role, Somebody], project_id: UUID) -> dict[str, str]:
    """A file of labels that waits to be written."""
    with shipping.database.write() as session:
        engineer = actor_of(session, session.get_one(Person, residents[Role.PARTNER_ENGINEER].person_id))
        project, now = session.get_one(Project, project_id), shipping.clock.now()
        return {"export_id": str(ask_for_export(session, engineer, project, format_name="JSON", now=now).id)}


def _webhook(shipping: Shipping, residents: dict[Role, Somebody], project_id: UUID) -> dict[str, str]:
    """A webhook that was told something."""
    with shipping.database.write() as session:
        engineer = actor_of(session, session.get_one(Person, residents[Role.PARTNER_ENGINEER].person_id))
        project, now = session.get_one(Project, project_id), shipping.clock.now()
        address, events = "https://firm.example/leye", [Event.LOT_DELIVERED]
        webhook = add_webhook(session, engineer, project, address, events, private=False, now=now)
        [message] = tell_webhooks(session, project_id, Event.LOT_DELIVERED, {}, now)
        return {"webhook_id": str(webhook.id), "message_id": str(message.id)}


def _erasure(shipping: Shipping, residents: dict[Role, Somebody], firm: UUID) -> dict[str, str]:
    """A batch whose content was erased."""
    shipped = shipping.shipped(1, firm=firm)
    shipping.accept(shipped.lot_id)
    shipping.invoice(firm)
    with shipping.database.write() as session:
        boss = actor_of(session, session.get_one(Person, residents[Role.PARTNER_ADMIN].person_id))
        batch = session.get_one(Batch, shipped.batch.batch_id)
        erasure_id = ask_for_erasure(session, boss, batch, batch.name, shipping.clock.now()).id
    run_erasure(shipping.installation, erasure_id)
    return {"erasure_id": str(erasure_id)}


def _notice(shipping: Shipping, residents: dict[Role, Somebody]) -> dict[str, str]:
    """Something that the annotator was told."""
    annotator = residents[Role.ANNOTATOR].person_id
    with shipping.database.write() as session:
        password_was_reset(session, annotator, shipping.clock.now())
        return {"notice_id": str(session.scalars(select(Notice.id).where(Notice.person_id == annotator)).first())}


def _picture(shipping: Shipping, residents: dict[Role, Somebody]) -> dict[str, str]:
    """A picture that the annotator was handed, by the annotator's own link."""
    kept = keep_picture(shipping.installation.objects, BytesIO(written(photo(60, 40))))
    links = PictureLinks(shipping.installation.secret, residents[Role.ANNOTATOR].person_id, shipping.clock.now())
    return {"sha256": kept.sha256, "part": links.url(kept.sha256, "shown").rpartition("/")[2]}


def _addition(shipping: Shipping, residents: dict[Role, Somebody], batch_id: UUID) -> dict[str, str]:
    """A further file of the batch, which waits to be read."""
    addition_id, limit = new_id(), 1000
    store_addition(shipping.installation.objects, addition_id, 1, BytesIO("review\n又一条\n".encode()), limit)
    with shipping.database.write() as session:
        engineer = actor_of(session, session.get_one(Person, residents[Role.PARTNER_ENGINEER].person_id))
        batch, now = session.get_one(Batch, batch_id), shipping.clock.now()
        addition = create_addition(session, engineer, batch, ["补.csv"], now, addition_id=addition_id)
        return {"addition_id": str(addition.id)}


def _base(shipping: Shipping, residents: dict[Role, Somebody], base: UUID) -> dict[str, str]:
    """A team with a member; a session and a token of the annotator that nothing walks with."""
    now = shipping.clock.now()
    annotator = residents[Role.ANNOTATOR].person_id
    with shipping.database.write() as session:
        team = Team(organisation_id=base, name="一组", leader_id=residents[Role.LEADER].person_id, created_at=now)
        member = make_person(session, Role.ANNOTATOR, session.get_one(Organisation, base))
        token, _ = _token(shipping, annotator)
        visit = SignInSession(
            token_hash=hash_token(new_token()),
            person_id=annotator,
            csrf_token=new_token(),
            created_at=now,
            expires_at=now.replace(year=now.year + 1),
        )
        session.add_all([team, token, visit])
        session.flush()
        session.add(TeamMember(person_id=member.id, team_id=team.id, joined_at=now))
        request = HelpRequest(person_id=member.id, topic=HelpTopic.OTHER, words="", asked_at=now)
        session.add(request)
        session.flush()
        membership = session.scalars(select(Membership.id).where(Membership.person_id == member.id)).one()
        return {
            "team_id": str(team.id),
            "help_id": str(request.id),
            "flag_id": _flag(session, shipping, member.id),
            "person_id": str(member.id),
            "membership_id": str(membership),
            "session_id": str(visit.id),
            "token_id": str(token.id),
        }


def _flag(session: Session, shipping: Shipping, person_id: UUID) -> str:
    """Somebody's answers that wait for a look."""
    now = shipping.clock.now()
    flag = PersonFlag(
        person_id=person_id,
        project_id=session.scalars(select(Project.id).limit(1)).one(),
        kind=FlagKind.CLICKING,
        first_answers=20,
        answers=40,
        agreed=0.5,
        held_against=0.5,
        through=1,
        shown=True,
        found_at=now,
    )
    session.add(flag)
    session.flush()
    return str(flag.id)


def _failed_job(shipping: Shipping) -> str:
    now = shipping.clock.now()
    with shipping.database.write() as session:
        row = OutboxRow(job=JobName.REFIT_SKILLS, arguments={}, created_at=now, sent_at=now, failed_at=now)
        session.add(row)
        session.flush()
        return str(row.id)
