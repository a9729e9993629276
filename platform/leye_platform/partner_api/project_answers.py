"""Projects as Label Studio shows them. Counts come from indexes and sums, never from a walk over tasks."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.assignments.models import Response, WorkRecord
from leye_platform.guides.publish import newest_version
from leye_platform.partner_api.bodies import at
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.rules import DataState, ItemState, Pipeline
from leye_platform.projects.task_type import task_type
from leye_task_templates.label_config import ChoicesControl, LabelConfig, LabelsControl

DONE = (ItemState.DECIDED, ItemState.DELIVERED, ItemState.ACCEPTED)
SOME_LABELS = 100_000
"""From so many of the newest answers the summary's counts of labels are taken."""


def project_answer(session: Session, project: Project, *, counts: bool) -> dict[str, Any]:
    """A project. counts: whether the reader may know how far it is."""
    author = session.get_one(Person, project.created_by)
    guide = newest_version(session, project.id)
    pipeline = Pipeline.model_validate(project.pipeline)
    parsed = _parsed(project)
    told = {
        "id": project.number,
        "title": project.title,
        "description": project.description,
        "label_config": project.label_config,
        "parsed_label_config": parsed,
        "control_weights": {name: _weights(control) for name, control in parsed.items()},
        "expert_instruction": guide.body if guide else "",
        "show_instruction": False,
        "show_skip_button": True,
        "enable_empty_annotation": False,
        "show_annotation_history": False,
        "organization": 1,
        "color": "#FFFFFF",
        "maximum_annotations": pipeline.overlap_limit(),
        "is_published": True,
        "model_version": "",
        "is_draft": False,
        "created_by": {"id": author.number, "first_name": "", "last_name": "", "email": "", "avatar": None},
        "created_at": at(project.created_at),
        "min_annotations_to_start_training": 0,
        "start_training_on_annotation_update": False,
        "annotator_evaluation_enabled": False,
        "show_collab_predictions": project.show_proposals,
        "sampling": "Sequential sampling",
        "show_ground_truth_first": False,
        "show_overlap_first": False,
        "overlap_cohort_percentage": 100,
        "task_data_login": None,
        "task_data_password": None,
        "evaluate_predictions_automatically": False,
        "config_has_control_tags": True,
        "skip_queue": "REQUEUE_FOR_OTHERS",
        "reveal_preannotations_interactively": False,
        "pinned_at": None,
    }
    return told | (_counts(session, project.id) if counts else {})


def answers_and_predictions(session: Session, projects: Sequence[UUID]) -> tuple[int, int]:
    """How many annotations and predictions the tasks of some projects have together, decisions among the latter."""
    proposals = session.scalar(
        select(func.coalesce(func.sum(Batch.proposals_in), 0)).where(Batch.project_id.in_(projects))
    )
    return _answers(session, projects), int(proposals or 0) + _in_states(session, projects, DONE)


def _answers(session: Session, projects: Sequence[UUID]) -> int:
    counted = func.coalesce(func.sum(WorkRecord.answers - WorkRecord.gold_answers), 0)
    return int(session.scalar(select(counted).where(WorkRecord.project_id.in_(projects))) or 0)


def _counts(session: Session, project_id: UUID) -> dict[str, Any]:
    rows, proposals = session.execute(
        select(func.coalesce(func.sum(Batch.rows_in), 0), func.coalesce(func.sum(Batch.proposals_in), 0)).where(
            Batch.project_id == project_id, Batch.data_state == DataState.KEPT
        )
    ).one()
    here = (project_id,)
    withdrawn, finished = _in_states(session, here, (ItemState.WITHDRAWN,)), _in_states(session, here, DONE)
    answers = _answers(session, here)
    return {
        "task_number": int(rows) - withdrawn,
        "total_annotations_number": answers,
        "total_predictions_number": int(proposals),
        "num_tasks_with_annotations": finished,
        "finished_task_number": finished,
        "useful_annotation_number": answers,
        "ground_truth_number": 0,
        "skipped_annotations_number": 0,
        "queue_total": int(rows) - withdrawn - finished,
        "queue_done": finished,
    }


def _in_states(session: Session, projects: Sequence[UUID], states: Sequence[ItemState]) -> int:
    batches = select(Batch.id).where(Batch.project_id.in_(projects), Batch.data_state == DataState.KEPT)
    query = select(func.count()).select_from(Item)
    found = query.where(Item.batch_id.in_(batches), Item.state.in_(states), Item.gold_result.is_(None))
    return session.scalar(found) or 0


def _parsed(project: Project) -> dict[str, Any]:
    """The label config as Label Studio takes it apart: each control with its object and its labels."""
    config = task_type(project.task_type, project.label_config).config
    inputs = {shown.name: {"type": "Text", "value": shown.variable, "valueType": None} for shown in config.texts}
    inputs |= {shown.name: {"type": "Image", "value": shown.variable, "valueType": None} for shown in config.images}
    told = {}
    for control in controls_of(config):
        choices = control.labels if isinstance(control, LabelsControl) else control.choices
        told[control.name] = {
            "type": control.tag if isinstance(control, LabelsControl) else "Choices",
            "to_name": [control.to_name],
            "inputs": [inputs[control.to_name]],
            "labels": [choice.value for choice in choices],
            "labels_attrs": {choice.value: {"value": choice.value} for choice in choices},
        }
    return told


def _weights(control: Mapping[str, Any]) -> dict[str, Any]:
    return {"overall": 1.0, "type": control["type"], "labels": dict.fromkeys(control["labels"], 1.0)}


def controls_of(config: LabelConfig) -> list[ChoicesControl | LabelsControl]:
    """The controls that give an answer."""
    return [*config.controls, *config.labellings]


def summary_answer(session: Session, project: Project) -> dict[str, Any]:
    """What the tasks' data hold, and which labels were given how often (in the newest answers)."""
    rows = session.execute(
        select(Item.data).where(Item.project_id == project.id).order_by(Item.number.desc()).limit(1)
    ).first()
    columns = sorted(rows[0]) if rows else []
    kind = task_type(project.task_type, project.label_config)
    answers = session.execute(
        select(Response.result)
        .where(Response.project_id == project.id, Response.gold.is_(False))
        .order_by(Response.number.desc())
        .limit(SOME_LABELS)
    ).scalars()
    labels: dict[str, dict[str, int]] = {control.name: {} for control in controls_of(kind.config)}
    forms: dict[str, int] = {}
    for result in answers:
        for region in result:
            form = f"{region['from_name']}|{region['to_name']}|{region['type']}"
            forms[form] = forms.get(form, 0) + 1
            values = region["value"].get(region["type"], [])
            counted = labels.setdefault(region["from_name"], {})
            for value in values if isinstance(values, list) else [values]:
                counted[str(value)] = counted.get(str(value), 0) + 1
    number = session.scalar(select(func.coalesce(func.sum(Batch.rows_in), 0)).where(Batch.project_id == project.id))
    return {
        "id": project.number,
        "all_data_columns": {name: int(number or 0) for name in columns},
        "common_data_columns": columns,
        "created_annotations": forms,
        "created_labels": labels,
        "created_labels_drafts": {},
        "created_at": at(project.created_at),
    }
