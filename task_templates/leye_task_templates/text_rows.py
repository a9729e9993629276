"""What every task type that shows texts asks of a row. Pure."""

from collections.abc import Mapping
from typing import Any

from leye_task_templates.template import LONGEST_TEXT, RowProblem, RowProblemCode

RESERVED = frozenset({"external_id", "gold_answer"})
"""Columns of a batch file that are the platform's own, and so cannot be a text's variable."""


def row_problem(name: str, data: Mapping[str, Any]) -> RowProblem | None:
    """Why a text of a row cannot be shown; None where it can."""
    value = data.get(name)
    if value is None:
        return RowProblem(RowProblemCode.MISSING, name)
    if not isinstance(value, str):
        return RowProblem(RowProblemCode.NOT_TEXT, name)
    if "\x00" in value:
        return RowProblem(RowProblemCode.NUL, name)
    if not value.strip():
        return RowProblem(RowProblemCode.EMPTY, name)
    if len(value) > LONGEST_TEXT:
        return RowProblem(RowProblemCode.TOO_LONG, name)
    return None if _is_unicode(value) else RowProblem(RowProblemCode.NOT_UNICODE, name)


def _is_unicode(text: str) -> bool:
    """Whether no half of a surrogate pair is in it, as JSON can carry it: no database takes it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
