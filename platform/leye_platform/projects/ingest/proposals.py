"""Proposals: the predictions of a partner's model that come with a row, checked as answers are. Pure.

A prediction that cannot be used costs the row nothing: it comes in without one, and the batch counts the reason.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from leye_platform.errors import N_
from leye_platform.projects.ingest.rows import PREDICTIONS, RowRefused, check_value, storable
from leye_platform.projects.splitting import cut_result
from leye_platform.projects.task_type import TaskType
from leye_task_templates.template import Result, ResultProblemCode, ResultRefused

LONGEST_VERSION = 200


class ProposalProblem(StrEnum):
    """What can be wrong with predictions before a task type looks at them."""

    NOT_A_LIST = "not_a_list"
    NO_RESULT = "no_result"
    NOT_STORABLE = "not_storable"


_P, _R = ProposalProblem, ResultProblemCode
PROPOSAL_WORDS: dict[str, str] = {
    _P.NOT_A_LIST: N_("predictions 不是列表"),
    _P.NO_RESULT: N_("predictions 里没有 result 列表"),
    _P.NOT_STORABLE: N_("predictions 里有存不了的字符或数"),
    _R.NOT_REGIONS: N_("result 的格式不对"),
    _R.UNKNOWN_CONTROL: N_("from_name、to_name 或 type 和标签配置对不上"),
    _R.UNKNOWN_CHOICE: N_("有标签配置里没有的标签"),
    _R.NOTHING_CHOSEN: N_("一个选项也没有"),
    _R.ONE_ONLY: N_("只能选一个，却有几个选项"),
    _R.SPAN_OUTSIDE: N_("标的位置不在原文里"),
    _R.SPAN_ACROSS: N_("有一处跨了两段，这篇要分段标"),
    _R.SPAN_LABEL: N_("有一处没有标签，或者不止一个"),
    _R.TOO_MANY_SPANS: N_("标的地方太多"),
    _R.BOX_OUTSIDE: N_("框出了图片"),
    _R.BOX_LABEL: N_("有个框没有标签，或者不止一个"),
    _R.BOX_TURNED: N_("有转过的框，这里只收不转的"),
    _R.TOO_MANY_BOXES: N_("框太多"),
}
"""Why predictions could not be used, for whoever sent them."""
OTHER_WORDS = N_("和标签配置对不上")


class ProposalRefused(Exception):
    """No prediction of a row can be used; `code` is a key of PROPOSAL_WORDS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = str(code)  # a plain one: an enum's member is no key of stored JSON


@dataclass(frozen=True, slots=True)
class RefusedProposals:
    """How many rows had predictions of which none could be used, for one reason; the first of them by its number."""

    words: str
    count: int
    row: int


def refused_proposals(stored: Mapping[str, Mapping[str, int]]) -> list[RefusedProposals]:
    """What a batch keeps about them, most frequent first."""
    told = [
        RefusedProposals(PROPOSAL_WORDS.get(code, OTHER_WORDS), counted["count"], counted["row"])
        for code, counted in stored.items()
    ]
    return sorted(told, key=lambda one: (-one.count, one.row))


def with_refusals(stored: Mapping[str, Any], refused: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """What a batch keeps, with some more (code, row) counted."""
    kept = {code: dict(counted) for code, counted in stored.items()}
    for code, row in refused:
        counted = kept.setdefault(code, {"count": 0, "row": row})
        counted["count"] += 1
    return kept


def propose(
    kind: TaskType,
    contents: Sequence[Mapping[str, Any]],
    predictions: object,
    whole: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]] | None:
    """The proposal of each part of an item; None where the row brings no prediction.

    The newest prediction that fits is taken: by `created_at` where they have it, else in their order. It is about the
    whole item (whole: its content, where that is not its only part's), and is cut as the item is. Raises
    ProposalRefused, for the first reason.
    """
    whole = contents[0] if whole is None else whole
    given = _listed(predictions)
    first: ProposalRefused | None = None
    for prediction in given:
        try:
            results = _results(kind, contents, prediction, whole)
        except ProposalRefused as refused:
            first = first or refused
            continue
        about = {"model_version": _version(prediction), "score": _score(prediction)}
        return [{"result": result} | about for result in results]
    if first is not None:
        raise first
    return None


def _listed(predictions: object) -> list[Any]:
    """The predictions, newest first. A table's cell holds them as JSON."""
    if isinstance(predictions, str):
        try:
            predictions = orjson.loads(predictions) if predictions.strip() else None
        except orjson.JSONDecodeError:
            raise ProposalRefused(_P.NOT_A_LIST) from None
    if predictions is None:
        return []
    if not isinstance(predictions, list):
        raise ProposalRefused(_P.NOT_A_LIST)
    return sorted(predictions, key=_created_at, reverse=True)


def _created_at(prediction: object) -> str:
    given = prediction.get("created_at") if isinstance(prediction, dict) else None
    return given if isinstance(given, str) else ""


def _results(
    kind: TaskType, contents: Sequence[Mapping[str, Any]], prediction: object, whole: Mapping[str, Any]
) -> list[Result]:
    result = prediction.get("result") if isinstance(prediction, dict) else None
    if not isinstance(result, list):
        raise ProposalRefused(_P.NO_RESULT)
    try:
        check_value(result, PREDICTIONS)
        return cut_result(kind, contents, kind.template.validate_result(kind.config, whole, result))
    except RowRefused:
        raise ProposalRefused(_P.NOT_STORABLE) from None
    except ResultRefused as refused:
        raise ProposalRefused(refused.code) from None


def _version(prediction: Mapping[str, Any]) -> str | None:
    given = prediction.get("model_version")
    return storable(given.encode("utf-8", "replace").decode())[:LONGEST_VERSION] if isinstance(given, str) else None


def _score(prediction: Mapping[str, Any]) -> float | None:
    given = prediction.get("score")
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        score = float(given)
    except OverflowError:
        return None
    return score if math.isfinite(score) else None
