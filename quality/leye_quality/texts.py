"""Texts of several people become one: transcripts aligned word by word, or character by character in Chinese.

ROVER: J. G. Fiscus, A post-processing system to yield reduced word error rates: recognizer output voting error
reduction, IEEE ASRU 1997; here votes are weighed by the log-odds of each person being right, as in Dawid and Skene's
one-coin case, and skills and texts are found in turn. The best are aligned first, since what comes later cannot mend
an early misalignment (H. Xu et al., Minimum Bayes risk decoding and system combination based on a recursion for edit
distance, 2011). Edit distance: V. I. Levenshtein, 1966.
"""

import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Coded = NDArray[np.intp]
Item = TypeVar("Item", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)

MOST_TOKENS = 2000
"""In one text; the table of an alignment grows with the square."""

STRANGER_ERRORS = 0.2
"""Share of tokens that somebody unknown gets wrong."""

STRANGER_TOKENS = 20.0  # tokens that the assumption about strangers counts as in the crowd's error rate
USUAL_TOKENS = 20.0  # tokens that the crowd's error rate counts as in a person's
ROUNDS = 2  # of skills and texts in turn; a third changes nothing

CHANCE = 1.0
"""Log-odds that agreement on a word adds: errors seldom agree, since there are many ways to err."""

OMISSION = 0.5
"""Log-odds that a word left out counts less: omissions agree by chance, and come from haste."""

LEAST_WEIGHT = 0.02

SLOPE = 0.8
"""From the votes' log-odds to honest ones: on a hard word people err together, as measured on simulated crowds."""

_UNSPACED = (  # Thai, Lao, Burmese, Khmer; Chinese and Japanese with their punctuation
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_UNSPACED}]| ?[^ {_UNSPACED}]+")


class TextRefused(ValueError):
    """The text cannot be combined; the message says why."""


@dataclass(frozen=True)
class TextSkill:
    """errors: the share of tokens that the person gets wrong, leaves out or adds; tokens: how many it rests on."""

    errors: float = STRANGER_ERRORS
    tokens: int = 0

    def to_json(self) -> dict[str, float]:
        """As plain JSON; `TextSkill(**data)` reads it."""
        return asdict(self)


STRANGER = TextSkill()


@dataclass(frozen=True)
class CombinedText:
    """confidence: that every token is right; doubtful: tokens less probable than one half."""

    text: str
    confidence: float
    doubtful: int = 0


@dataclass(frozen=True)
class FittedTexts(Generic[Item, Person]):
    """A skill for each annotator seen, and the combined answer of each item."""

    skills: dict[Person, TextSkill]
    combined: dict[Item, CombinedText]


def read_text(text: str) -> str:
    """The text in Unicode's composed form. Raises TextRefused where it is too long to align."""
    composed = unicodedata.normalize("NFC", text)
    if len(tokens(composed)) > MOST_TOKENS:
        raise TextRefused(f"the text has more than {MOST_TOKENS} words or characters; split the recording")
    return composed


def tokens(text: str) -> list[str]:
    """Words, each with the blank before it; characters where the script is written without blanks."""
    return _TOKEN.findall(" " + " ".join(text.split()))


def joined(pieces: Sequence[str]) -> str:
    """The text of these tokens."""
    return "".join(pieces).strip()


def edits(first: Sequence[str], second: Sequence[str]) -> int:
    """The least number of tokens to replace, leave out or add."""
    (a, b), _ = _coded([first, second])
    return _distance(a, b)


def text_likeness(first: str, second: str) -> float:
    """How alike two texts are, 0 to 1: one minus the edits over the tokens of the longer."""
    a, b = tokens(first), tokens(second)
    return 1.0 - edits(a, b) / max(len(a), len(b), 1)


def combine_texts(answers: Sequence[str], skills: Sequence[TextSkill | None]) -> CombinedText:
    """Combine the texts of several people for one item; `skills[i]` is of who gave `answers[i]`, None a stranger's.

    The order of the answers does not matter. Without answers the text is empty, with confidence 0. Raises TextRefused.
    """
    given = [(skill or STRANGER, tokens(read_text(text))) for text, skill in zip(answers, skills, strict=True)]
    if not given:
        return CombinedText("", 0.0)
    given.sort(key=lambda pair: (pair[0].errors, pair[1]))
    coded, words = _coded([pieces for _, pieces in given])
    return _vote(coded, words, np.array([skill.errors for skill, _ in given]))


def fit_texts(answers: Mapping[Item, Mapping[Person, str]]) -> FittedTexts[Item, Person]:
    """Skills and texts of all items. answers: item → person → text. Starts from each item's text nearest to all."""
    given = {item: {who: tokens(read_text(text)) for who, text in texts.items()} for item, texts in answers.items()}
    best = {item: _nearest_to_all(list(texts.values())) for item, texts in given.items()}
    skills: dict[Person, TextSkill] = {}
    combined: dict[Item, CombinedText] = {}
    for _ in range(ROUNDS):
        skills = _learn(given, best)
        combined = {
            item: combine_texts(list(texts.values()), [skills[who] for who in texts]) for item, texts in answers.items()
        }
        best = {item: tokens(found.text) for item, found in combined.items()}
    return FittedTexts(skills, combined)


def _learn(
    given: Mapping[Item, Mapping[Person, Sequence[str]]], best: Mapping[Item, Sequence[str]]
) -> dict[Person, TextSkill]:
    """Each person's edits per token of the combined texts, drawn towards the crowd's, and that towards strangers'."""
    wrong: dict[Person, int] = {}
    asked: dict[Person, int] = {}
    for item, texts in given.items():
        for who, pieces in texts.items():
            wrong[who] = wrong.get(who, 0) + edits(best[item], pieces)
            asked[who] = asked.get(who, 0) + len(best[item])
    usual = (sum(wrong.values()) + STRANGER_TOKENS * STRANGER_ERRORS) / (sum(asked.values()) + STRANGER_TOKENS)
    return {
        who: TextSkill((wrong[who] + USUAL_TOKENS * usual) / (asked[who] + USUAL_TOKENS), asked[who]) for who in wrong
    }


def _nearest_to_all(texts: Sequence[list[str]]) -> list[str]:
    """The medoid: the text with the fewest edits to all the others; of several the first in alphabetical order."""
    ordered = sorted(texts)
    coded, _ = _coded(ordered)
    far = np.zeros((len(coded), len(coded)))
    for i, a in enumerate(coded):
        for j in range(i):
            far[i, j] = far[j, i] = _distance(a, coded[j])
    return ordered[int(far.sum(axis=1).argmin())] if ordered else []


def _coded(texts: Sequence[Sequence[str]]) -> tuple[list[Coded], list[str]]:
    """Each text as positions in the sorted vocabulary, which is returned too; 0 is the empty token."""
    words = ["", *sorted({piece for pieces in texts for piece in pieces})]
    position = {word: n for n, word in enumerate(words)}
    return [np.array([position[piece] for piece in pieces], dtype=np.intp) for pieces in texts], words


def _distance(first: Coded, second: Coded) -> int:
    differ = (first[:, None] != second[None, :]).astype(np.float64)
    return round(float(_table(differ, np.ones(len(first)))[-1, -1]))


def _table(replace: Real, leave_out: Real) -> Real:
    """Cheapest alignments of all beginnings, shape (slots + 1, tokens + 1).

    replace: the cost of each token in each slot; leave_out: of nothing in each slot. A slot more costs 1, so that
    runs of them are a running minimum, and each row is one step.
    """
    slots, count = replace.shape
    added = np.arange(count + 1, dtype=np.float64)
    table = np.empty((slots + 1, count + 1))
    table[0] = added
    for slot in range(slots):
        row = table[slot] + leave_out[slot]
        row[1:] = np.minimum(row[1:], table[slot, :-1] + replace[slot])
        table[slot + 1] = np.minimum.accumulate(row - added) + added
    return table


def _path(replace: Real, leave_out: Real) -> list[tuple[int, int]]:
    """The cheapest alignment as (slot, token) pairs in order; -1 for a new slot, or for no token."""
    table = _table(replace, leave_out)
    slot, token = replace.shape
    steps = []
    while slot or token:
        here = table[slot, token] + 1e-9
        if slot and token and here >= table[slot - 1, token - 1] + replace[slot - 1, token - 1]:
            slot, token = slot - 1, token - 1
            steps.append((slot, token))
        elif slot and here >= table[slot - 1, token] + leave_out[slot - 1]:
            slot -= 1
            steps.append((slot, -1))
        else:
            token -= 1
            steps.append((-1, token))
    return steps[::-1]


def _network(coded: Sequence[Coded], weights: Real, words: int) -> NDArray[np.intp]:
    """What each person has in each slot, shape (slots, people), 0 for nothing; aligned in the order given."""
    said = np.zeros((0, len(coded)), dtype=np.intp)
    for person, text in enumerate(coded):
        shares = np.zeros((len(said), words))
        for earlier in range(person):
            shares[np.arange(len(said)), said[:, earlier]] += weights[earlier]
        shares /= max(float(weights[:person].sum()), LEAST_WEIGHT)
        steps = _path(1.0 - shares[:, text], 1.0 - shares[:, 0])
        grown = np.zeros((len(steps), len(coded)), dtype=np.intp)
        for row, (slot, token) in enumerate(steps):
            if slot >= 0:
                grown[row] = said[slot]
            if token >= 0:
                grown[row, person] = text[token]
        said = grown
    return said


def _vote(coded: Sequence[Coded], words: Sequence[str], errors: Real) -> CombinedText:
    """The weightier token of every slot, by the log-odds of who says so."""
    odds = np.clip(errors, 0.01, 0.97)
    sure = np.log((1.0 - odds) / odds) + CHANCE
    for_word, for_nothing = np.maximum(sure, LEAST_WEIGHT), np.maximum(sure - OMISSION, LEAST_WEIGHT)
    said = _network(coded, for_word, len(words))
    if not len(said):
        said = np.zeros((1, len(coded)), dtype=np.intp)  # that nothing was said is an answer too, and may be wrong
    votes = np.zeros((len(said), len(words)))
    for person, column in enumerate(said.T):
        votes[np.arange(len(said)), column] += np.where(column > 0, for_word[person], for_nothing[person])
    chosen = votes.argmax(axis=1)
    right = _honest(votes)
    pieces = [words[word] for word in chosen.tolist() if word]
    doubtful = int((right[chosen > 0] < 0.5).sum())
    return CombinedText(joined(pieces), float(np.exp(np.log(right).sum())), doubtful)


def _honest(votes: Real) -> Real:
    """How probable the weightiest token of each slot is, among those that somebody said, and one that nobody did."""
    shifted = np.where(votes > 0, np.exp(SLOPE * (votes - votes.max(axis=1, keepdims=True))), 0.0)
    unsaid = np.exp(-SLOPE * votes.max(axis=1))
    right: Real = 1.0 / (shifted.sum(axis=1) + unsaid)
    return right
