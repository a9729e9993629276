"""A long text as passages: its spans go with the passage that they lie in, and come back to their places."""

from collections.abc import Mapping, Sequence
from typing import Any

from leye_quality.passages import Passage, passage_of, passages
from leye_task_templates.named_entities.segment import pieces
from leye_task_templates.splitting import PART, SplitRule
from leye_task_templates.template import Content


def text_contents(variable: str, data: Mapping[str, Any], rule: SplitRule, longest: int) -> list[dict[str, Any]]:
    """The content of each passage, those aside in which there is nothing to read; none where the text stays whole.

    longest: characters that a passage holds at most, whatever the rule says.
    """
    text: str = data[variable]
    if rule.texts_above is None or len(text) <= rule.texts_above:
        return []
    begins = {piece.start for piece in pieces(text)}
    cut = passages(text, min(rule.texts_above, longest), begins.__contains__)
    found = [passage for passage in cut if text[passage.start : passage.end].strip()]
    if len(found) < 2:
        return []
    return [
        {
            variable: text[passage.start : passage.end],
            PART: {"number": number, "count": len(found), "start": passage.start, "end": passage.end},
        }
        for number, passage in enumerate(found, start=1)
    ]


def cut_spans(contents: Sequence[Content], spans: Sequence[tuple[int, int, str]]) -> list[list[list[Any]]] | int:
    """The spans `(start, end, label)` of each passage, by positions in it; the place of one that lies in none whole."""
    places = [Passage(content[PART]["start"], content[PART]["end"]) for content in contents]
    shown: list[list[list[Any]]] = [[] for _ in places]
    for number, (start, end, label) in enumerate(spans):
        at = passage_of(places, start, end)
        if at is None:
            return number
        before = places[at].start
        shown[at].append([start - before, end - before, label])
    return shown


def join_spans(contents: Sequence[Content], found: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The values of the passages' spans, by positions in the whole, in its order."""
    return [
        dict(value) | {side: value[side] + content[PART]["start"] for side in ("start", "end")}
        for content, values in zip(contents, found, strict=True)
        for value in values
    ]
