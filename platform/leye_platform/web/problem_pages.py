"""What the `type` of a problem document leads to: a page for each code, and the list of them."""

import re

from fastapi import APIRouter
from starlette.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import NotFound
from leye_platform.permissions import Permission
from leye_platform.web.error_table import problems_by_code

router = APIRouter(prefix="/problems", include_in_schema=False)

_FILLED_IN = re.compile(r"{\w+}")


@router.get("")
@endpoint(Permission.PUBLIC)
def list_problems(work: Work) -> Response:
    """Every code with its status and sentence."""
    rows = [(problem, _sentence(work, problem.sentence)) for problem in problems_by_code().values()]
    return work.page("problems/list.html", rows=rows)


@router.get("/{code}")
@endpoint(Permission.PUBLIC)
def show_problem(work: Work, code: str) -> Response:
    """One code."""
    problem = problems_by_code().get(code)
    if problem is None:
        raise NotFound
    return work.page("problems/problem.html", problem=problem, sentence=_sentence(work, problem.sentence))


def _sentence(work: Work, text: str) -> str:
    """The sentence in the reader's language; dots stand where something is filled in."""
    return _FILLED_IN.sub("…", work.gettext(text))
