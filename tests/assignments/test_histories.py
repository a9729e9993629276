"""Random histories of a small crowd; dozens in every run, thousands in the long gate."""

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings

from support.factories import ENTITIES
from support.queue_machine import Queue

Queue.TestCase.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestHistories = Queue.TestCase


class SpanQueue(Queue):
    """The same machine where people mark spans: two that overlap, of two labels."""

    PROJECT: ClassVar[dict[str, Any]] = {"label_config": ENTITIES, "task_type": "named_entities"}

    def result(self, label: str) -> list[dict[str, Any]]:
        value = (
            {"start": 0, "end": 2, "labels": ["人名"]}
            if label == "正面"
            else {"start": 1, "end": 4, "labels": ["地名"]}
        )
        return [{"from_name": "label", "to_name": "text", "type": "labels", "value": value}]


SpanQueue.TestCase.settings = settings(Queue.TestCase.settings, max_examples=10)
TestHistoriesOfSpans = SpanQueue.TestCase


class ManyQueues(Queue):
    """The same machine, run for longer."""


ManyQueues.TestCase.settings = settings(Queue.TestCase.settings, max_examples=1000, stateful_step_count=30)


TestThousandsOfHistories = pytest.mark.audit(ManyQueues.TestCase)


class ManySpanQueues(SpanQueue):
    """Spans, for longer."""


ManySpanQueues.TestCase.settings = settings(ManyQueues.TestCase.settings, max_examples=300)
TestHundredsOfHistoriesOfSpans = pytest.mark.audit(ManySpanQueues.TestCase)
