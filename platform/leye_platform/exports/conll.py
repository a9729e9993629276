"""CoNLL-2003 (Tjong Kim Sang and De Meulder 2003): a word a line with its tag, an empty line behind each text.

Words are parted at blanks and punctuation; each Chinese character is one. A span's ends part words too, so that no span
is moved. Tags are IOB2: B- where a span begins, I- within it, O outside.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow, ExportRows

KIND = "labels"
OUTSIDE = "O"
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3040-\u30ff"
"""Written without blanks: Chinese characters and the two Japanese syllabaries."""
_WORD = re.compile(f"[{_HAN}]|[^\\W{_HAN}]+(?:['’.-][^\\W{_HAN}]+)*|[^\\w\\s]")


class Span(NamedTuple):
    """From `start` to before `end`, in code points."""

    start: int
    end: int
    label: str


def write_conll(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """As Label Studio writes it: the word, two columns that are empty, the tag."""
    yield b"-DOCSTART- -X- O\n"
    texts = rows.kind.config.texts
    for row in rows:
        text = row.data[texts[0].variable]
        lines = [f"{word} -X- _ {tag}\n" for word, tag in tagged(text, _spans(row, losses))]
        yield "".join([*lines, "\n"]).encode()


def _spans(row: ExportRow, losses: Losses) -> list[Span]:
    """The item's spans without those that overlap an earlier one, in the order of the text."""
    found = []
    for region in row.result:
        if region["type"] != KIND:
            losses.note(Loss.OTHER_REGION, row.number)
            continue
        value = region["value"]
        found += [Span(value["start"], value["end"], label) for label in value[KIND]]
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if kept and span.start < kept[-1].end:
            losses.note(Loss.OVERLAP, row.number)
        else:
            kept.append(span)
    return kept


def tagged(text: str, spans: list[Span]) -> Iterator[tuple[str, str]]:
    """The words of a text with their tags. spans: in their order, none overlapping another."""
    at = 0
    for span in spans:
        yield from ((word, OUTSIDE) for word in _words(text, at, span.start))
        beginning = "B-"
        for word in _words(text, span.start, span.end):
            yield word, beginning + "_".join(span.label.split())
            beginning = "I-"
        at = span.end
    yield from ((word, OUTSIDE) for word in _words(text, at, len(text)))


def _words(text: str, start: int, end: int) -> list[str]:
    # A zero is no blank to the pattern, and would end a line for some readers.
    return ["\ufffd" if word == "\x00" else word for word in _WORD.findall(text, start, end)]
