"""One's own earnings: the months, one month by day and project, one answer's story."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from leye_platform.billing.answer_story import story_of
from leye_platform.billing.api import CSV, attachment
from leye_platform.billing.earnings import PaidAnswer, answers_of, balance_of, months_of, statement_of, stream_answers
from leye_platform.billing.months import Month
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.projects.pictures_api import picture_links
from leye_platform.web.formats import local

router = APIRouter(include_in_schema=False)


@router.get("/work/earnings")
@endpoint(Permission.OWN_EARNINGS)
def home(work: Work) -> Response:
    """What is owed now, and the months."""
    return work.page(
        "billing/earnings.html",
        balance=balance_of(work.session, work.actor.number),
        months=months_of(work.session, work.person_id, work.now),
        recent=answers_of(work.session, work.person_id, Month.of(work.now), limit=10),
    )


@router.get("/work/earnings/answers/{response_id}")
@endpoint(Permission.OWN_EARNINGS)
def answer(work: Work, response_id: UUID) -> Response:
    """The story of one of one's own answers."""
    story = story_of(work.session, work.person_id, response_id)
    month = Month.of(story.response.submitted_at)
    links = picture_links(work)
    pictures = links.pictures(story.content)
    drawn = {"view": links.linked(story.view), "result": story.response.result} if pictures else None
    return work.page("billing/answer.html", story=story, month=month, drawn=drawn)


# The path with an ending comes first: `{month}` alone would take the ending in.
@router.get("/work/earnings/{month}.csv")
@endpoint(Permission.OWN_EARNINGS)
def month_csv(work: Work, month: str) -> Response:
    """Every answer of a month, one row each."""
    wanted, person_id = Month.named(month), work.person_id
    database = work.installation.database
    header = [
        N_("提交时间"),
        N_("项目"),
        N_("答案"),
        N_("报酬（元）"),
        N_("状态"),
        N_("转为待发放的时间"),
        N_("答案编号"),
    ]
    words = [work.gettext(word) for word in header]
    states = (work.gettext(N_("待确认")), work.gettext(N_("待发放")))

    def stream() -> Iterator[str]:
        yield "\ufeff" + _line(words)
        # The answer outlives the request's own session.
        with database.read() as session:
            for paid in stream_answers(session, person_id, wanted):
                yield _line(_cells(paid, states))

    return StreamingResponse(stream(), media_type=CSV, headers=attachment(f"earnings-{wanted.name}.csv"))


def _cells(paid: PaidAnswer, states: tuple[str, str]) -> list[str]:
    since = "" if paid.payable_at is None else local(paid.payable_at).strftime("%Y-%m-%d %H:%M:%S")
    return [
        local(paid.submitted_at).strftime("%Y-%m-%d %H:%M:%S"),
        paid.project,
        paid.words,
        format(Decimal(paid.pay_micros) / 1_000_000, "f"),
        states[0] if paid.payable_at is None else states[1],
        since,
        str(paid.response_id),
    ]


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


@router.get("/work/earnings/{month}")
@endpoint(Permission.OWN_EARNINGS)
def month_page(work: Work, month: str) -> Response:
    """One month by day and project, with its newest answers."""
    wanted = Month.named(month)
    return work.page(
        "billing/month.html",
        statement=statement_of(work.session, work.person_id, wanted),
        month=wanted,
        answers=answers_of(work.session, work.person_id, wanted),
    )
