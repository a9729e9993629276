"""Review for people: the queue, and one micro-task with its answers side by side, blind."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from leye_platform.assignments.errors import AnswerRefused
from leye_platform.assignments.rules import SKIP_WORDS
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.guides.publish import text_of
from leye_platform.guides.shown import guide_html
from leye_platform.permissions import Permission
from leye_platform.projects.pictures_api import picture_links
from leye_platform.review import service
from leye_platform.review.errors import DecisionMissing, VerdictIncomplete
from leye_platform.review.queries import AnswerGroup, ReviewView, may_take, queue_figures, recently_settled, view_review
from leye_platform.review.rules import REASON_WORDS, REASONS, Reason, ReviewCause, ReviewState, Verdict
from leye_platform.web import formats
from leye_platform.web.pages import sentence_for, translator_for
from leye_platform.web.workbench import bar_commands
from leye_task_templates.splitting import PART
from leye_task_templates.template import ResultRefused

router = APIRouter(include_in_schema=False)

VERDICT_WORDS = {
    Verdict.ACCEPT: N_("采用"),
    Verdict.FIX: N_("改好再定"),
    Verdict.SEND_BACK: N_("退回重做"),
    Verdict.UNUSABLE: N_("这条不可用"),
}
CAUSE_WORDS = {
    ReviewCause.UNSURE: N_("几个人的答案拿不定"),
    ReviewCause.CHECK: N_("按比例抽查"),
    ReviewCause.SKIPPED: N_("有人跳过，说做不了"),
    ReviewCause.PART_UNUSABLE: N_("这一部分不可用，整条怎么办"),
    ReviewCause.GOLD_DOUBTED: N_("已经定了，可后来多数人答得不同"),
}
Field = Annotated[str, Form()]
SHORT_ANSWER = 12
LONGEST_HINT = 30


@router.get("/review")
@endpoint(Permission.REVIEW)
def home(work: Work, none: bool = False) -> Response:
    """How many wait, one button to begin, and what was settled."""
    figures = queue_figures(work.session, work.person_id, formats.day_began(work.now))
    return work.page(
        "review/home.html",
        figures=figures,
        cause_words=CAUSE_WORDS,
        verdict_words=VERDICT_WORDS,
        reason_words={reason.value: words for reason, words in REASON_WORDS.items()},
        settled=recently_settled(work.session, work.person_id),
        none_found=none,
    )


@router.post("/review/next")
@endpoint(Permission.REVIEW, form=True)
def take_next(work: Work) -> Response:
    """Take the next review."""
    review = service.take_next(work.session, work.actor, work.now)
    return RedirectResponse(f"/review/{review.id}" if review else "/review?none=1", status_code=303)


@router.get("/review/{review_id}")
@endpoint(Permission.REVIEW)
def show(work: Work, review_id: UUID) -> Response:
    """One review; a settled one shows what was decided."""
    review = service.own_review(work.session, work.actor, review_id)
    return _shown(work, view_review(work.session, review, picture_links(work)), {}, {})


@router.post("/review/{review_id}")
@endpoint(Permission.REVIEW, form=True)
def settle(
    work: Work,
    review_id: UUID,
    *,
    do: Field = "submit",
    decision: Field = "",
    fixed: Annotated[list[str] | None, Form()] = None,
    reason: Field = "",
    comment: Field = "",
) -> Response:
    """Settle it, or put it back (`do`: submit, leave, skip, help)."""
    if do == "help":
        return RedirectResponse("/help", status_code=303)
    if do == "skip":
        service.put_back(work.session, work.actor, review_id)
    if do in {"skip", "leave"}:
        return RedirectResponse("/review", status_code=303)
    review = service.own_review(work.session, work.actor, review_id)
    shown = view_review(work.session, review, picture_links(work))
    given = {"decision": decision, "fixed": fixed or [], "reason": reason, "comment": comment}
    if do == "undo" or review.state is ReviewState.SETTLED:
        return RedirectResponse(f"/review/{review_id}", status_code=303)
    try:
        service.settle(work.session, work.actor, review_id, _settlement(shown, given), work.now)
    except (VerdictIncomplete, AnswerRefused) as refused:
        field = refused.field if isinstance(refused, VerdictIncomplete) else "fixed"
        return _shown(work, shown, given, {field: sentence_for(work.request, refused)})
    following = service.take_next(work.session, work.actor, work.now)
    return RedirectResponse(f"/review/{following.id}" if following else "/review?none=1", status_code=303)


def _settlement(shown: ReviewView, given: dict[str, Any]) -> service.Settlement:
    """What the form's fields mean. `decision` is a verdict, or accept:RESPONSE.

    Raises DecisionMissing, and AnswerRefused for choices that the label config does not allow.
    """
    word, _, chosen = given["decision"].partition(":")
    if word not in set(Verdict):
        raise DecisionMissing
    verdict, result = Verdict(word), None
    reason = Reason(given["reason"]) if given["reason"] in set(Reason) else None
    accepted = next((group.response_id for group in shown.groups if str(group.response_id) == chosen), None)
    # Nothing ticked is an answer only where the task may be answered with nothing.
    if verdict is Verdict.FIX and (given["fixed"] or not shown.view["required"]):
        try:
            result = shown.kind.template.result_from_form(shown.kind.config, shown.content, given["fixed"])
        except ResultRefused as refused:
            raise AnswerRefused(refused) from None
    return service.Settlement(verdict, reason, given["comment"], accepted, result)


def _shown(work: Work, shown: ReviewView, given: dict[str, Any], problems: dict[str, str]) -> Response:
    return work.page(
        "review/task.html",
        status=422 if problems else 200,
        shown=shown,
        part=picture_links(work).linked(shown.content.get(PART)),
        guide=guide_html(work.session, text_of(shown.guide), work.gettext, top=3, answers_of=shown.project.id),
        settled=shown.review.state is ReviewState.SETTLED,
        decided=shown.decided_words,
        given=given,
        problems=problems,
        cause=CAUSE_WORDS[shown.review.cause],
        verdict_words=VERDICT_WORDS,
        reasons=[_reason_option(work, reason) for reason in REASON_WORDS],
        accepts=[_accept_words(work, group) for group in shown.groups],
        waiting=may_take(work.session, work.person_id),
        reason_words={reason.value: words for reason, words in REASON_WORDS.items()},
        skips=[(SKIP_WORDS[reason], comment) for reason, comment in shown.skips],
        commands=_commands(work, shown),
    )


def _reason_option(work: Work, reason: Reason) -> dict[str, str]:
    """A reason as a choice, with the verdicts that it fits, so that nobody has to try."""
    fits = [verdict for verdict in Verdict if reason in REASONS[verdict]]
    listed = work.gettext(N_("、")).join(work.gettext(VERDICT_WORDS[verdict]) for verdict in fits)
    return {
        "value": reason.value,
        "label": work.gettext(REASON_WORDS[reason]),
        "hint": "" if len(fits) == len(Verdict) else listed,
        "fits": " ".join(fits),
    }


def _accept_words(work: Work, group: AnswerGroup) -> tuple[str, str]:
    """What accepts a group of answers, and a hint: a long answer stands above already, so its author names it."""
    authors = work.gettext(N_("、")).join(group.authors)
    if len(group.words) <= SHORT_ANSWER:
        return work.gettext(N_("采用“{words}”")).format(words=group.words), authors
    hint = group.words if len(group.words) <= LONGEST_HINT else f"{group.words[:LONGEST_HINT]}…"
    return work.gettext(N_("采用 {authors} 的答案")).format(authors=authors), hint


def _commands(work: Work, shown: ReviewView) -> list[dict[str, str]]:
    """The page's finite commands with their keys: one for each answer, the three other verdicts, the bar's five."""
    translate = translator_for(work.request).gettext
    labels = [_accept_words(work, group)[0] for group in shown.groups]
    labels += [translate(VERDICT_WORDS[v]) for v in (Verdict.FIX, Verdict.SEND_BACK, Verdict.UNUSABLE)]
    choose = [
        {"command": f"choose {n}", "label": label, "key": str(n) if n < 10 else ""}
        for n, label in enumerate(labels, start=1)
    ]
    unsaved = {"leave": translate(N_("离开"))}  # a decision is kept once it is submitted, not before
    return choose + [one | {"label": unsaved.get(one["command"], one["label"])} for one in bar_commands(translate)]
