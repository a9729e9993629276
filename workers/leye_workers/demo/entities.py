"""The demo's news sentences: which words name a person, a place or an organisation?"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from leye_workers.demo.kinds import REVIEWER_ACCURACY, BatchFile, DemoProject, Result
from leye_workers.demo.news import FIRM, PERSON, PLACE, Name, Sentence, known_sentences, sentences
from leye_workers.demo.people import Manner, SimulatedAnnotator
from leye_workers.demo.run_note import DemoRun

VARIABLE, CONTROL = "text", "label"
LABELS = (PERSON, PLACE, FIRM)
LABEL_CONFIG = f"""\
<View>
  <Text name="{VARIABLE}" value="${VARIABLE}"/>
  <Header value="标出人名、地名和单位"/>
  <Labels name="{CONTROL}" toName="{VARIABLE}">
    <Label value="{PERSON}"/>
    <Label value="{PLACE}" hint="国家、城市、山河"/>
    <Label value="{FIRM}" hint="机关、公司、报社"/>
  </Labels>
</View>
"""
GUIDE = """\
# 新闻里的人、地、单位

读完整句，标出每一个人名、地名和单位，再选它的标签。

1. 标完整的名字，姓和名一起标；称呼、职务和标点不标。
2. 同一个名字出现几次，就标几次。
3. 一句里没有的，勾“没有要标的”，再提交。

**标**：“**新华社**记者**兰红光**在**北京**报道。”

**不标**：“那座城市很大。”

文字坏了，请跳过，并选一个原因。跳过不扣钱。
"""
MOST_ANSWERS = 5
GOLD, WAITING = 3, 60


class NewsEntities:
    """See `leye_workers.demo.kinds.DemoKind`. A key is the sentence."""

    task_type = "named_entities"
    items_named = "sentences"

    def by_consensus(self, annotators: int) -> DemoProject:
        pipeline = {
            "kind": "consensus",
            "overlap_start": 2,
            "overlap_limit": min(MOST_ANSWERS, annotators),
            "confidence": 0.85,
            "gold_share": 0.05,
        }
        return _project("新闻里的名字一期", pipeline, unit_price="0.8215")

    def by_single_answers(self) -> DemoProject:
        pipeline = {"kind": "single_check", "check_share": 0.15, "gold_share": 0.05}
        return _project("新闻里的名字二期", pipeline, unit_price="0.3040")

    def items(self, run: DemoRun) -> int:
        return min(80, max(8, run.items // 8))

    def batch(self, run: DemoRun) -> BatchFile:
        wanted = self.items(run) + GOLD
        texts = sentences(run.seed, (run.number - 1) * (wanted + WAITING), wanted)
        return _file(texts, f"{run.number}-N", gold=GOLD)

    def waiting_batch(self, run: DemoRun) -> BatchFile:
        used = self.items(run) + GOLD
        texts = sentences(run.seed, (run.number - 1) * (used + WAITING) + used, WAITING)
        return _file(texts, "waiting-N", gold=1)

    def key_of(self, data: Mapping[str, Any]) -> str | None:
        text = str(data[VARIABLE])
        return text if text in known_sentences() else None

    def key_in_view(self, view: Mapping[str, Any]) -> str | None:
        return self.key_of({VARIABLE: view["texts"][0]["value"]})

    def answer(self, person: SimulatedAnnotator, key: str, seed: int) -> Result:
        """Careless people miss names, take in or leave out a word, mistake labels, and mark what names nothing."""
        sentence = known_sentences()[key]
        if person.manner is Manner.SPAMMER:
            return _result(key, [(0, 2, PERSON)])
        draw, slack = random.Random(f"{seed}:{person.account.email}:{key}"), 1 - person.accuracy
        marked = [_told(name, sentence, slack, draw) for name in sentence.names if draw.random() >= 0.5 * slack]
        if draw.random() < 0.5 * slack:
            start = draw.choice(sentence.words)
            marked.append((start, _word_end(sentence, start), draw.choice(LABELS)))
        return _result(key, marked)

    def judgement(self, key: str, seed: int) -> Result:
        draw, names = random.Random(f"{seed}:review:{key}"), known_sentences()[key].names
        return _result(key, names if draw.random() < REVIEWER_ACCURACY else names[1:])

    def same(self, one: Result, other: Result) -> bool:
        return _names(one) == _names(other)

    def right(self, key: str, result: Result) -> bool:
        return _names(result) == set(known_sentences()[key].names)


def _project(title: str, pipeline: Mapping[str, Any], unit_price: str) -> DemoProject:
    return DemoProject(
        title=title,
        task_type=NewsEntities.task_type,
        label_config=LABEL_CONFIG,
        guide=GUIDE,
        pipeline=pipeline,
        unit_price=unit_price,
        answer_pay="0.18",
        review_pay="0.25",
    )


def _file(texts: Sequence[Sentence], ids: str, *, gold: int) -> BatchFile:
    """Rows of a batch file; the last ones are gold items, which tell their answer."""
    rows = []
    for n, sentence in enumerate(texts, start=1):
        row: dict[str, Any] = {"external_id": f"{ids}{n:03}", VARIABLE: sentence.text}
        rows.append(row | ({"gold_answer": sentence.names} if n > len(texts) - gold else {}))
    return BatchFile("sentences.jsonl", b"".join(orjson.dumps(row) + b"\n" for row in rows))


def _told(name: Name, sentence: Sentence, slack: float, draw: random.Random) -> Name:
    """A name as somebody marks it: perhaps with the word behind it, without its last character, or mislabelled."""
    start, end, label = name
    chance = draw.random()
    if chance < 0.4 * slack and end < len(sentence.text):
        end = _word_end(sentence, end)
    elif chance < 0.7 * slack and end - start > 1:
        end -= 1
    return start, end, label if draw.random() >= 0.4 * slack else draw.choice(LABELS)


def _word_end(sentence: Sentence, start: int) -> int:
    """Where the word that begins at `start` has ended."""
    return next((begin for begin in sentence.words if begin > start), len(sentence.text))


def _result(text: str, names: Sequence[Name]) -> Result:
    return [
        {
            "id": f"{CONTROL}-{n}",
            "from_name": CONTROL,
            "to_name": VARIABLE,
            "type": "labels",
            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
        }
        for n, (start, end, label) in enumerate(sorted(set(names)), start=1)
    ]


def _names(result: Result) -> set[Name]:
    return {(value["start"], value["end"], value["labels"][0]) for value in (region["value"] for region in result)}
