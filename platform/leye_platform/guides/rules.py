"""What a guide is made of, what it lacks, and how two versions differ. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any
from uuid import UUID

from markdown_it import MarkdownIt

from leye_platform.errors import N_
from leye_platform.projects.rules import LONGEST_GUIDE, one_line, storable_text

ALIKE = 0.4
"""How much of two sentences is the same, at least, where one stands for the other."""
LONGEST_CHANGE = 200  # characters, as all of these
LONGEST_DESCRIPTION = 1000
LONGEST_PART = 5000
LONGEST_QUESTION = 1000
MOST_EXAMPLES = 60
MOST_PICTURES = 40
PLACE = re.compile(r"^\[ ?(?:图|picture|Picture) ?(\d{1,3}) ?\]$", re.MULTILINE)
"""Where a picture stands in a text: a line of its own."""
_SENTENCE = re.compile(r"(?<=[。！？；])(?![”’」』）》])|(?<=[。！？；][”’」』）》])|(?<=[.!?;])\s+")
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Example:
    """What an item says, an answer to it (may be empty), whether that is right, and why."""

    content: str
    answer: str
    good: bool
    why: str

    @property
    def is_empty(self) -> bool:
        return not (self.content.strip() or self.answer.strip() or self.why.strip())


@dataclass(frozen=True)
class PlacedPicture:
    """A stored picture under its number in the guide, and what somebody who does not see it has to know."""

    id: UUID
    number: int
    description: str


@dataclass(frozen=True)
class GuideText:
    """All that a version says: Markdown, examples, pictures."""

    body: str
    examples: tuple[Example, ...] = ()
    pictures: tuple[PlacedPicture, ...] = ()

    @classmethod
    def stored(
        cls, body: str, examples: Iterable[Mapping[str, Any]], pictures: Iterable[Mapping[str, Any]]
    ) -> "GuideText":
        """From the columns of a version or a draft."""
        return cls(
            body,
            tuple(Example(**example) for example in examples),
            tuple(PlacedPicture(UUID(one["id"]), one["number"], one["description"]) for one in pictures),
        )

    @property
    def stored_examples(self) -> list[dict[str, Any]]:
        return [asdict(example) for example in self.examples]

    @property
    def stored_pictures(self) -> list[dict[str, Any]]:
        return [asdict(picture) | {"id": str(picture.id)} for picture in self.pictures]

    @property
    def next_number(self) -> int:
        """The number of the next picture: those in the text keep theirs when one is taken out."""
        return max((picture.number for picture in self.pictures), default=0) + 1

    def tidy(self) -> "GuideText":
        """As it is kept: lines ended one way, nothing that no database keeps, no empty example."""
        return GuideText(
            _lines(self.body),
            tuple(
                Example(_lines(one.content).strip(), one_line(one.answer), one.good, _lines(one.why).strip())
                for one in self.examples
                if not one.is_empty
            ),
            tuple(PlacedPicture(one.id, one.number, one_line(one.description)) for one in self.pictures),
        )


def _lines(text: str) -> str:
    return storable_text(text.replace("\r\n", "\n").replace("\r", "\n"))


def problem_of_body(body: str, translate: Callable[[str], str] = str) -> str | None:
    """Why a text can't be a guide, or None."""
    if not storable_text(body).strip():
        return translate(N_("请写标注规范，标注员要照着做。"))
    if len(body) > LONGEST_GUIDE:
        return translate(N_("标注规范太长，最多 20 万个字。"))
    return None


def problems_of_text(text: GuideText, translate: Callable[[str], str] = str) -> dict[str, str]:
    """A sentence for each field that keeps a guide from being published, by the field's id on its page."""
    found = {}
    if problem := problem_of_body(text.body, translate):
        found["body"] = problem
    for number, example in enumerate(text.examples, start=1):
        if not example.content:
            found[f"example-{number}-content"] = translate(N_("请写例子 {number} 的条目内容。")).format(number=number)
        if not example.why:
            found[f"example-{number}-why"] = translate(N_("请写例子 {number} 对在哪里，或者错在哪里。")).format(
                number=number
            )
    for picture in text.pictures:
        if not picture.description:
            sentence = N_("请写图 {number} 的说明：图里有什么、要看什么。看不见图的人靠它做事。")
            found[f"picture-{picture.number}"] = translate(sentence).format(number=picture.number)
    return found | problems_of_sizes(text, translate)


def problems_of_sizes(text: GuideText, translate: Callable[[str], str] = str) -> dict[str, str]:
    """A sentence for each field that is too long even for a draft."""
    found = {}
    if len(text.body) > LONGEST_GUIDE:
        found["body"] = translate(N_("标注规范太长，最多 20 万个字。"))
    too_long = translate(N_("太长了，最多 {count} 个字。"))
    for number, example in enumerate(text.examples, start=1):
        for name in ("content", "answer", "why"):
            if len(getattr(example, name)) > LONGEST_PART:
                found[f"example-{number}-{name}"] = too_long.format(count=LONGEST_PART)
    for picture in text.pictures:
        if len(picture.description) > LONGEST_DESCRIPTION:
            found[f"picture-{picture.number}"] = too_long.format(count=LONGEST_DESCRIPTION)
    return found


def problem_of_change(change: str, translate: Callable[[str], str] = str) -> str | None:
    """Why a line can't say what changed, or None."""
    if not 0 < len(one_line(change)) <= LONGEST_CHANGE:
        return translate(N_("请用一句话写改了什么，最多 200 个字。标注员先看到的就是这句。"))
    return None


class Standing(StrEnum):
    """What became of sentences between two versions."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Passage:
    """Sentences in a row that share one standing."""

    standing: Standing
    sentences: tuple[str, ...]


def difference(old: GuideText, new: GuideText) -> list[Passage]:
    """How the sentences of two versions differ, in the order of reading; what was added directly after what it
    replaces, where the two are alike.
    """
    before, after = list(sentences_of(old)), list(sentences_of(new))
    found = []
    for tag, start, end, new_start, new_end in SequenceMatcher(a=before, b=after).get_opcodes():
        if tag == "equal":
            found.append(Passage(Standing.KEPT, tuple(before[start:end])))
            continue
        found += _replaced(before[start:end], after[new_start:new_end])
    return found


def _replaced(before: list[str], after: list[str]) -> Iterator[Passage]:
    """Removed sentences, each followed by the new ones that stand for it; the rest of the removed ones first."""
    began, waiting = 0, 0
    for at, sentence in enumerate(after):
        likeness = [SequenceMatcher(a=old, b=sentence).ratio() for old in before[began:]]
        best = max(likeness, default=0)
        if best < ALIKE:
            continue
        until = began + likeness.index(best)
        yield from _passage(Standing.ADDED, after[waiting:at])
        yield from _passage(Standing.REMOVED, before[began:until])
        yield Passage(Standing.REMOVED, (before[until],))
        yield Passage(Standing.ADDED, (sentence,))
        began, waiting = until + 1, at + 1
    yield from _passage(Standing.REMOVED, before[began:])
    yield from _passage(Standing.ADDED, after[waiting:])


def _passage(standing: Standing, sentences: list[str]) -> Iterator[Passage]:
    if sentences:
        yield Passage(standing, tuple(sentences))


def sentences_of(text: GuideText) -> Iterator[str]:
    """All that a version says as plain sentences: no Markdown, examples and pictures as words."""
    yield from _sentences_of_body(text.body)
    for example in text.examples:
        yield from _example_in_words(example)
    for picture in text.pictures:
        yield f"图 {picture.number}：{picture.description}"


def _example_in_words(example: Example) -> Iterator[str]:
    verdict = "对的例子" if example.good else "错的例子"
    answer = f"，答案“{example.answer}”" if example.answer else ""
    yield f"{verdict}：“{example.content}”{answer}。{example.why}"


def _sentences_of_body(body: str) -> Iterator[str]:
    for token in _markdown.parse(PLACE.sub("", body)):
        if token.type == "inline":
            yield from _split("".join(child.content or _gap(child.type) for child in token.children or ()))
        elif token.type in {"fence", "code_block"}:
            yield from (line for line in token.content.splitlines() if line.strip())


def _gap(kind: str) -> str:
    return "\n" if kind in {"softbreak", "hardbreak"} else ""


def _split(text: str) -> Sequence[str]:
    parts = (part.strip() for line in text.splitlines() for part in _SENTENCE.split(line))
    return [part for part in parts if part]
