"""Texts without end whose truth can be computed, so that a soak of any length has work and a measure of it."""

import hashlib
import random
from collections.abc import Iterator, Mapping

import orjson

from leye_workers.demo.kinds import BatchFile
from leye_workers.demo.run_note import DemoRun
from leye_workers.demo.sentiment import VARIABLE, ReviewSentiment
from leye_workers.demo.texts import NEGATIVE, POSITIVE

SAID = {
    POSITIVE: "第 {} 位客人说：房间安静，早餐热乎，前台帮着叫了车，下次还住这里。",
    NEGATIVE: "第 {} 位客人说：空调响了一夜，投诉两次没人来，押金拖了三天才退，不会再来。",
}


class Truths(Mapping[str, str]):
    """The truth of each text; a text of somebody else's has none."""

    def __getitem__(self, text: str) -> str:
        for truth, pattern in SAID.items():
            before, _, after = pattern.partition("{}")
            if text.startswith(before) and text.endswith(after):
                return truth
        raise KeyError(text)

    def __iter__(self) -> Iterator[str]:
        raise TypeError("there is no end of them")

    def __len__(self) -> int:
        raise TypeError("there is no end of them")


class EndlessReviews(ReviewSentiment):
    """See `leye_workers.demo.kinds.DemoKind`. A key is the text."""

    truths = Truths()  # computed, where the demo's are read

    def batch(self, run: DemoRun) -> BatchFile:
        rows = [_row(run, number) for number in range(1, run.items + run.gold + 1)]
        random.Random(run.seed).shuffle(rows)
        return BatchFile("reviews.jsonl", b"".join(orjson.dumps(row) + b"\n" for row in rows))


def _row(run: DemoRun, number: int) -> dict[str, str]:
    name = f"{run.number}-{number:06}"
    truth = (POSITIVE, NEGATIVE)[hashlib.sha256(name.encode()).digest()[0] % 2]
    row = {"external_id": name, VARIABLE: SAID[truth].format(name)}
    return row | {"gold_answer": truth} if number > run.items else row
