"""Refit what each annotator of a project gets right, from all its answers; a job asks for it every so often.

Reading and fitting take seconds in a large project: they hold no lock, and only what was found is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import UpdateBase, bindparam, case, func, literal_column, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    annotator_skills,
    batches,
    dialect_of,
    insert_into,
    micro_tasks,
    projects,
    responses,
    skill_fits,
    work_records,
)
from leye_platform.assignments.known_truth import IN_GOLD_ROUND, decided, known, known_labels
from leye_platform.assignments.rules import BROUGHT, ProposalUse
from leye_platform.projects.rules import Pipeline
from leye_platform.projects.task_type import task_type
from leye_platform.review.asking import asking_learned
from leye_platform.review.kept_fits import drop_unwanted, is_new, keep_fit
from leye_platform.review.rules import DecisionMethod
from leye_platform.teams.flags import NOTHING_FOUND, FoundFlags, keep_flags, looked_through
from leye_task_templates.consensus import FittedProject, GivenAnswer

AT_A_TIME = 5000
MOST_ANSWERS = 200_000
"""From so many of its newest answers a project's skills are fitted: those of long ago say little about today."""

PROJECT = (
    select(projects.c.task_type, projects.c.label_config, projects.c.pipeline, skill_fits.c.asking)
    .outerjoin(skill_fits, skill_fits.c.project_id == projects.c.id)
    .where(projects.c.id == bindparam("project"))
)
_older = responses.alias("older")
_TOO_OLD = (
    select(_older.c.number)
    .where(_older.c.project_id == bindparam("project"))
    .order_by(_older.c.number.desc())
    .offset(MOST_ANSWERS)
    .limit(1)
    .scalar_subquery()
)
NO_LONGER_KEPT = select(batches.c.id).where(
    batches.c.project_id == bindparam("project"), batches.c.data_state != literal_column("'kept'")
)
ANSWERS = (
    select(
        responses.c.microtask_id,
        responses.c.person_id,
        responses.c.labels,
        # Of a decided item that serves as gold, its decision.
        case(
            (responses.c.round == IN_GOLD_ROUND, known_labels(responses.c.microtask_id)),
            else_=micro_tasks.c.gold_labels,
        ),
        responses.c.number,
        responses.c.batch_id,
        responses.c.idempotency_key.startswith(BROUGHT),
        responses.c.round == IN_GOLD_ROUND,
        case((responses.c.round == IN_GOLD_ROUND, known(decided.c.method, responses.c.microtask_id))),
    )
    .join(micro_tasks, micro_tasks.c.id == responses.c.microtask_id)
    # Who keeps what a model proposed shows the model's skill.
    .where(
        responses.c.project_id == bindparam("project"),
        responses.c.proposal_use != ProposalUse.KEPT,
        responses.c.number > func.coalesce(_TOO_OLD, 0),
        # What is erased says nothing any more; a skill that was measured by it stays until there are others.
        responses.c.batch_id.not_in(NO_LONGER_KEPT),
    )
    .order_by(responses.c.number)
    .execution_options(yield_per=AT_A_TIME)
)


GOLD_FACTORS = select(work_records.c.person_id, work_records.c.gold_factor).where(
    work_records.c.project_id == bindparam("project")
)
PUT_GOLD_FACTOR = (
    update(work_records)
    .where(work_records.c.person_id == bindparam("person"), work_records.c.project_id == bindparam("project"))
    .values(gold_factor=bindparam("factor"))
)


@cache
def _put_skills(dialect: str) -> UpdateBase:
    adding = insert_into(dialect, annotator_skills)
    return adding.on_conflict_do_update(
        index_elements=[annotator_skills.c.person_id, annotator_skills.c.project_id],
        set_={"skill": adding.excluded.skill, "fitted_at": adding.excluded.fitted_at},
    )


@cache
def _put_fit(dialect: str, *, new: bool) -> UpdateBase:
    adding = insert_into(dialect, skill_fits)
    kept = {name: adding.excluded[name] for name in ("prior", "answers", "fitted_at", "asking")}
    counted = {"number": skill_fits.c.number + int(new)}
    putting = adding.on_conflict_do_update(index_elements=[skill_fits.c.project_id], set_={**kept, **counted})
    return putting.returning(skill_fits.c.number)


@dataclass(frozen=True)
class Refit:
    """What the answers of a project say; `answers` is how many there were.

    gold_factors: what each person's share of gold is multiplied with from now on. asking: how long the project asks.
    """

    fitted: FittedProject
    answers: int
    found: FoundFlags
    gold_factors: Mapping[UUID, float]
    asking: dict[str, Any] | None


def refit_project(session: Session, project_id: UUID) -> Refit | None:
    """Fit skills and prior of a project as its task type does, gold items with their known truth, and look whose
    answers a human should see; None where there are no answers. Reads only."""
    name, label_config, pipeline, before = session.execute(PROJECT, {"project": project_id}).one()
    kind = task_type(name, label_config)
    looked = looked_through(session, project_id)
    answers: list[GivenAnswer] = []
    unreviewed: list[GivenAnswer] = []
    through = 0
    rows = session.execute(ANSWERS, {"project": project_id})
    for task, person, labels, gold, number, batch, brought, as_gold, method in rows:
        # What a file brought along says what is true; it was given elsewhere, and flags nobody here.
        fresh = not brought and number > looked.get(person, 0)
        through = number
        if not as_gold:
            answers.append(GivenAnswer(task, person, labels, gold, fresh, batch, number))
        elif gold is not None:
            # Beside the answers that the item was decided by. What people decided is no truth to fit them by.
            to = answers if method is DecisionMethod.REVIEW else unreviewed
            to.append(GivenAnswer((task, method), person, labels, gold, fresh, batch, number, again=True))
    if not answers:
        return None
    fitted = kind.consensus.fit(answers, unreviewed)
    flags = {person: flags for person, flags in fitted.flags.items() if isinstance(person, UUID)}
    people = frozenset(answer.person for answer in answers)
    found = FoundFlags(flags, people, through, looked)
    # Without decided items that serve as gold: a reviewer had them because they are hard.
    as_they_came = [one for one in answers if not one.again]
    asking = asking_learned(as_they_came, fitted, kind.consensus, Pipeline.model_validate(pipeline), before)
    # Of everybody who answered, whatever a human has said of them: it asks how much of them is known.
    gold_factors = {person: factor for person, factor in fitted.gold_factors.items() if isinstance(person, UUID)}
    return Refit(fitted, len(answers), found, gold_factors, asking)


def keep_refit(session: Session, project_id: UUID, refit: Refit | None, now: datetime) -> None:
    """Write AnnotatorSkill, SkillFit, KeptFit, what PersonFlag shows and each WorkRecord's share of gold. Safe to run
    again.

    Without answers, skills stay as they were measured and open flags go.
    """
    if refit is None:
        drop_unwanted(session, project_id)
        keep_flags(session, project_id, NOTHING_FOUND, now)
        return
    dialect = dialect_of(session)
    skills = {str(person): skill for person, skill in refit.fitted.skills.items()}
    new = is_new(session, project_id, refit.fitted.prior, skills)
    rows = [
        {"person_id": person, "project_id": project_id, "skill": skill, "fitted_at": now}
        for person, skill in refit.fitted.skills.items()
    ]
    session.execute(_put_skills(dialect), rows)
    fit = {
        "project_id": project_id,
        "prior": refit.fitted.prior,
        "answers": refit.answers,
        "fitted_at": now,
        "number": 1,
        "asking": refit.asking,
    }
    number = session.execute(_put_fit(dialect, new=new), fit).scalar_one()
    if new:
        kept = {"number": number, "prior": refit.fitted.prior, "skills": skills, "fitted_at": now}
        keep_fit(session, project_id, kept)
    drop_unwanted(session, project_id)
    keep_flags(session, project_id, refit.found, now)
    _keep_gold_factors(session, project_id, refit.gold_factors)


def _keep_gold_factors(session: Session, project_id: UUID, factors: Mapping[UUID, float]) -> None:
    """Only those that have changed, last of all and in the order of people: a submit counts in the same rows, holds one
    of them at a time, and waits for hardly any."""
    now_kept = dict(session.execute(GOLD_FACTORS, {"project": project_id}).all())
    changed = [
        {"person": person, "project": project_id, "factor": factors[person]}
        for person in sorted(now_kept.keys() & factors.keys())
        if now_kept[person] != factors[person]
    ]
    if changed:
        session.flush()
        session.execute(PUT_GOLD_FACTOR, changed)
