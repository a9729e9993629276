"""What every task type that shows texts asks of a row. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from leye_task_templates.template import LONGEST_TEXT, RowProblem, RowProblemCode

RESERVED = frozenset({"external_id", "gold_answer"})
"""Columns of a batch file that are the platform's own, and so cannot be a text's variable."""

HALF_A_PAIR = re.compile("[\ud800-\udfff]")


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
    # Half a surrogate pair, as JSON can carry it: no database takes it.
    return RowProblem(RowProblemCode.NOT_UNICODE, name) if HALF_A_PAIR.search(value) else None
