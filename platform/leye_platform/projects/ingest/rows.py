"""A row as it was read, before the task type looks at it. Pure."""

import math
from collections.abc import Collection
from typing import Any, NamedTuple

import orjson

from leye_platform.projects.ingest import refusals
from leye_platform.projects.rules import LONGEST_EXTERNAL_ID

LONGEST_ORIGINAL = 10_000  # characters kept for the error report
DEEPEST = 32
LARGEST_INTEGER = 2**63 - 1
EXTERNAL_ID, GOLD_ANSWER, PREDICTIONS = "external_id", "gold_answer", "predictions"
_OWN = frozenset({EXTERNAL_ID, GOLD_ANSWER})
_OWN_WITH_PREDICTIONS = _OWN | {PREDICTIONS}


class RowRefused(Exception):
    """The row can't become an item; the text says why and what to change."""

    def __init__(self, sentence: str, **arguments: object) -> None:
        super().__init__(sentence.format(**arguments))


class NotANumber:
    """Stands where a JSON text says NaN or Infinity, so that the row can be named."""


class Row(NamedTuple):
    """Row `number` as the user counts it; `end` is how many bytes of the file it took to get here.

    `content` is what the row says (for JSON any value); None where `problem` says why it can't be read.
    source_key: the key of the row's picture in the partner's bucket, where it stays there. for_room: it is refused only
    because there is no room for it.
    """

    number: int
    end: int
    original: str
    content: Any = None
    problem: str | None = None
    source_key: str | None = None
    for_room: bool = False


class PlainRow(NamedTuple):
    """A row whose values can be stored. `data` holds the variables, without the reserved names.

    gold_answer: what the row gives as its known answer, choices by name or regions; the task type reads it.
    predictions: what models say about the row, as it came; proposals.py reads it.
    """

    data: dict[str, Any]
    external_id: str | None
    gold_answer: list[Any] | None
    predictions: object = None


def plain_row(content: object, variables: Collection[str] = ()) -> PlainRow:
    """Take a row apart: a plain object, or a Label Studio task (`{"data": {…}}`).

    variables: those of the label config; one that is called `predictions` holds no predictions in a plain object.
    Raises RowRefused.
    """
    if not isinstance(content, dict):
        raise RowRefused(refusals.NOT_AN_OBJECT)
    task = isinstance(content.get("data"), dict)
    inner = content["data"] if task else content
    own = _OWN if task or PREDICTIONS in variables else _OWN_WITH_PREDICTIONS
    predictions = content.get(PREDICTIONS) if task or PREDICTIONS in own else None
    data = {name: value for name, value in inner.items() if name not in own}
    for name, value in data.items():
        _check_text(name, name)
        check_value(value, name)
    # Of a task's own fields and those in its data the outer ones count.
    reserved = {**inner, **content} if task else content
    external_id, gold_answer = _external_id(reserved.get(EXTERNAL_ID)), _gold_answer(reserved.get(GOLD_ANSWER))
    return PlainRow(data, external_id, gold_answer, predictions)


def storable(text: str) -> str:
    """The text as both databases can keep it: NUL and undecoded bytes written out, at most LONGEST_ORIGINAL."""
    shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return shown if len(shown) <= LONGEST_ORIGINAL else shown[: LONGEST_ORIGINAL - 1] + "…"


def check_value(value: Any, field: str, depth: int = 1) -> None:
    """Refuse what no database keeps as JSON. Raises RowRefused, which names the field."""
    if depth > DEEPEST:
        raise RowRefused(refusals.TOO_DEEP, field=field)
    if isinstance(value, str):
        _check_text(value, field)
    elif isinstance(value, NotANumber) or (isinstance(value, float) and not math.isfinite(value)):
        raise RowRefused(refusals.NOT_FINITE, field=field)
    elif isinstance(value, int | float) and abs(value) > LARGEST_INTEGER:
        # Floats too: a whole number beyond 64 bits comes as one, with other digits than it had.
        raise RowRefused(refusals.NUMBER_TOO_LARGE, field=field)
    elif isinstance(value, list):
        for part in value:
            check_value(part, field, depth + 1)
    elif isinstance(value, dict):
        for name, part in value.items():
            _check_text(name, field)
            check_value(part, field, depth + 1)


def _check_text(text: str, field: str) -> None:
    if "\x00" in text:
        raise RowRefused(refusals.NUL)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RowRefused(refusals.BROKEN_CHARACTER, field=storable(field)) from None


def _external_id(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowRefused(refusals.ID_KIND)
    check_value(value, EXTERNAL_ID)
    text = str(value).strip()
    if len(text) > LONGEST_EXTERNAL_ID:
        raise RowRefused(refusals.ID_TOO_LONG, limit=LONGEST_EXTERNAL_ID)
    return text or None


def _gold_answer(value: object) -> list[Any] | None:
    if value is None or value == "":
        return None
    given = _listed(value) if isinstance(value, str) else value
    if not isinstance(given, list) or not given or not all(isinstance(one, str | dict | list) for one in given):
        raise RowRefused(refusals.GOLD_KIND)
    check_value(given, GOLD_ANSWER)
    return [one.strip() if isinstance(one, str) else one for one in given]


def _listed(text: str) -> list[Any]:
    """A table's cell: a JSON list, or names between bars."""
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        given = None
    return given if isinstance(given, list) else text.split("|")
