"""What the `type` of a problem document leads to: a page for each code, and the list of them."""

import re

from fastapi import APIRouter
from starlette.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, NotFound
from leye_platform.permissions import Permission
from leye_platform.web.display import display_of
from leye_platform.web.error_table import AREAS, FILLED_IN, problems_by_area, problems_by_code

router = APIRouter(prefix="/problems", include_in_schema=False)

_FILLED_IN = re.compile(r"{(\w+)}")
_AROUND = re.compile(r" (?=〈)|(?<=〉) ")


@router.get("")
@endpoint(Permission.PUBLIC)
def list_problems(work: Work) -> Response:
    """Every code with its status and sentence, by area."""
    by_area = problems_by_area(list(problems_by_code().values()))
    areas = [
        (area, work.gettext(AREAS[area]), [(problem, _sentence(work, problem.sentence)) for problem in inside])
        for area, inside in by_area.items()
    ]
    return work.page("problems/list.html", areas=areas)


@router.get("/{code}")
@endpoint(Permission.PUBLIC)
def show_problem(work: Work, code: str) -> Response:
    """One code."""
    problem = problems_by_code().get(code)
    if problem is None:
        raise NotFound
    return work.page("problems/problem.html", problem=problem, sentence=_sentence(work, problem.sentence))


def _sentence(work: Work, text: str) -> str:
    """The sentence in the reader's language; 〈words〉 say what is filled in."""
    about_a_file = "“{name}”" in text and any(word in text for word in ("文件", "压缩包", "清单", "工作簿"))

    def word(found: re.Match[str]) -> str:
        name = found[1]
        said = N_("文件名") if name == "name" and about_a_file else FILLED_IN[name]
        return f"〈{work.gettext(said)}〉"

    said = _FILLED_IN.sub(word, work.gettext(text))
    return (
        said if display_of(work.request).language == "en" else _AROUND.sub("", said)
    )  # full-width brackets bring their own room
