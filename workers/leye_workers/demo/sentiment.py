"""The demo's texts: is the writer of a review content?"""

import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import orjson

from leye_workers.demo.kinds import REVIEWER_ACCURACY, BatchFile, DemoProject, Result
from leye_workers.demo.people import Manner, SimulatedAnnotator
from leye_workers.demo.run_note import WAITING_GOLD, WAITING_ITEMS, DemoRun
from leye_workers.demo.texts import NEGATIVE, POSITIVE, ReviewText, reviews, truths

VARIABLE, CONTROL = "review", "sentiment"
LABEL_CONFIG = f"""\
<View>
  <Text name="{VARIABLE}" value="${VARIABLE}"/>
  <Header value="写这条评论的人满意吗？"/>
  <Choices name="{CONTROL}" toName="{VARIABLE}">
    <Choice value="{POSITIVE}" hint="满意、推荐、还会再来"/>
    <Choice value="{NEGATIVE}" hint="失望、抱怨、不推荐"/>
  </Choices>
</View>
"""
GUIDE = """\
# 评论情感

读完整条评论，再选写的人最后留下的态度。

1. 看整条的意思，不数好话和坏话的条数。
2. 先夸后骂、先骂后夸的，以最后的态度为准。
3. 反话按真正的意思选。

**正面**：“等了五天，不过值得。”

**负面**：“东西还行，再也不买了。”

读不出态度，或者内容坏了，请跳过，并选一个原因。跳过不扣钱。
"""
MOST_ANSWERS = 7


class ReviewSentiment:
    """See `leye_workers.demo.kinds.DemoKind`. A key is the review's text."""

    task_type = "text_classification"
    items_named = "reviews"

    @cached_property
    def truths(self) -> dict[str, str]:
        return truths()

    def by_consensus(self, annotators: int) -> DemoProject:
        """Nobody answers an item twice, so a small crowd lowers the limit of overlap.

        The confidence is what a contract of "at least 96 of 100 right" asks for.
        """
        pipeline = {
            "kind": "consensus",
            "overlap_start": 2,
            "overlap_limit": min(MOST_ANSWERS, annotators),
            "confidence": 0.96,
            "gold_share": 0.05,
        }
        return _project("评论情感一期", pipeline, unit_price="0.3465")

    def by_single_answers(self) -> DemoProject:
        pipeline = {"kind": "single_check", "check_share": 0.15, "gold_share": 0.05}
        return _project("评论情感二期", pipeline, unit_price="0.1285")

    def items(self, run: DemoRun) -> int:
        return run.items

    def batch(self, run: DemoRun) -> BatchFile:
        """The run's reviews, the gold items among them where the seed puts them."""
        texts = reviews(run.seed, run.skip, run.items + run.gold)
        rows = [_row(review, f"{run.number}-{n:04}", gold=n > run.items) for n, review in enumerate(texts, start=1)]
        random.Random(run.seed).shuffle(rows)
        return _file(rows)

    def waiting_batch(self, run: DemoRun) -> BatchFile:
        texts = reviews(run.seed, run.end, WAITING_ITEMS + WAITING_GOLD)
        return _file([_row(text, f"waiting-{n:03}", gold=n > WAITING_ITEMS) for n, text in enumerate(texts, start=1)])

    def key_of(self, data: Mapping[str, Any]) -> str | None:
        text = str(data[VARIABLE])
        return text if text in self.truths else None

    def key_in_view(self, view: Mapping[str, Any]) -> str | None:
        return self.key_of({VARIABLE: view["texts"][0]["value"]})

    def answer(self, person: SimulatedAnnotator, key: str, seed: int) -> Result:
        if person.manner is Manner.SPAMMER:
            return result_for(POSITIVE)
        draw = random.Random(f"{seed}:{person.account.email}:{key}")
        return result_for(self._told(key, right=draw.random() < person.accuracy))

    def judgement(self, key: str, seed: int) -> Result:
        draw = random.Random(f"{seed}:review:{key}")
        return result_for(self._told(key, right=draw.random() < REVIEWER_ACCURACY))

    def same(self, one: Result, other: Result) -> bool:
        return _label(one) == _label(other)

    def right(self, key: str, result: Result) -> bool:
        return _label(result) == self.truths[key]

    def _told(self, key: str, *, right: bool) -> str:
        truth = self.truths[key]
        wrong = NEGATIVE if truth == POSITIVE else POSITIVE
        return truth if right else wrong


def _project(title: str, pipeline: Mapping[str, Any], unit_price: str) -> DemoProject:
    return DemoProject(
        title=title,
        task_type=ReviewSentiment.task_type,
        label_config=LABEL_CONFIG,
        guide=GUIDE,
        pipeline=pipeline,
        unit_price=unit_price,
        answer_pay="0.06",
        review_pay="0.12",
    )


def _row(review: ReviewText, external_id: str, *, gold: bool) -> dict[str, str]:
    """A review as a row of a batch file; a gold item tells its answer."""
    row = {"external_id": external_id, VARIABLE: review.text}
    return row | {"gold_answer": review.truth} if gold else row


def _file(rows: Sequence[Mapping[str, str]]) -> BatchFile:
    return BatchFile("reviews.jsonl", b"".join(orjson.dumps(row) + b"\n" for row in rows))


def result_for(choice: str) -> Result:
    """A choice as Label Studio's regions."""
    region = {"id": "answer", "from_name": CONTROL, "to_name": VARIABLE, "type": "choices"}
    return [region | {"value": {"choices": [choice]}}]


def _label(result: Result) -> str:
    label: str = result[0]["value"]["choices"][0]
    return label
