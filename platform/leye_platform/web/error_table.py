"""Every named situation that is loaded, as the reference and the pages of `/problems` list them."""

from dataclasses import dataclass

from leye_platform.errors import N_, LeyeError, code_of


@dataclass(frozen=True)
class NamedProblem:
    """A problem as its code names it. `sentence` is source text with `{names}` of what is filled in."""

    code: str
    status: int
    sentence: str


BESIDE = (
    NamedProblem("http", 405, N_("这个地址不能这样打开。")),
    NamedProblem("invalid-request", 422, N_("填写的内容不全，或者格式不对。请检查后再提交。")),
    NamedProblem("unforeseen", 500, N_("是我们这边出了问题，不是你操作错了。已经提交的答案都存好了。")),
)
"""What `web/error_pages.py` answers with where no named situation fits."""


def named_errors() -> list[type[LeyeError]]:
    """The platform's named situations, as far as their modules are loaded; all of a web process's are."""
    known: list[type[LeyeError]] = []
    waiting: list[type[LeyeError]] = [LeyeError]
    while waiting:
        below = waiting.pop().__subclasses__()
        known += below
        waiting += below
    return [error for error in dict.fromkeys(known) if error.__module__.startswith("leye_platform.")]


def problems_by_code() -> dict[str, NamedProblem]:
    """Every problem that an answer's `type` may name, in the order of the codes."""
    told = [NamedProblem(code_of(error), error.status, error.sentence) for error in named_errors()]
    return {problem.code: problem for problem in sorted([*BESIDE, *told], key=lambda problem: problem.code)}
