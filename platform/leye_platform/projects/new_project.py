"""A new project: every field looked at before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import OrganisationKind
from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.errors import N_, FieldsRefused
from leye_platform.guides.publish import add_guide
from leye_platform.guides.rules import problem_of_body
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects.errors import RateRefused
from leye_platform.projects.label_config_check import problems_of_config, task_type_for
from leye_platform.projects.models import Project
from leye_platform.projects.rates import exact_rate, set_pay, set_price
from leye_platform.projects.rules import LONGEST_TITLE, PaidWork, Pipeline, one_line, problems_of_pipeline
from leye_platform.projects.splitting import Splitting, problems_of_splitting

FIELDS = (
    "title",
    "organisation",
    "task_type",
    "label_config",
    "guide",
    "unit_price",
    "answer_pay",
    "review_pay",
    "pipeline",
    "overlap_start",
    "overlap_limit",
    "confidence",
    "check_share",
    "gold_share",
    "splitting",
    "texts_above",
    "pictures_above",
    "tile",
    "tile_overlap",
)
"""The fields that may want a change, in the order in which they are told."""
RATES = ("unit_price", "answer_pay", "review_pay")


@dataclass(frozen=True)
class NewProject:
    """What a project is made of; prices as text, exact. A form gives the id, so that sent twice it makes one.

    Without a task type it is the one that the label config is for. A partner's people name no prices (None): the
    operator sets them, and before that no batch opens.
    """

    organisation_id: UUID | None
    title: str
    label_config: str
    pipeline: dict[str, object]
    guide: str
    unit_price: str | None = None
    answer_pay: str | None = None
    review_pay: str | None = None
    task_type: str = ""
    show_proposals: bool = False
    splitting: dict[str, object] = field(default_factory=dict)
    id: UUID | None = None

    @property
    def type_meant(self) -> str:
        """The task type, told or found."""
        return self.task_type or task_type_for(self.label_config)


def problems_of_project(
    session: Session, actor: Actor, given: NewProject, translate: Callable[[str], str] = str
) -> dict[str, str]:
    """A sentence for each field that wants a change, in the order of the form; empty where a project can be made."""
    found = problems_of_config(given.type_meant, given.label_config, translate)
    found |= problems_of_pipeline(given.pipeline, translate)
    found |= problems_of_splitting(given.splitting, translate)
    if not one_line(given.title):
        found["title"] = translate(N_("请填项目名称。"))
    elif len(given.title) > LONGEST_TITLE:
        found["title"] = translate(N_("项目名称太长，最多 200 个字。"))
    scope = actor.partner_scope(Permission.MAKE_PROJECT)
    partner = session.get(Organisation, given.organisation_id) if given.organisation_id else None
    if (
        partner is None
        or partner.kind is not OrganisationKind.PARTNER
        or (scope is not None and partner.id not in scope)
    ):
        found["organisation"] = translate(N_("请选一家合作企业。列表里没有的，先请管理员建好。"))
    if sentence := problem_of_body(given.guide, translate):
        found["guide"] = sentence
    found |= _problems_of_rates(given, by_partner=scope is not None, translate=translate)
    return {name: found[name] for name in sorted(found, key=FIELDS.index)}


def _problems_of_rates(given: NewProject, *, by_partner: bool, translate: Callable[[str], str]) -> dict[str, str]:
    found = {}
    for name in RATES:
        text = getattr(given, name)
        if by_partner and text is not None:
            found[name] = translate(N_("价格和报酬由乐业的项目经理定，请不要填。"))
        elif not by_partner and (text is not None or name != "review_pay"):
            try:
                exact_rate(text or "")
            except RateRefused as refused:
                found[name] = translate(refused.sentence).format(**refused.arguments)
    return found


def create_project(
    session: Session, actor: Actor, given: NewProject, now: datetime, translate: Callable[[str], str] = str
) -> Project:
    """A project with its first guide, and with price and pay where the operator's people make it.

    With an id that is there already: that project. Raises FieldsRefused, with a sentence for each field that wants
    a change.
    """
    standing = session.get(Project, given.id) if given.id else None
    if standing is not None and standing.created_by == actor.person_id:
        return standing
    problems = problems_of_project(session, actor, given, translate)
    if problems or given.organisation_id is None:
        raise FieldsRefused(problems)
    project = Project(
        id=new_id() if standing is not None or given.id is None else given.id,
        organisation_id=given.organisation_id,
        title=one_line(given.title),
        task_type=given.type_meant,
        label_config=given.label_config,
        pipeline=Pipeline.model_validate(given.pipeline).stored(),
        show_proposals=given.show_proposals,
        splitting=Splitting.model_validate(given.splitting).stored(),
        created_at=now,
        created_by=actor.person_id,
    )
    try:
        with session.begin_nested():
            session.add(project)
    except IntegrityError:  # the same form, sent twice at one moment: the other one has made the project
        return session.get_one(Project, given.id)
    add_guide(session, actor, project, given.guide, now)
    if given.unit_price is not None:
        set_price(session, actor, project, exact_rate(given.unit_price), valid_from=now, now=now)
        # A review pays nothing where nobody said what it pays.
        set_pay(session, actor, project, PaidWork.REVIEW, exact_rate(given.review_pay or "0"), now=now)
    if given.answer_pay is not None:
        set_pay(session, actor, project, PaidWork.ANNOTATE, exact_rate(given.answer_pay), now=now)
    record(session, at=now, person_id=actor.person_id, action="project.create", subject_id=project.id)
    return project
