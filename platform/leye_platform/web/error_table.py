"""Every named situation that is loaded, as the reference and the pages of `/problems` list them."""

from collections.abc import Sequence
from dataclasses import dataclass

from leye_platform.errors import N_, LeyeError, code_of


@dataclass(frozen=True)
class NamedProblem:
    """A problem as its code names it. `sentence` is source text with `{names}` of what is filled in; `area` a key of
    AREAS.
    """

    code: str
    status: int
    sentence: str
    area: str = "general"


AREAS = {
    "general": N_("各处都会有的"),
    "accounts": N_("账号和登录"),
    "projects": N_("项目、批次和文件"),
    "partner_api": N_("Label Studio 接口"),
    "assignments": N_("做任务"),
    "guides": N_("标注规范"),
    "review": N_("质检"),
    "delivery": N_("交付"),
    "holdings": N_("存储空间"),
    "retention": N_("数据保留和删除"),
    "exports": N_("导出"),
    "billing": N_("钱和账单"),
    "teams": N_("小组和求助"),
    "notices": N_("消息"),
    "webhooks": N_("给程序的消息"),
}
"""The parts of the site that a problem may come from, by the folder that names it, in words and in order."""
FILLED_IN = {
    "code": N_("回答的代码"),
    "column": N_("列"),
    "columns": N_("列名"),
    "count": N_("数"),
    "email": N_("填的邮箱"),
    "example": N_("例子"),
    "found": N_("有的列名"),
    "free": N_("剩下的空间"),
    "host": N_("地址"),
    "kind": N_("文件的种类"),
    "known": N_("格式"),
    "limit": N_("上限"),
    "limit_mb": N_("上限"),
    "line": N_("行号"),
    "megabytes": N_("上限"),
    "missing": N_("缺的东西"),
    "most": N_("上限"),
    "name": N_("名称"),
    "number": N_("份号"),
    "organisation": N_("单位"),
    "problem": N_("问题"),
    "rate": N_("填的价格"),
    "reason": N_("原因"),
    "role": N_("角色"),
    "roles": N_("角色"),
    "row": N_("行号"),
    "rows": N_("行数"),
    "seconds": N_("秒数"),
    "since": N_("填的交付批"),
    "size": N_("收到的字节数"),
    "state": N_("状态"),
    "team": N_("小组"),
    "typed": N_("填的内容"),
    "used": N_("已用的空间"),
    "usual": N_("平常的数"),
    "wanted": N_("要的大小"),
}
"""What stands in a sentence where something is filled in, in words."""


BESIDE = (
    NamedProblem("http", 405, N_("这个地址不能这样打开。请从网页上的链接和按钮进来。")),
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
    told = [NamedProblem(code_of(error), error.status, error.sentence, _area(error)) for error in named_errors()]
    return {problem.code: problem for problem in sorted([*BESIDE, *told], key=lambda problem: problem.code)}


def problems_by_area(problems: Sequence[NamedProblem]) -> dict[str, list[NamedProblem]]:
    """The problems under their areas, in the order of AREAS; areas without any are left out."""
    found = {area: [problem for problem in problems if problem.area == area] for area in AREAS}
    return {area: inside for area, inside in found.items() if inside}


def _area(error: type[LeyeError]) -> str:
    folder = error.__module__.split(".")[1]
    return folder if folder in AREAS else "general"
