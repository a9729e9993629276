"""What the demo knows of each task type: its projects, its material with the truth about it, how people answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from leye_workers.demo.people import SimulatedAnnotator
from leye_workers.demo.run_note import DemoRun

REVIEWER_ACCURACY = 0.97
Result = list[dict[str, Any]]


@dataclass(frozen=True)
class DemoProject:
    """A project as the coordinator makes it. Prices and pay are exact decimals in yuan."""

    title: str
    task_type: str
    label_config: str
    guide: str
    pipeline: Mapping[str, Any]
    unit_price: str
    answer_pay: str
    review_pay: str

    def body(self, partner: str) -> dict[str, Any]:
        """What the API takes."""
        return {
            "title": self.title,
            "organisation": partner,
            "label_config": self.label_config,
            "pipeline": dict(self.pipeline),
            "guide": self.guide,
            "unit_price": self.unit_price,
            "answer_pay": self.answer_pay,
            "review_pay": self.review_pay,
            "task_type": self.task_type,
        }


@dataclass(frozen=True)
class BatchFile:
    """What the partner uploads."""

    name: str
    content: bytes


class DemoKind(Protocol):
    """One task type of the demo. A *key* names one thing whose truth is known; the platform never sees the truth."""

    task_type: str
    items_named: str
    """What its items are, in the plural, for the progress bar."""

    def by_consensus(self, annotators: int) -> DemoProject:
        """The project that is worked to its end."""

    def by_single_answers(self) -> DemoProject:
        """The project that waits: one answer decides, a share of them goes to a reviewer."""

    def items(self, run: DemoRun) -> int:
        """How many items its batch holds, gold ones aside."""

    def batch(self, run: DemoRun) -> BatchFile:
        """The batch of a run; the same each time it is asked."""

    def waiting_batch(self, run: DemoRun) -> BatchFile:
        """The batch that waits for whoever signs in."""

    def key_of(self, data: Mapping[str, Any]) -> str | None:
        """The key of a task's data, or of an item's; None where it is none of the demo's."""

    def key_in_view(self, view: Mapping[str, Any]) -> str | None:
        """The same of what a reviewer is shown."""

    def answer(self, person: SimulatedAnnotator, key: str, seed: int) -> Result:
        """What this person answers; the same each time it is asked."""

    def judgement(self, key: str, seed: int) -> Result:
        """What the reviewer holds for right: the truth nearly always."""

    def same(self, one: Result, other: Result) -> bool:
        """Whether two answers say the same."""

    def right(self, key: str, result: Result) -> bool:
        """Whether an answer is the truth."""
