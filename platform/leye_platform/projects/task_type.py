"""A project's task type: its template with the label config already parsed, kept between requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from leye_task_templates.consensus import Consensus
from leye_task_templates.label_config import LabelConfig, parse_label_config
from leye_task_templates.registry import template_named
from leye_task_templates.splitting import SplitsItems
from leye_task_templates.template import TaskTemplate


@dataclass(frozen=True)
class TaskType:
    """A template, one project's label config, and how its answers combine."""

    template: TaskTemplate
    config: LabelConfig
    consensus: Consensus

    @cached_property
    def cutting(self) -> SplitsItems | None:
        """The template as one that cuts items; None where it cuts none.

        Kept: each row of a file asks twice, and looking at a protocol costs a tenth of a millisecond on Python 3.11.
        """
        return self.template if isinstance(self.template, SplitsItems) else None

    def glimpse(self, content: Mapping[str, Any], longest: int) -> str:
        """Which task it is, in a line: the beginning of its text, else the names of its pictures' files."""
        texts = [str(content[one.variable]) for one in self.config.texts]
        files = [str(one["file"]) for one in content.values() if isinstance(one, dict) and "file" in one]
        line = " ".join(" ".join(texts or files).split())
        return f"{line[:longest]}…" if len(line) > longest else line


@lru_cache(maxsize=512)
def task_type(name: str, label_config: str) -> TaskType:
    """The task type of a project, by its columns `task_type` and `label_config` (parsed once a process)."""
    template, config = template_named(name), parse_label_config(label_config)
    return TaskType(template, config, template.consensus(config))
