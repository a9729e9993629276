"""A project's task type: its template with the label config already parsed, kept between requests."""

from dataclasses import dataclass
from functools import lru_cache

from leye_task_templates.consensus import Consensus
from leye_task_templates.label_config import LabelConfig, parse_label_config
from leye_task_templates.registry import template_named
from leye_task_templates.template import TaskTemplate


@dataclass(frozen=True)
class TaskType:
    """A template, one project's label config, and how its answers combine."""

    template: TaskTemplate
    config: LabelConfig
    consensus: Consensus


@lru_cache(maxsize=512)
def task_type(name: str, label_config: str) -> TaskType:
    """The task type of a project, by its columns `task_type` and `label_config` (parsed once a process)."""
    template, config = template_named(name), parse_label_config(label_config)
    return TaskType(template, config, template.consensus(config))
