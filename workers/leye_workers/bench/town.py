"""What the dispatch benchmark works on: a project with all rules on, an open batch of any size, and annotators."""

from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.accounts.service.api_tokens import new_api_token
from leye_platform.accounts.service.organisations import create_organisation
from leye_platform.accounts.service.people import NewPerson, add_person, add_role
from leye_platform.installation import Installation
from leye_platform.projects.new_project import NewProject, create_project
from leye_platform.projects.rules import BatchPurpose
from leye_platform.projects.service import create_batch
from leye_workers.batch_import import first_admin
from leye_workers.bench.batches import read_and_open
from leye_workers.demo.sentiment import GUIDE, LABEL_CONFIG, VARIABLE
from leye_workers.demo.texts import NEGATIVE, POSITIVE

ANNOTATORS, GOLD = 20, 40
PIPELINE: dict[str, object] = {
    "kind": "consensus",
    "overlap_start": 2,
    "overlap_limit": 5,
    "confidence": 0.9,
    "gold_share": 0.05,
}
TEXT = "第 {} 条：房间不大，倒也干净，前台换了三个人才办好入住，早餐的粥很好喝，隔壁装修从早上八点吵到中午。"


@dataclass(frozen=True)
class Town:
    """A project with an open batch, and a token of each annotator."""

    project_id: UUID
    tokens: tuple[str, ...]


def build_town(installation: Installation, items: int) -> Town:
    """Make all of it through the services, the batch by the ingest job."""
    with installation.database.write() as session:
        tokens = _people(session, installation)
        batch_id, project_id = _project(session, installation)
    rows = [{VARIABLE: TEXT.format(n)} for n in range(items)]
    rows += [{VARIABLE: TEXT.format(f"G{n}"), "gold_answer": (POSITIVE, NEGATIVE)[n % 2]} for n in range(GOLD)]
    content = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    read_and_open(installation, batch_id, content)
    return Town(project_id, tokens)


def _people(session: Session, installation: Installation) -> tuple[str, ...]:
    """An admin, and annotators who sign in by token: passwords are slow on purpose."""
    now = installation.clock.now()
    operator = create_organisation(session, OrganisationKind.OPERATOR, "Operator", now)
    add_role(session, add_person(session, NewPerson("Admin"), now), Role.ADMIN, operator, now)
    tokens = []
    for number in range(ANNOTATORS):
        person = add_person(session, NewPerson(f"Annotator {number:02}"), now)
        add_role(session, person, Role.ANNOTATOR, operator, now)
        tokens.append(new_api_token(session, person.id, "bench", now))
    return tuple(tokens)


def _project(session: Session, installation: Installation) -> tuple[UUID, UUID]:
    """A project with a batch that waits for its file: (batch, project)."""
    now, admin = installation.clock.now(), first_admin(session)
    partner = create_organisation(session, OrganisationKind.PARTNER, "Partner", now)
    given = NewProject(
        organisation_id=partner.id,
        title="Dispatch",
        label_config=LABEL_CONFIG,
        pipeline=PIPELINE,
        guide=GUIDE,
        unit_price="0.30",
        answer_pay="0.06",
    )
    project = create_project(session, admin, given, now)
    batch = create_batch(
        session, admin, project, "Dispatch", purpose=BatchPurpose.PRODUCTION, file_names=["rows.jsonl"], now=now
    )
    return batch.id, project.id
