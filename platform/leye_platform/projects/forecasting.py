"""What is known beforehand of those who will answer a batch, and what it foretells. Reads only.

The people of the project, once a batch of it is done; else those of like projects: same task type, same number of
classes. Only where an answer is one class: of marks and boxes nothing is foretold yet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.matching.models import AnnotatorSkill, SkillFit
from leye_platform.projects.estimate import Estimate, Quantity, Rates, Way, WayForecast, estimate, ways
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.queries import Terms
from leye_platform.projects.rules import FINISHED_ITEMS, BatchPurpose, BatchState, ItemState, Pipeline, PipelineKind
from leye_platform.projects.task_type import task_type
from leye_platform.review.checks import mean_share_to_check
from leye_platform.review.confidence import REVIEWER_ACCURACY
from leye_quality.consensus import ConsensusKind
from leye_quality.forecast import Crowd, Member, Plan, foretell_batch
from leye_quality.posterior import Skill, default_confusion
from leye_task_templates.class_consensus import ClassConsensus

MOST_CLASSES = 30
"""Of more, a matrix has more cells than a page should read for each person."""
MOST_PEOPLE, MOST_PROJECTS, LATEST_BATCHES = 100, 5, 20
FEWEST_ITEMS = 20
"""A batch with fewer decided items says too little."""
FEWEST_ANSWERS = 100
"""Nor does a like project with fewer answers."""


class Basis(StrEnum):
    """What a forecast rests on. assumed: nothing is known, and three crowds are assumed."""

    TRIAL = "trial"
    BATCH = "batch"
    LIKE = "like"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Evidence:
    """Those who will answer, as far as is known. name, items: of the batch; projects: how many like ones."""

    basis: Basis
    crowd: Crowd
    name: str = ""
    items: int = 0
    projects: int = 0

    @property
    def people(self) -> int:
        return len(self.crowd.members)


@dataclass(frozen=True)
class Outlook:
    """What a batch will probably take: by the evidence, or, where there is none, by three assumed crowds.

    foretellable: whether answers of this kind can be foretold at all.
    """

    foretellable: bool
    pipeline: Pipeline
    quantity: Quantity
    assumed: Estimate
    evidence: Evidence | None = None
    ways: tuple[WayForecast, ...] = ()

    @property
    def basis(self) -> Basis:
        return self.evidence.basis if self.evidence else Basis.ASSUMED

    @property
    def chosen(self) -> WayForecast | None:
        """The way that the project takes now."""
        return next((one for one in self.ways if one.way == Way(self.pipeline.kind.value)), None)


def outlook_of(session: Session, batch: Batch, project: Project, quantity: Quantity, terms: Terms) -> Outlook | None:
    """What the items of a batch will probably cost and bring; None while a price or a pay is missing, or items."""
    if terms.price is None or terms.answer_pay is None or quantity.items == 0:
        return None
    pipeline = Pipeline.model_validate(project.pipeline)
    review_pay = terms.review_pay.rate if terms.review_pay else terms.answer_pay.rate * 0
    rates = Rates(terms.price.unit_price, terms.answer_pay.rate, review_pay)
    assumed = estimate(
        pipeline,
        quantity.items,
        unit_price=rates.unit_price,
        answer_pay=rates.answer_pay,
        review_pay=rates.review_pay,
        tasks=quantity.tasks,
    )
    classes = _classes(project)
    evidence = _evidence_for(session, batch, project, classes) if classes else None
    if evidence is None:
        return Outlook(classes is not None, pipeline, quantity, assumed)
    told = foretell_batch(evidence.crowd, _plan(pipeline, quantity.tasks, evidence.crowd))
    return Outlook(True, pipeline, quantity, assumed, evidence, ways(told, pipeline.gold_share, quantity, rates))


def _plan(pipeline: Pipeline, tasks: int, crowd: Crowd) -> Plan:
    """The settings of the project for its own pipeline, the usual ones for the other."""
    single = pipeline.kind is PipelineKind.SINGLE_CHECK
    several = Pipeline() if single else pipeline
    one = pipeline if single else Pipeline(kind=PipelineKind.SINGLE_CHECK)
    total = sum(member.share for member in crowd.members)
    people = [(member.skill.answers, member.share / total) for member in crowd.members]
    return Plan(
        items=tasks,
        start=several.start,
        limit=several.limit,
        confidence=several.confidence,
        check_share=mean_share_to_check(one.check_share, tasks, people),
        reviewer=REVIEWER_ACCURACY,
    )


def _evidence_for(session: Session, batch: Batch, project: Project, classes: int) -> Evidence | None:
    """From the project's own people where a batch of it is done, best a trial; else from those of like projects."""
    done = _done_batch(session, batch)
    fit = session.get(SkillFit, project.id) if done else None
    if done is not None and fit is not None and len(fit.prior) == classes:
        crowd = Crowd([_member(skill) for skill in _skills(session, project.id, classes)], tuple(fit.prior))
        if crowd.members:
            known, items = done
            basis = Basis.TRIAL if known.purpose is BatchPurpose.TRIAL else Basis.BATCH
            return Evidence(basis, crowd, known.name, items)
    return _from_like_projects(session, project, classes)


def _classes(project: Project) -> int | None:
    """How many classes an answer chooses one from; None where it is anything else, or where they are too many."""
    consensus = task_type(project.task_type, project.label_config).consensus
    if not isinstance(consensus, ClassConsensus) or consensus.kind is not ConsensusKind.SINGLE:
        return None
    return consensus.classes if 2 <= consensus.classes <= MOST_CLASSES else None


def _done_batch(session: Session, batch: Batch) -> tuple[Batch, int] | None:
    """A finished batch of the same project, the newest trial before the newest of others, and its decided items."""
    begun = (BatchState.OPEN, BatchState.PAUSED, BatchState.CLOSED)
    query = select(Batch).where(Batch.project_id == batch.project_id, Batch.id != batch.id, Batch.state.in_(begun))
    latest = session.scalars(query.order_by(Batch.number.desc()).limit(LATEST_BATCHES)).all()
    states: dict[UUID, dict[ItemState, int]] = {one.id: {} for one in latest}
    counts = (
        select(Item.batch_id, Item.state, func.count())
        .where(Item.batch_id.in_(states), Item.gold_result.is_(None))
        .group_by(Item.batch_id, Item.state)
    )
    for batch_id, state, count in session.execute(counts):
        states[batch_id][state] = count
    for one in sorted(latest, key=lambda known: known.purpose is not BatchPurpose.TRIAL):
        decided = sum(states[one.id].get(state, 0) for state in FINISHED_ITEMS - {ItemState.WITHDRAWN})
        open_still = one.state is not BatchState.CLOSED and not FINISHED_ITEMS.issuperset(states[one.id])
        if decided >= FEWEST_ITEMS and not open_still:
            return one, decided
    return None


def _skills(session: Session, project_id: UUID, classes: int) -> Iterator[Skill]:
    """What the last fits say of a project's people."""
    query = (
        select(AnnotatorSkill.skill)
        .where(AnnotatorSkill.project_id == project_id)
        .order_by(AnnotatorSkill.fitted_at.desc(), AnnotatorSkill.person_id)
        .limit(MOST_PEOPLE)
    )
    known = (Skill.from_json(skill) for skill in session.scalars(query))
    return (skill for skill in known if len(skill.confusion) == classes and skill.answers > 0)


def _member(skill: Skill) -> Member:
    return Member(skill, skill.answers, skill.answers)


def _from_like_projects(session: Session, project: Project, classes: int) -> Evidence | None:
    """Classes elsewhere are others: of people it is taken over how often they are right, of classes nothing."""
    query = (
        select(Project, SkillFit.prior)
        .join(SkillFit, SkillFit.project_id == Project.id)
        .where(Project.task_type == project.task_type, Project.id != project.id, SkillFit.answers >= FEWEST_ANSWERS)
        .order_by(SkillFit.fitted_at.desc(), Project.id)
        .limit(LATEST_BATCHES)
    )
    like = [(one.id, prior) for one, prior in session.execute(query) if _classes(one) == classes == len(prior)]
    members: list[Member] = []
    for project_id, prior in like[:MOST_PROJECTS]:
        members += [_stranger(skill, prior) for skill in _skills(session, project_id, classes)]
    if not members:
        return None
    return Evidence(Basis.LIKE, Crowd(members, (1 / classes,) * classes), projects=min(len(like), MOST_PROJECTS))


def _stranger(skill: Skill, prior: Sequence[float]) -> Member:
    """Somebody who begins in another project without a record, as able as in this one."""
    total = sum(prior)
    able = sum(share * row[k] for k, (share, row) in enumerate(zip(prior, skill.confusion, strict=True))) / total
    return Member(Skill(default_confusion(len(prior), able), 0, skill.dependence), skill.answers, skill.answers)
