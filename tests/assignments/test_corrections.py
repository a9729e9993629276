"""Correcting one's own answer: as if it had been given so at first, paid once, and never under anybody's hands."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, update

from leye_platform.assignments.correct import Correction, correct
from leye_platform.assignments.models import ReplacedAnswer, Response, Slot, WorkRecord
from leye_platform.assignments.rules import Lane, ProposalUse, SlotState
from leye_platform.audit import AuditRecord
from leye_platform.billing.answer_story import story_of
from leye_platform.billing.models import LedgerEntry
from leye_platform.database import Database
from leye_platform.delivery.service import assemble_lot
from leye_platform.installation import Installation
from leye_platform.projects.rules import ItemState, Pipeline
from leye_platform.retention.content_rows import content_left
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import DecisionMethod, Reason, ReviewCause, Verdict
from support.clock import MovableClock
from support.correcting import AT_MOST_TWO, CHECKED, NO, ONE, SURE_AT_TWO, YES, Correcting
from support.erasing import Erasing
from support.factories import chosen
from support.parts import LONG, LongTexts, marked, spans_of
from support.proposing import put_proposals, use_of


def said(result: list[Any]) -> list[str]:
    """The classes that a result names."""
    return [value for region in result for value in region["value"]["choices"]]


@pytest.fixture
def desk(installation: Installation, clock: MovableClock) -> Correcting:
    return Correcting(installation, clock)


@pytest.mark.parametrize(
    ("pipeline", "given", "who", "label"),
    [
        pytest.param(ONE, [YES], 0, NO, id="one answer had decided"),
        pytest.param(CHECKED, [YES], 0, NO, id="it waits for a look"),
        pytest.param(SURE_AT_TWO, [YES], 0, NO, id="undecided, the second answer is not there yet"),
        pytest.param(SURE_AT_TWO, [YES, NO], 0, NO, id="a third was asked, and is not wanted any more"),
        pytest.param(SURE_AT_TWO, [YES, YES], 1, NO, id="the decision falls, a third is asked"),
        pytest.param(AT_MOST_TWO, [YES, YES], 1, NO, id="the decision falls, a reviewer is asked"),
        pytest.param(AT_MOST_TWO, [YES, NO], 1, YES, id="the reviewer is not wanted any more"),
    ],
)
def test_what_follows_is_what_would_have_followed(
    desk: Correcting, pipeline: Pipeline, given: list[str], who: int, label: str
) -> None:
    corrected, at_first = desk.batch(1, pipeline=pipeline), desk.batch(1, pipeline=pipeline)
    authors = desk.given(corrected, *given)
    desk.corrects(authors[who], label)
    desk.given(at_first, *(label if place == who else one for place, one in enumerate(given)))
    here, there = desk.figures(corrected), desk.figures(at_first)
    if given == [YES, YES]:
        # What was payable stays so: it is not taken back, and the next decision pays the rest.
        assert {kind for kind, *_ in here.pop("entries")} == {"earning_pending", "earning_payable"}
        assert {kind for kind, *_ in there.pop("entries")} == {"earning_pending"}
    assert here == there
    desk.balanced()


def test_the_old_answer_stays_in_the_log_and_counts_nowhere(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=SURE_AT_TWO)
    first, _ = desk.given(batch, YES, YES)
    was = desk.clock.now()
    done = desk.corrects(first, NO)
    assert done.new
    with database.read() as session:
        response = session.get_one(Response, done.response_id)
        assert (said(response.result), response.labels) == ([NO], [1])
        assert (response.submitted_at, response.corrected_at) == (was - timedelta(minutes=2), was)
        [old] = session.scalars(select(ReplacedAnswer))
        assert (old.response_id, old.version, said(old.result), old.labels) == (response.id, 1, [YES], [0])
        assert (old.given_at, old.replaced_at) == (response.submitted_at, was)
        assert session.scalar(select(func.count()).select_from(Response)) == 2
        record = session.get_one(WorkRecord, (first[0].person_id, batch.project_id))
        assert (record.answers, record.gold_answers) == (1, 0)
        [deed] = session.scalars(select(AuditRecord).where(AuditRecord.action == "answer.correct"))
        assert (deed.person_id, deed.subject_id, deed.at) == (first[0].person_id, response.id, was)
        assert deed.detail == {}, "never what was answered"
        [fallen] = session.scalars(select(Decision))
        assert (fallen.labels, fallen.fell_at) == ([0], was)
    desk.given(batch, NO, NO)
    with database.read() as session:
        newest = session.scalars(select(Decision).order_by(Decision.version.desc())).first()
        assert newest is not None
        assert (newest.version, newest.labels, newest.fell_at) == (2, [1], None)
        kinds = select(LedgerEntry.kind, func.count()).group_by(LedgerEntry.kind)
        assert dict(session.execute(kinds).all()) == {"earning_pending": 4, "earning_payable": 4}
    desk.balanced()


def test_the_author_reads_what_became_of_it(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=SURE_AT_TWO)
    first, second = desk.given(batch, YES, YES)
    done = desk.corrects(first, NO)
    with database.read() as session:
        story = story_of(session, first[0].person_id, done.response_id)
        assert (story.words, story.decided) == (NO, None)
        told = [step.template.format(money="", **{"words": "", "before": ""} | step.values) for step in story.steps]
        assert f"你更正了答案：原来是{YES}，改为{NO}。" in told
        assert "有答案更正过，前面的判定不再算数。报酬不变。" in told
        other = session.scalars(select(Response.id).where(Response.person_id == second[0].person_id)).one()
        assert story_of(session, second[0].person_id, other).decided is None


def test_the_same_correction_is_one(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=ONE)
    [author] = desk.given(batch, YES)
    assert not desk.corrects(author, YES).new, "it says so already"
    assert desk.corrects(author, NO, "one").new
    assert not desk.corrects(author, NO, "one").new
    assert not desk.corrects(author, NO, "two").new
    assert desk.corrects(author, YES, "three").new
    assert not desk.corrects(author, NO, "one").new, "a request that was long on its way changes nothing"
    with database.read() as session:
        assert session.scalars(select(Response.labels)).one() == [0]
        versions = session.scalars(select(ReplacedAnswer.version).order_by(ReplacedAnswer.version)).all()
        assert versions == [1, 2]
        assert session.scalar(select(func.count()).where(Decision.fell_at.is_(None))) == 1


def test_a_drawn_look_stays_and_shows_the_corrected_answer(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=CHECKED)
    [author] = desk.given(batch, YES)
    done = desk.corrects(author, NO)
    desk.settles(desk.must_take(), Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=done.response_id)
    with database.read() as session:
        [decision] = session.scalars(select(Decision))
        assert (decision.method, decision.labels) == (DecisionMethod.REVIEW, [1])
        assert session.scalars(select(Review.cause)).all() == [ReviewCause.CHECK]


def test_gold_is_corrected_as_the_rest_is_and_counts_so(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=ONE, gold=1)
    who = desk.person()
    with database.write() as session:
        [task] = batch.gold
        session.execute(update(Slot).where(Slot.microtask_id != task).values(state=SlotState.WITHDRAWN))
        session.execute(update(Slot).where(Slot.microtask_id == task).values(lane=Lane.NORMAL))
    author = (who, desk.claims(who, batch.project_id))
    desk.answers(*author, NO)

    def right() -> tuple[int, int, int]:
        with database.read() as session:
            record = session.get_one(WorkRecord, (who.person_id, batch.project_id))
            return record.answers, record.gold_answers, record.gold_right

    assert right() == (1, 1, 0)
    desk.corrects(author, YES)
    assert right() == (1, 1, 1)
    desk.corrects(author, NO)
    assert right() == (1, 1, 0)
    with database.read() as session:
        assert session.scalars(select(Response.pay_micros)).one() > 0
        kinds = sorted(session.scalars(select(LedgerEntry.kind)))
        assert kinds == ["earning_payable", "earning_pending"]
        assert session.scalar(select(func.count()).select_from(Decision)) == 0


def test_a_correction_that_breaks_off_has_changed_nothing(desk: Correcting, monkeypatch: pytest.MonkeyPatch) -> None:
    [author] = desk.given(desk.batch(1, pipeline=ONE), YES)
    before = desk.everything()

    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("leye_platform.assignments.correct.record", breaks)  # the last thing that it writes
        with pytest.raises(RuntimeError):
            desk.corrects(author, NO)
    assert desk.everything() == before
    assert desk.corrects(author, NO).new


def test_corrections_and_answers_at_once_leave_nothing_half(desk: Correcting, database: Database) -> None:
    batches = [desk.batch(1, pipeline=SURE_AT_TWO) for _ in range(4)]
    for batch in batches:
        [author] = desk.given(batch, YES)
        other = desk.person()
        claimed = desk.claims(other, batch.project_id)
        deeds: list[Callable[[], object]] = [
            partial(desk.corrects, author, NO, "a"),
            partial(desk.corrects, author, YES, "b"),
            partial(desk.corrects, author, NO, "a"),
            partial(desk.answers, other, claimed, NO),
        ]
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(deed) for deed in deeds]:
                done.result()
        here = desk.figures(batch)
        [first, second] = [answer[1] for answer in here["answers"]]
        assert second == [1]
        if first == [1]:
            assert here["states"] == (ItemState.DECIDED, ItemState.DECIDED)
            assert ([one[1] for one in here["decisions"]], here["waiting"]) == ([[1]], [])
        else:
            assert here["states"] == (ItemState.WORKING, ItemState.WORKING)
            assert (here["decisions"], here["waiting"]) == ([], [(Lane.URGENT, 1)])
        with database.read() as session:
            logged = select(func.count()).select_from(ReplacedAnswer).join(Response)
            assert session.scalar(logged.where(Response.batch_id == batch.batch_id)) in {1, 2}, (
                "the same one twice is one"
            )
    desk.balanced()


def test_an_answer_on_top_changes_the_decision_only_when_it_is_sure_of_another(
    desk: Correcting, database: Database
) -> None:
    """Three answers: the third was asked because two differed; now the first two agree, and it differs."""
    batch = desk.batch(1, pipeline=SURE_AT_TWO)
    _, second, third = desk.given(batch, YES, NO, YES)
    desk.corrects(second, YES)
    assert [one[1] for one in desk.figures(batch)["decisions"]] == [[0]]
    desk.corrects(third, NO)
    here = desk.figures(batch)
    assert here["states"] == (ItemState.DECIDED, ItemState.DECIDED)
    assert [one[1] for one in here["decisions"]] == [[0]]
    # Two postings each: every answer was earned once, and became payable once.
    assert [(kind, count) for kind, count, _ in here["entries"]] == [("earning_payable", 6), ("earning_pending", 6)]
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Decision.fell_at.is_(None))) == 1
    desk.balanced()


def test_a_kept_proposal_that_is_changed_speaks_for_itself(desk: Correcting, database: Database) -> None:
    batch = desk.batch(1, pipeline=SURE_AT_TWO)
    put_proposals(database, batch.batch_id, chosen(YES))
    first, _ = desk.given(batch, YES, NO)
    assert use_of(database, first[1]) is ProposalUse.KEPT
    desk.corrects(first, NO)
    assert use_of(database, first[1]) is ProposalUse.CHANGED
    here = desk.figures(batch)
    assert here["states"] == (ItemState.DECIDED, ItemState.DECIDED)
    assert ([one[1] for one in here["decisions"]], here["waiting"]) == ([[1]], [])


def test_a_part_is_corrected_by_itself_and_the_whole_is_joined_anew(desk: Correcting, database: Database) -> None:
    texts = LongTexts(desk, ONE)
    batch_id, who = texts.uploaded(LONG), desk.person()
    texts.works(who, batch_id, 3)
    held, task = texts.takes(who)
    texts.gives(who, held, [])
    assert spans_of(texts.joined(batch_id)[-1].result) != spans_of(marked(LONG))
    given = Correction(texts.right(batch_id, task.id))
    with database.write() as session:
        assert correct(session, who.person_id, held, given, desk.clock.now()).new
    assert texts.states(batch_id) == (ItemState.DECIDED, [ItemState.DECIDED] * 4)
    first, second = texts.joined(batch_id)
    assert (first.version, second.version) == (1, 2)
    assert spans_of(second.result) == spans_of(marked(LONG))
    desk.balanced()


def test_a_part_whose_decision_falls_takes_the_whole_back_to_work(desk: Correcting, database: Database) -> None:
    texts = LongTexts(desk, AT_MOST_TWO.model_copy(update={"confidence": 0.6}))
    batch_id, one, other = texts.uploaded(LONG), desk.person(), desk.person()
    texts.works(one, batch_id, 4)
    texts.works(other, batch_id, 4)
    assert texts.states(batch_id) == (ItemState.DECIDED, [ItemState.DECIDED] * 4)
    with database.read() as session:
        last = session.scalars(
            select(Response.assignment_id).where(Response.person_id == other.person_id).order_by(Response.number.desc())
        ).first()
    assert last is not None
    with database.write() as session:
        correct(session, other.person_id, last, Correction([]), desk.clock.now())
    assert texts.states(batch_id) == (ItemState.REVIEW, [ItemState.DECIDED] * 3 + [ItemState.REVIEW])
    with database.write() as session:
        assert assemble_lot(session, batch_id, desk.clock.now()) is None


def test_what_was_replaced_is_erased_with_the_rest(desk: Correcting, database: Database) -> None:
    erasing = Erasing(desk)
    batch, who = desk.answered(2, organisation=erasing.organisation())
    with database.read() as session:
        given = session.scalars(select(Response.assignment_id).order_by(Response.number)).first()
    assert given is not None
    desk.corrects((who, given), NO)
    desk.accept(desk.cut(batch.batch_id))
    desk.invoice(erasing.firm)
    assert erasing.erased(batch.batch_id).certificate
    with database.read() as session:
        [old] = session.scalars(select(ReplacedAnswer))
        assert (old.result, old.labels, old.as_sent) == ([], [], None)
        assert content_left(session, batch.batch_id) == 0
        told = session.get_one(Response, old.response_id)
        assert (told.result, told.corrected_at) == ([], old.replaced_at)
        story = story_of(session, who.person_id, told.id)
        assert "你更正了答案。" in [step.template for step in story.steps]
