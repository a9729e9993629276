"""Responses as Label Studio's annotations: their integers, their authors as integers, their regions as they came."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.core_tables import batches, is_split, items, people, projects, responses
from leye_platform.partner_api.bodies import at
from leye_platform.partner_api.errors import AnnotationNotThere
from leye_platform.partner_api.reach import oversees, within
from leye_platform.permissions import Permission

KEPT: ColumnElement[str] = literal_column("'kept'")


class Annotation(NamedTuple):
    """A response; all its ids are integers of the outside. corrected_at: when its author last put it right, if ever."""

    number: int
    result: list[Any]
    active_ms: int
    submitted_at: datetime
    corrected_at: datetime | None
    author: int
    task: int
    project: int

    def answer(self) -> dict[str, Any]:
        """In Label Studio's form."""
        return {
            "id": self.number,
            "result": self.result,
            "completed_by": self.author,
            "task": self.task,
            "project": self.project,
            "lead_time": self.active_ms / 1000,
            "created_at": at(self.submitted_at),
            "updated_at": at(self.corrected_at or self.submitted_at),
            "was_cancelled": False,
            "ground_truth": False,
            "created_username": str(self.author),
            "result_count": len(self.result),
            "unique_id": None,
            "last_action": None,
            "last_created_by": None,
            "updated_by": self.author,
            "bulk_created": False,
            "parent_prediction": None,
            "parent_annotation": None,
            "draft_created_at": None,
            "import_id": None,
            "prediction": {},
        }


def _annotations() -> Select[*tuple[Any, ...]]:
    """With `_reached`: answers to gold items are only their author's to see, who must not learn which ones are."""
    return (
        select(
            responses.c.number,
            func.coalesce(responses.c.as_sent, responses.c.result),
            responses.c.active_ms,
            responses.c.submitted_at,
            responses.c.corrected_at,
            people.c.number,
            items.c.number,
            projects.c.number,
        )
        .select_from(responses)
        .join(items, items.c.id == responses.c.item_id)
        .join(people, people.c.id == responses.c.person_id)
        .join(projects, projects.c.id == responses.c.project_id)
        # Positions in an answer to a part are of no use beside the whole; the decision has them joined.
        .join(batches, batches.c.id == responses.c.batch_id)
        .where(projects.c.put_away_at.is_(None), batches.c.data_state == KEPT, ~is_split(items.c.id))
        .order_by(responses.c.number)
    )


ANNOTATIONS = _annotations()


def annotations_of_tasks(session: Session, actor: Actor, numbers: Sequence[int]) -> dict[int, list[Annotation]]:
    """The annotations by task; for those who only label, their own."""
    query = ANNOTATIONS.where(items.c.number.in_(numbers))
    query = _reached(query, actor)
    found: dict[int, list[Annotation]] = {}
    for row in session.execute(query):
        annotation = Annotation(*row)
        found.setdefault(annotation.task, []).append(annotation)
    return found


def annotation_numbered(session: Session, actor: Actor, number: int) -> Annotation:
    """One annotation within the actor's reach.

    Raises AnnotationNotThere.
    """
    query = ANNOTATIONS.where(responses.c.number == number)
    query = _reached(query, actor)
    row = session.execute(query).first()
    if row is None:
        raise AnnotationNotThere
    return Annotation(*row)


def _reached(query: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    own = responses.c.person_id == actor.person_id
    if not oversees(actor):
        return query.where(own)
    return query.where(or_(own, and_(responses.c.gold.is_(False), within(actor, Permission.EXPORT))))
