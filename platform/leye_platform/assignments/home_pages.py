"""The annotator's home."""

from collections.abc import Iterable

from fastapi import APIRouter
from starlette.responses import Response

from leye_platform.assignments.home_queries import OpenProject, home
from leye_platform.assignments.queries import leader_of
from leye_platform.assignments.rules import NO_TASK_WORDS, NoTask
from leye_platform.billing.earnings import Sums, statement_of
from leye_platform.billing.months import Month
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.teams.flags import how_many_flagged
from leye_platform.teams.help_queries import how_many_wait, unread_answers
from leye_platform.web import formats
from leye_task_templates.template import Need

router = APIRouter(include_in_schema=False)

NEED_WORDS: dict[Need, str] = {
    Need.READ: N_("看文字"),
    Need.SEE: N_("看图"),
    Need.SEE_COLOUR: N_("分辨颜色"),
    Need.HEAR: N_("听声音"),
    Need.SPEAK: N_("说话"),
    Need.FINE_TIMING: N_("对准时间"),
}

AFTER_WORDS: dict[str, tuple[str, str]] = {
    "kept": (N_("存好了。"), N_("什么时候回来都能接着做。")),
    "submitted": (N_("上一条已提交。"), N_("答案存好了，收入里看得到。")),
    "skipped": (N_("上一条已跳过。"), N_("不影响收入。")),
    "released": (N_("那一条已退还。"), N_("会由别人来做，不影响收入。")),
    "passed": (N_("那一条不用跳过了。"), N_("保留时间已过，别人已经可以做；你写好的答案仍可提交，照样计酬。")),
}


@router.get("/work")
@endpoint(Permission.WORK)
def work_home(work: Work, none: str = "", after: str = "") -> Response:
    """What to do next, what was earned, which projects suit.

    none: why the last claim gave nothing; said again only as far as it is still true. after: what the person
    has just done.
    """
    month = statement_of(work.session, work.person_id, Month.of(work.now))
    shown = home(work.session, work.person_id, work.now)
    reason = NoTask.STILL_LOOKING if none == NoTask.STILL_LOOKING and shown.why_not else shown.why_not
    return work.page(
        "work/home.html",
        home=shown,
        today=month.days.get(formats.day_began(work.now), Sums()),
        month=month,
        leader=leader_of(work.session, work.person_id),
        looked=bool(none),
        reason=None if reason is None else NO_TASK_WORDS[reason],
        lease_ends_at=shown.lease_ends_at if reason is NoTask.ALL_HELD else None,
        why={project.id: why_it_suits(work, project) for project in shown.projects},
        not_now={project.id: NO_TASK_WORDS[project.why_not] for project in shown.projects if project.why_not},
        after=AFTER_WORDS.get(after),
        answers=unread_answers(work.session, work.person_id),
        flagged=how_many_flagged(work.session, work.actor) if work.actor.may(Permission.VIEW_TEAM) else 0,
        waiting_for_help=how_many_wait(work.session, work.actor) if work.actor.may(Permission.VIEW_TEAM) else 0,
    )


def why_it_suits(work: Work, project: OpenProject) -> str:
    """What a project's tasks ask for, and how far the person knows them."""
    needs = work.gettext(N_("只要{needs}，用键盘就能做完")).format(needs=_listed(work, project.needs))
    if not project.answers:
        return needs
    known = work.gettext(N_("你做过 {count} 条")).format(count=formats.count(project.answers))
    return f"{needs}{work.gettext(N_('；'))}{known}"


def _listed(work: Work, needs: Iterable[Need]) -> str:
    words = [work.gettext(NEED_WORDS[need]) for need in Need if need in set(needs)]
    return work.gettext(N_("、")).join(words)
