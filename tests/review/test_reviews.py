"""Reviews through the services: who may take one, what each verdict does, and that nobody judges themselves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import Role
from leye_platform.assignments import leases
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.errors import AnswerRefused
from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import NoTask, SkipReason
from leye_platform.audit import AuditRecord
from leye_platform.billing.earnings import balance_of
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.rules import BatchState, ItemState, Pipeline, PipelineKind
from leye_platform.review import service
from leye_platform.review.errors import (
    AnswerNotChosen,
    CommentTooLong,
    FixNotGiven,
    ReasonNotChosen,
    ReviewHeldByAnother,
    ReviewMissing,
    ReviewPutBack,
    ReviewSettled,
)
from leye_platform.review.models import Decision
from leye_platform.review.queries import view_review
from leye_platform.review.rules import HOLD, DecisionMethod, Reason, ReviewCause, ReviewState, Verdict
from support.clock import MovableClock
from support.factories import AT, TOPICS, chosen
from support.reviewing import Reviewing

LINKS = PictureLinks("s", UUID(int=0), AT)
OPTIONAL = TOPICS.replace('choice="multiple"', 'choice="multiple" required="false"')


@pytest.fixture
def reviewing(installation: Installation, clock: MovableClock) -> Reviewing:
    return Reviewing(installation, clock)


def answer_of(reviewing: Reviewing, person_id: UUID) -> Response:
    with reviewing.database.read() as session:
        mine = select(Response).where(Response.person_id == person_id).order_by(Response.number.desc())
        answer = session.scalars(mine).first()
        assert answer is not None
        return answer


def states(reviewing: Reviewing, microtask_id: UUID) -> tuple[ItemState, ItemState]:
    """Of a micro-task and of its item."""
    with reviewing.database.read() as session:
        task = session.get_one(MicroTask, microtask_id)
        return task.state, session.get_one(Item, task.item_id).state


def decision_of(reviewing: Reviewing, microtask_id: UUID) -> Decision | None:
    with reviewing.database.read() as session:
        made = select(Decision).where(Decision.microtask_id == microtask_id).order_by(Decision.version.desc())
        return session.scalars(made).first()


class TestTaking:
    def test_the_oldest_comes_first_and_stays_in_hand(self, reviewing: Reviewing, clock: MovableClock) -> None:
        batch, *_ = reviewing.disputed()
        clock.move(minutes=1)
        reviewing.disputed()
        taken = reviewing.must_take()
        review = reviewing.review(taken)
        assert (review.microtask_id, review.cause) == (batch.tasks[0], ReviewCause.UNSURE)
        assert (review.state, review.held_until) == (ReviewState.HELD, clock.now() + HOLD)
        assert reviewing.takes() == taken

    def test_nothing_waits_where_everything_is_decided(self, reviewing: Reviewing) -> None:
        reviewing.answered(2)
        assert reviewing.takes() is None

    def test_nobody_reviews_what_they_answered_or_skipped(self, reviewing: Reviewing) -> None:
        batch = reviewing.batch(1, pipeline=Pipeline(overlap_start=2, overlap_limit=2, confidence=0.999))
        first, second, skipper = reviewing.person(), reviewing.person(), reviewing.person()
        reviewing.answers(first, reviewing.claims(first), "正面")
        skipped = reviewing.claims(skipper)
        with reviewing.database.write() as session:
            leases.skip(session, skipper.person_id, skipped, SkipReason.OTHER, now=reviewing.clock.now())
        reviewing.answers(second, reviewing.claims(second), "负面")
        assert states(reviewing, batch.tasks[0])[0] is ItemState.REVIEW
        for person in (first, second, skipper):
            assert reviewing.takes(reviewing.also_reviewer(person.person_id)) is None
        assert reviewing.takes() is not None

    def test_whoever_reviews_an_item_is_never_asked_to_annotate_it(self, reviewing: Reviewing) -> None:
        batch, *_ = reviewing.disputed()
        both = reviewing.person()
        actor = reviewing.also_reviewer(both.person_id)
        reviewing.settles(reviewing.must_take(actor), Verdict.SEND_BACK, Reason.MISREAD_GUIDE, actor)
        reviewing.clock.move(days=2)  # no longer kept for the first authors
        nothing = reviewing.claim(both, batch.project_id)
        assert isinstance(nothing, Nothing)
        assert nothing.reason is NoTask.WAITING_FOR_OTHERS

    def test_a_batch_that_is_not_open_is_left_alone(self, reviewing: Reviewing) -> None:
        batch, *_ = reviewing.disputed()
        with reviewing.database.write() as session:
            session.get_one(Batch, batch.batch_id).state = BatchState.PAUSED
        assert reviewing.takes() is None

    def test_two_reviewers_at_once_never_get_one_review(self, reviewing: Reviewing) -> None:
        reviewing.disputed(6)
        reviewers = [reviewing.actor(Role.REVIEWER) for _ in range(4)]
        with ThreadPoolExecutor(len(reviewers)) as pool:
            taken = list(pool.map(reviewing.takes, reviewers))
        assert None not in taken
        assert len(set(taken)) == len(reviewers)

    def test_one_that_is_put_back_goes_to_the_next_reviewer(self, reviewing: Reviewing, clock: MovableClock) -> None:
        batch, *_ = reviewing.disputed()
        taken = reviewing.must_take()
        opened = reviewing.review(taken).opened_at
        clock.move(minutes=5)
        for _ in range(2):
            with reviewing.database.write() as session:
                service.put_back(session, reviewing.reviewer, taken)
        assert reviewing.review(taken).state is ReviewState.PUT_BACK
        following = reviewing.review(reviewing.must_take(reviewing.actor(Role.REVIEWER)))
        assert (following.microtask_id, following.opened_at) == (batch.tasks[0], opened)
        with pytest.raises(ReviewPutBack):
            reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE)

    def test_what_was_put_back_comes_last_to_the_same_reviewer(self, reviewing: Reviewing, clock: MovableClock) -> None:
        older, *_ = reviewing.disputed()
        clock.move(minutes=1)
        newer, *_ = reviewing.disputed()
        for expected in (older, newer, older):
            taken = reviewing.must_take()
            assert reviewing.review(taken).microtask_id == expected.tasks[0]
            with reviewing.database.write() as session:
                service.put_back(session, reviewing.reviewer, taken)

    def test_whoever_put_a_review_back_is_never_asked_to_annotate_it(self, reviewing: Reviewing) -> None:
        batch, *_ = reviewing.disputed()
        both = reviewing.person()
        actor = reviewing.also_reviewer(both.person_id)
        taken = reviewing.must_take(actor)
        with reviewing.database.write() as session:
            service.put_back(session, actor, taken)
        reviewing.settles(reviewing.must_take(), Verdict.SEND_BACK, Reason.MISREAD_GUIDE)
        reviewing.clock.move(days=2)  # no longer kept for the first authors
        assert isinstance(reviewing.claim(both, batch.project_id), Nothing)

    def test_one_held_for_too_long_is_given_to_another(self, reviewing: Reviewing, clock: MovableClock) -> None:
        reviewing.disputed()
        taken = reviewing.must_take()
        clock.move(seconds=HOLD.total_seconds())
        with reviewing.database.write() as session:
            assert service.release_expired(session, clock.now()) == 0
        clock.at += timedelta(seconds=1)
        with reviewing.database.write() as session:
            assert service.release_expired(session, clock.now()) == 1
        following = reviewing.must_take(reviewing.actor(Role.REVIEWER))
        assert reviewing.review(following).microtask_id == reviewing.review(taken).microtask_id
        with pytest.raises(ReviewPutBack):
            reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE)
        with pytest.raises(ReviewHeldByAnother):
            reviewing.settles(following, Verdict.UNUSABLE, Reason.UNREADABLE)


class TestBlindness:
    def test_a_reviewer_sees_answers_under_pseudonyms_in_an_order_that_tells_nothing(
        self, reviewing: Reviewing
    ) -> None:
        batch, first, second = reviewing.disputed(2)
        seen = []
        for _ in batch.tasks:
            taken = reviewing.must_take()
            with reviewing.database.read() as session:
                shown = view_review(session, reviewing.review(taken), LINKS)
                names = {session.get_one(Person, person.person_id).name for person in (first, second)}
            assert [answer.author for answer in shown.answers] == sorted(answer.author for answer in shown.answers)
            told = repr((shown.answers, shown.groups, shown.view))
            secrets = {str(first.person_id), str(second.person_id), *names}
            assert not [secret for secret in secrets if secret in told]
            seen.append({answer.author: answer.words for answer in shown.answers})
            reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE)
        assert seen[0] == seen[1], "a person has one pseudonym all through a batch"
        reviewing.disputed()
        with reviewing.database.read() as session:
            shown = view_review(session, reviewing.review(reviewing.must_take()), LINKS)
        assert {answer.author for answer in shown.answers}.isdisjoint(seen[0])


class TestVerdicts:
    def test_an_accepted_answer_becomes_the_decision_and_both_authors_are_paid(self, reviewing: Reviewing) -> None:
        batch, first, second = reviewing.disputed()
        answer = answer_of(reviewing, second.person_id)
        taken = reviewing.must_take()
        reviewing.settles(taken, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=answer.id)
        made = decision_of(reviewing, batch.tasks[0])
        assert made is not None
        assert (made.method, made.labels, made.review_id) == (DecisionMethod.REVIEW, [1], taken)
        assert made.confidence > 0.9
        assert states(reviewing, batch.tasks[0]) == (ItemState.DECIDED, ItemState.DECIDED)
        with reviewing.database.read() as session:
            for author in (first, second):
                balance = balance_of(session, author.number)
                assert (balance.pending, balance.payable) == (0, 50_000)
            asked = [row.job for row in session.scalars(select(OutboxRow))]
        assert JobName.ASSEMBLE_LOT in asked

    def test_a_fixed_answer_is_the_reviewers_own(self, reviewing: Reviewing) -> None:
        batch, *_ = reviewing.disputed()
        reviewing.settles(reviewing.must_take(), Verdict.FIX, Reason.WRONG_LABEL, result=chosen("正面"))
        made = decision_of(reviewing, batch.tasks[0])
        assert made is not None
        assert made.labels == [0]

    def test_a_fix_may_choose_nothing_only_where_the_task_allows_it(self, reviewing: Reviewing) -> None:
        reviewing.disputed()
        taken = reviewing.must_take()
        with pytest.raises(AnswerRefused):
            reviewing.settles(taken, Verdict.FIX, Reason.WRONG_LABEL, result=[])
        reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE)
        batch = reviewing.batch(
            1, pipeline=Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1), label_config=OPTIONAL
        )
        author = reviewing.person()
        reviewing.answers(author, reviewing.claims(author, batch.project_id), "价格", control="topic")
        reviewing.settles(reviewing.must_take(), Verdict.FIX, Reason.WRONG_LABEL, result=[])
        made = decision_of(reviewing, batch.tasks[0])
        assert made is not None
        assert made.labels == []

    def test_what_is_sent_back_goes_to_its_authors_in_a_new_round_and_is_paid_again(self, reviewing: Reviewing) -> None:
        batch, first, second = reviewing.disputed()
        reviewing.settles(reviewing.must_take(), Verdict.SEND_BACK, Reason.MISREAD_GUIDE, comment="看第二条")
        assert states(reviewing, batch.tasks[0]) == (ItemState.REWORK, ItemState.REWORK)
        stranger = reviewing.person()
        assert isinstance(reviewing.claim(stranger, batch.project_id), Nothing)
        for author in (first, second):
            assignment = reviewing.claims(author, batch.project_id)
            assert reviewing.task_of(assignment) == batch.tasks[0]
            reviewing.answers(author, assignment, "正面" if author is first else "负面")
        assert states(reviewing, batch.tasks[0]) == (ItemState.REVIEW, ItemState.REVIEW)
        with reviewing.database.read() as session:
            balance = balance_of(session, first.number)
        assert (balance.pending, balance.payable) == (50_000, 50_000)
        again = reviewing.review(reviewing.must_take())
        assert again.round == 2
        with reviewing.database.read() as session:
            assert len(view_review(session, again, LINKS).answers) == 2, "only this round's answers are seen"

    def test_an_unusable_item_is_not_delivered_and_its_authors_are_paid(self, reviewing: Reviewing) -> None:
        batch, first, _ = reviewing.disputed()
        reviewing.settles(reviewing.must_take(), Verdict.UNUSABLE, Reason.OFF_TOPIC)
        assert states(reviewing, batch.tasks[0]) == (ItemState.UNUSABLE, ItemState.UNUSABLE)
        assert decision_of(reviewing, batch.tasks[0]) is None
        with reviewing.database.read() as session:
            assert balance_of(session, first.number).payable == 50_000

    def test_the_reviewer_is_paid_once_and_the_verdict_is_on_record(
        self, reviewing: Reviewing, clock: MovableClock
    ) -> None:
        reviewing.disputed()
        taken = reviewing.must_take()
        for _ in range(2):
            reviewing.settles(taken, Verdict.UNUSABLE, Reason.OTHER, comment="  整条是广告\x00 ")
        review = reviewing.review(taken)
        assert (review.state, review.verdict, review.reason) == (ReviewState.SETTLED, Verdict.UNUSABLE, "other")
        assert (review.comment, review.pay_micros, review.settled_at) == ("整条是广告", 50_000, clock.now())
        with reviewing.database.read() as session:
            assert balance_of(session, reviewing.reviewer.number).payable == 50_000
            kept = session.scalars(select(AuditRecord).where(AuditRecord.action == "review.settle")).all()
        assert [entry.subject_id for entry in kept] == [taken]

    def test_a_settled_review_takes_no_other_verdict(self, reviewing: Reviewing) -> None:
        reviewing.disputed()
        taken = reviewing.must_take()
        reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE)
        with pytest.raises(ReviewSettled):
            reviewing.settles(taken, Verdict.SEND_BACK, Reason.MISREAD_GUIDE)
        with reviewing.database.write() as session:
            service.put_back(session, reviewing.reviewer, taken)
        assert reviewing.review(taken).state is ReviewState.SETTLED

    def test_a_task_that_everybody_skipped_is_decided_by_the_reviewer(self, reviewing: Reviewing) -> None:
        batch = reviewing.batch(1)
        skipper = reviewing.person()
        assignment = reviewing.claims(skipper)
        with reviewing.database.write() as session:
            leases.skip(session, skipper.person_id, assignment, SkipReason.UNLABELABLE, now=reviewing.clock.now())
        taken = reviewing.must_take()
        assert reviewing.review(taken).cause is ReviewCause.SKIPPED
        reviewing.settles(taken, Verdict.FIX, Reason.OTHER, comment="其实能标", result=chosen("负面"))
        assert states(reviewing, batch.tasks[0]) == (ItemState.DECIDED, ItemState.DECIDED)


class TestRefusals:
    @pytest.mark.parametrize(
        ("verdict", "reason", "error"),
        [
            (Verdict.ACCEPT, Reason.FITS_GUIDE, AnswerNotChosen),
            (Verdict.ACCEPT, Reason.WRONG_LABEL, ReasonNotChosen),
            (Verdict.ACCEPT, None, ReasonNotChosen),
            (Verdict.FIX, Reason.WRONG_LABEL, FixNotGiven),
            (Verdict.SEND_BACK, Reason.FITS_GUIDE, ReasonNotChosen),
            (Verdict.UNUSABLE, Reason.OTHER, ReasonNotChosen),
        ],
    )
    def test_a_verdict_lacks_something(
        self, reviewing: Reviewing, verdict: Verdict, reason: Reason | None, error: type[Exception]
    ) -> None:
        batch, *_ = reviewing.disputed()
        taken = reviewing.must_take()
        with pytest.raises(error):
            reviewing.settles(taken, verdict, reason)
        assert reviewing.review(taken).state is ReviewState.HELD
        assert states(reviewing, batch.tasks[0])[0] is ItemState.REVIEW

    @pytest.mark.parametrize(
        ("attempt", "error"),
        [
            (lambda r, taken: r.settles(taken, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=uuid4()), AnswerNotChosen),
            (
                lambda r, taken: r.settles(taken, Verdict.FIX, Reason.WRONG_LABEL, result=chosen("绿色")),
                AnswerRefused,
            ),
            (
                lambda r, taken: r.settles(
                    taken, Verdict.FIX, Reason.OTHER, comment="长" * 1001, result=chosen("正面")
                ),
                CommentTooLong,
            ),
            (lambda r, taken: r.settles(uuid4(), Verdict.UNUSABLE, Reason.UNREADABLE), ReviewMissing),
        ],
    )
    def test_nothing_is_half_done(
        self, reviewing: Reviewing, attempt: Callable[[Reviewing, UUID], None], error: type[Exception]
    ) -> None:
        reviewing.disputed()
        taken = reviewing.must_take()
        with pytest.raises(error):
            attempt(reviewing, taken)
        assert reviewing.review(taken).state is ReviewState.HELD

    def test_only_the_holder_settles(self, reviewing: Reviewing) -> None:
        reviewing.disputed(2)
        taken = reviewing.must_take()
        other = reviewing.actor(Role.REVIEWER)
        with pytest.raises(ReviewHeldByAnother):
            reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE, other)
        reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE)
        with pytest.raises(ReviewMissing):
            reviewing.settles(taken, Verdict.UNUSABLE, Reason.UNREADABLE, other)
