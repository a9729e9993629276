"""The demo's pictures: where are the coins, cats and cups?"""

import csv
import random
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import orjson

from leye_task_templates.box_consensus import BoxConsensus
from leye_workers.demo.kinds import REVIEWER_ACCURACY, BatchFile, DemoProject, Result
from leye_workers.demo.people import Manner, SimulatedAnnotator
from leye_workers.demo.run_note import DemoRun
from leye_workers.demo.scenes import COIN, HEIGHT, LABELS, WIDTH, draw_scene, scene_name, things_in

VARIABLE, CONTROL = "photo", "box"
LABEL_CONFIG = f"""\
<View>
  <Header value="硬币、猫、咖啡杯，每一个都画一个框；猫只画脸"/>
  <Image name="{VARIABLE}" value="${VARIABLE}"/>
  <RectangleLabels name="{CONTROL}" toName="{VARIABLE}">
    {"".join(f'<Label value="{label}"/>' for label in LABELS)}
  </RectangleLabels>
</View>
"""
GUIDE = """\
# 找东西，画框

图里的硬币、猫、咖啡杯，每一个都画一个框，再选标签；猫只画脸。

1. 框贴着东西的上、下、左、右，不留空，也不切掉。
2. 一个东西一个框；挨得近的，也各画各的。
3. 图里没有这三样的，选“图里没有要画的”，再提交。

**画得对**：硬币的框刚好碰到硬币的四边。

**画得不对**：框比猫脸大一圈；两枚硬币画在一个框里。

图片打不开，请跳过，并选一个原因。跳过不扣钱。
"""
MOST_ANSWERS = 5
GOLD, WAITING = 2, 60
LEAST_BOX = 6  # pixels: nobody draws smaller

Boxes = list[list[Any]]
"""Left, top, width and height in per cent, and the label's place in LABELS."""


class SceneBoxes:
    """See `leye_workers.demo.kinds.DemoKind`. A key is the picture's file name."""

    task_type = "image_boxes"
    items_named = "pictures"

    def by_consensus(self, annotators: int) -> DemoProject:
        pipeline = {
            "kind": "consensus",
            "overlap_start": 2,
            "overlap_limit": min(MOST_ANSWERS, annotators),
            "confidence": 0.9,
            "gold_share": 0.05,
        }
        return _project("找东西画框一期", pipeline, unit_price="2.1275")

    def by_single_answers(self) -> DemoProject:
        pipeline = {"kind": "single_check", "check_share": 0.15, "gold_share": 0.05}
        return _project("找东西画框二期", pipeline, unit_price="0.7650")

    def items(self, run: DemoRun) -> int:
        return min(40, max(8, run.items // 16))

    def batch(self, run: DemoRun) -> BatchFile:
        names = [scene_name(run.seed, run.number, n) for n in range(1, self.items(run) + GOLD + 1)]
        return _packed(names, f"{run.number}-P", gold=set(names[-GOLD:]))

    def waiting_batch(self, run: DemoRun) -> BatchFile:
        names = [scene_name(run.seed, 1000 + run.number, n) for n in range(1, WAITING + 1)]
        return _packed(names, "waiting-P", gold=set(names[-1:]))

    def key_of(self, data: Mapping[str, Any]) -> str | None:
        """A task's data hold the picture's facts, an item's its name."""
        picture = data[VARIABLE]
        name = str(picture["file"] if isinstance(picture, Mapping) else picture)
        return None if things_in(name) is None else name

    def key_in_view(self, view: Mapping[str, Any]) -> str | None:
        return self.key_of({VARIABLE: view["pictures"][0]})

    def answer(self, person: SimulatedAnnotator, key: str, seed: int) -> Result:
        """Careless people miss things, draw loosely, mistake labels and see what is not there, each in a measure."""
        if person.manner is Manner.SPAMMER:
            return _result([[40.0, 40.0, 20.0, 20.0, LABELS.index(COIN)]])
        draw, slack = random.Random(f"{seed}:{person.account.email}:{key}"), 1 - person.accuracy
        seen = [box for box in _truth(key) if draw.random() >= 0.3 * slack]
        drawn = [_shaken(box, 0.18 * slack, draw) for box in seen]
        drawn = [box if draw.random() >= 0.15 * slack else [*box[:4], draw.randrange(len(LABELS))] for box in drawn]
        if draw.random() < 0.3 * slack:
            drawn.append([draw.uniform(0, 80), draw.uniform(0, 80), 15.0, 15.0, draw.randrange(len(LABELS))])
        return _result(drawn)

    def judgement(self, key: str, seed: int) -> Result:
        draw = random.Random(f"{seed}:review:{key}")
        truth = _truth(key)
        return _result(truth if draw.random() < REVIEWER_ACCURACY else truth[:-1])

    def same(self, one: Result, other: Result) -> bool:
        return BoxConsensus().same(_boxes(one), _boxes(other))

    def right(self, key: str, result: Result) -> bool:
        return BoxConsensus().same(_boxes(result), _truth(key))


def _project(title: str, pipeline: Mapping[str, Any], unit_price: str) -> DemoProject:
    return DemoProject(
        title=title,
        task_type=SceneBoxes.task_type,
        label_config=LABEL_CONFIG,
        guide=GUIDE,
        pipeline=pipeline,
        unit_price=unit_price,
        answer_pay="0.35",
        review_pay="0.40",
    )


def _packed(names: Sequence[str], ids: str, *, gold: set[str]) -> BatchFile:
    """A zip of the pictures with its manifest; a gold item tells its answer."""
    manifest = StringIO()
    rows = csv.writer(manifest)
    rows.writerow(("external_id", VARIABLE, "gold_answer"))
    for n, name in enumerate(names, start=1):
        known = [[*box[:4], LABELS[box[4]]] for box in _truth(name)] if name in gold else None
        rows.writerow((f"{ids}{n:03}", name, orjson.dumps(known).decode() if known else ""))
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        archive.writestr("manifest.csv", manifest.getvalue())
        for name in names:
            archive.writestr(name, draw_scene(name))
    return BatchFile("pictures.zip", packed.getvalue())


def _truth(name: str) -> Boxes:
    return [
        [
            thing.left * 100 / WIDTH,
            thing.top * 100 / HEIGHT,
            thing.width * 100 / WIDTH,
            thing.height * 100 / HEIGHT,
            LABELS.index(thing.label),
        ]
        for thing in things_in(name) or []
    ]


def _shaken(box: Sequence[Any], share: float, draw: random.Random) -> list[Any]:
    """A box as an unsteady hand draws it: each edge off by a share of the side, inside the picture."""
    x, y, width, height, label = box
    left, right = (edge + draw.gauss(0, share * width) for edge in (x, x + width))
    top, bottom = (edge + draw.gauss(0, share * height) for edge in (y, y + height))
    left, top = min(max(left, 0), 95), min(max(top, 0), 95)
    right, bottom = max(min(right, 100), left + 2), max(min(bottom, 100), top + 2)
    return [left, top, right - left, bottom - top, label]


def _result(boxes: Boxes) -> Result:
    return [
        {
            "id": f"{CONTROL}-{n}",
            "from_name": CONTROL,
            "to_name": VARIABLE,
            "type": "rectanglelabels",
            "original_width": WIDTH,
            "original_height": HEIGHT,
            "image_rotation": 0,
            "value": {
                "x": x,
                "y": y,
                "width": width,
                "height": height,
                "rotation": 0,
                "rectanglelabels": [LABELS[label]],
            },
        }
        for n, (x, y, width, height, label) in enumerate(boxes, start=1)
    ]


def _boxes(result: Result) -> Boxes:
    return [
        [v["x"], v["y"], v["width"], v["height"], LABELS.index(v["rectanglelabels"][0])]
        for v in (region["value"] for region in result)
    ]
