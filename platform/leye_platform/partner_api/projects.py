"""Projects as clients of Label Studio make and change them; the services do the work."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import PARTNER_ROLES, OrganisationKind
from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.errors import N_, FieldsRefused
from leye_platform.guides.publish import add_guide
from leye_platform.partner_api.errors import ConfigMissing, ConfigStays, NoPartnerToOwnIt
from leye_platform.permissions import Permission
from leye_platform.projects.label_config_check import problems_of_config, task_type_for
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.rules import (
    LONGEST_TITLE,
    BatchState,
    Pipeline,
    PipelineKind,
    one_line,
    problems_of_pipeline,
    storable_text,
)
from leye_platform.projects.service import move_batch, show_proposals

UNTITLED = "New Project"
LONGEST_DESCRIPTION = 10_000
USUAL_GUIDE = N_("请看清每一条，按题目的选项作答。拿不准的，跳过并写明原因。")
MOST_ANSWERS = 15
CANCELLABLE = (BatchState.UPLOADING, BatchState.INGESTING, BatchState.READY, BatchState.OPEN, BatchState.PAUSED)


def pipeline_for(maximum_annotations: int) -> Pipeline:
    """Label Studio's one number as a pipeline: at 1 the answer decides, else it is the most that may be asked for."""
    if maximum_annotations == 1:
        return Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0)
    return Pipeline.model_validate({"kind": "consensus", "overlap_start": 2, "overlap_limit": maximum_annotations})


def found_project(session: Session, actor: Actor, given: Mapping[str, Any], now: datetime) -> Project:
    """A project without price: its firm's own members may label at once.

    Raises FieldsRefused, ConfigMissing, NoPartnerToOwnIt.
    """
    config = given.get("label_config")
    if not isinstance(config, str) or not config.strip():
        raise ConfigMissing
    fields = _fields(given)
    _check_config(config)
    project = Project(
        organisation_id=_owner(session, actor),
        title=fields.get("title", UNTITLED),
        description=fields.get("description", ""),
        task_type=task_type_for(config),
        label_config=storable_text(config),
        pipeline=fields.get("pipeline", pipeline_for(1)).stored(),
        show_proposals=fields.get("show_proposals", False),
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(project)
    session.flush()
    add_guide(session, actor, project, fields.get("guide") or USUAL_GUIDE, now)
    record(session, at=now, person_id=actor.person_id, action="project.create", subject_id=project.id)
    return project


def change_project(
    session: Session, actor: Actor, project: Project, given: Mapping[str, Any], now: datetime
) -> Project:
    """Change what the body names. What tasks ask for (`maximum_annotations`) counts for those imported from now on.

    Raises FieldsRefused, ConfigStays.
    """
    fields = _fields(given)
    config = given.get("label_config")
    if isinstance(config, str) and config != project.label_config:
        _check_config(config)
        if session.scalar(select(Item.id).where(Item.project_id == project.id).limit(1)) is not None:
            raise ConfigStays
        project.label_config, project.task_type = storable_text(config), task_type_for(config)
    project.title = fields.get("title", project.title)
    project.description = fields.get("description", project.description)
    if "pipeline" in fields:
        project.pipeline = fields["pipeline"].stored()
    if "show_proposals" in fields:
        show_proposals(session, actor, project, fields["show_proposals"], now)
    if fields.get("guide"):
        add_guide(session, actor, project, fields["guide"], now)
    record(session, at=now, person_id=actor.person_id, action="project.change", subject_id=project.id)
    return project


def put_away(session: Session, actor: Actor, project: Project, now: datetime) -> None:
    """Delete, as a client sees it: open work is cancelled and what was done is paid; the books keep it all."""
    batches = select(Batch).where(Batch.project_id == project.id, Batch.state.in_(CANCELLABLE)).order_by(Batch.id)
    for batch in session.scalars(batches.with_for_update()).all():
        move_batch(session, actor, batch, BatchState.CANCELLED, now)
    session.get_one(Project, project.id).put_away_at = now
    record(session, at=now, person_id=actor.person_id, action="project.put_away", subject_id=project.id)


def check_label_config(config: object) -> None:
    """Raises ConfigMissing, FieldsRefused."""
    if not isinstance(config, str) or not config.strip():
        raise ConfigMissing
    _check_config(config)


def _check_config(config: str) -> None:
    if problems := problems_of_config(task_type_for(config), config):
        raise FieldsRefused(problems)


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of the body is ours to keep, looked at. Raises FieldsRefused."""
    problems: dict[str, str] = {}
    fields: dict[str, Any] = {}
    for name, longest in (("title", LONGEST_TITLE), ("description", LONGEST_DESCRIPTION)):
        text = given.get(name)
        if text is None:
            continue
        if not isinstance(text, str) or len(text) > longest:
            problems[name] = N_("太长，或者不是文字。")
        else:
            fields[name] = one_line(text) if name == "title" else storable_text(text)
    if fields.get("title") == "":
        problems["title"] = N_("请填项目名称。")
    most = given.get("maximum_annotations")
    if most is not None:
        if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_ANSWERS:
            problems["maximum_annotations"] = N_("最多人数在 1 到 15 之间，不能少于起始人数。")
        else:
            fields["pipeline"] = pipeline_for(most)
            problems |= problems_of_pipeline(fields["pipeline"].stored())
    if isinstance(given.get("show_collab_predictions"), bool):
        fields["show_proposals"] = given["show_collab_predictions"]
    guide = given.get("expert_instruction")
    if isinstance(guide, str) and guide.strip():
        fields["guide"] = storable_text(guide)
    if problems:
        raise FieldsRefused(problems)
    return fields


def _owner(session: Session, actor: Actor) -> UUID:
    """The firm that a new project belongs to: the partner's own, else the operator."""
    own = [
        standing.organisation_id
        for standing in actor.standings
        if standing.role in PARTNER_ROLES or standing.kind is OrganisationKind.OPERATOR
    ]
    scope = actor.partner_scope(Permission.MAKE_PROJECT)
    mine = [organisation for organisation in own if scope is None or organisation in scope]
    if mine:
        return mine[0]
    operator = session.scalar(select(Organisation.id).where(Organisation.kind == OrganisationKind.OPERATOR))
    if scope is not None or operator is None:
        raise NoPartnerToOwnIt
    return operator
