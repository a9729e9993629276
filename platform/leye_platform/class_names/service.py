"""The map from a project's classes to their names in deliveries: read, and written."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.class_names.rules import kept_names, names_in_force, problems_of_names
from leye_platform.errors import FieldsRefused
from leye_platform.projects.models import Project
from leye_platform.projects.task_type import task_type
from leye_task_templates.class_names import classes_of
from leye_task_templates.label_config import Choice


def classes_in(project: Project) -> tuple[Choice, ...]:
    """The classes of the project's label config, in its order."""
    return classes_of(task_type(project.task_type, project.label_config).config)


def names_of(project: Project) -> dict[str, str]:
    """Every class with its name in deliveries, in the config's order."""
    return names_in_force([known.value for known in classes_in(project)], project.class_names)


def set_names(
    session: Session,
    actor: Actor,
    project: Project,
    given: Mapping[str, str],
    *,
    now: datetime,
    translate: Callable[[str], str] = str,
) -> None:
    """Call the classes so from now on, in all that is downloaded; one that is not given keeps its own name.

    Lots that were delivered keep their files. Raises FieldsRefused, with a sentence by class.
    """
    classes = [known.value for known in classes_in(project)]
    if problems := problems_of_names(classes, given, translate):
        raise FieldsRefused(problems)
    kept = kept_names(classes, given)
    if kept == project.class_names:
        return
    project.class_names = kept
    record(session, at=now, person_id=actor.person_id, action="project.class_names", subject_id=project.id, names=kept)
