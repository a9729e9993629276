"""The figures of quality reports, kept with the lots: always what counting now would give, and found in few queries."""

from uuid import UUID

import pytest
from sqlalchemy import delete, select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.models import Response
from leye_platform.delivery import quality_figures, quality_kept
from leye_platform.delivery.deliver import count_lot
from leye_platform.delivery.models import BatchChecks, Lot, LotQuality
from leye_platform.delivery.quality_counting import count_checks, count_part, level_of
from leye_platform.delivery.quality_figures import Checks, Quality, depth_for, quality_from
from leye_platform.delivery.quality_kept import Reckoned, keep, reckon_batch, reckon_lot
from leye_platform.delivery.quality_report import in_brief
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import DataState, Pipeline, PipelineKind
from leye_platform.projects.task_type import task_type
from leye_platform.review.models import Review
from leye_platform.review.queries import verdict_counts
from leye_platform.review.rules import Reason, Verdict
from support.clock import MovableClock
from support.crowd import OpenBatch
from support.factories import chosen
from support.reviewing import Reviewing
from support.statements import statements_of

TWO = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.5)
SINGLE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0)
CHECKED = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1.0)


class Reading(Reviewing):
    """Lots whose kept figures are held against counting anew."""

    def counted(self, batch_id: UUID, lot_ids: list[UUID]) -> Quality:
        """Counted from the rows, with nothing that was kept."""
        with self.database.read() as session:
            batch = session.get_one(Batch, batch_id)
            project = session.get_one(Project, batch.project_id)
            kind, pipeline = (
                task_type(project.task_type, project.label_config),
                Pipeline.model_validate(project.pipeline),
            )
            checks = Checks()
            if pipeline.kind is not PipelineKind.CONSENSUS:
                checks = Checks(*count_checks(session, batch_id, kind, pipeline.check_share))
            parts = [count_part(session, session.get_one(Lot, lot_id), project) for lot_id in lot_ids]
            return quality_from(parts, project, verdict_counts(session, batch_id), checks)

    def reckoned(self, batch_id: UUID, lot_id: UUID | None = None) -> Reckoned:
        """As a page has them: of a lot, or of the batch; nothing is kept of it."""
        with self.database.read() as session:
            if lot_id is not None:
                return reckon_lot(session, session.get_one(Lot, lot_id), self.clock.now())
            batch = session.get_one(Batch, batch_id)
            return reckon_batch(session, batch, session.get_one(Project, batch.project_id), self.clock.now())

    def outdated(self, batch_id: UUID, lot_ids: list[UUID]) -> int:
        """How many rows had to be counted anew; all figures are those of counting anew, before and after."""
        reckoned = self.reckoned(batch_id)
        assert reckoned.quality == self.counted(batch_id, lot_ids)
        keep(self.database, reckoned)
        for lot_id in lot_ids:
            of_lot = self.reckoned(batch_id, lot_id)
            assert (of_lot.quality, of_lot.news) == (self.counted(batch_id, [lot_id]), [])
        again = self.reckoned(batch_id)
        assert (again.quality, again.news) == (reckoned.quality, [])
        return len(reckoned.news)

    def two_answer(self, batch: OpenBatch, items: int) -> None:
        """Two people answer items; of every third they say different things, which a third person settles."""
        people = [self.person() for _ in range(3)]
        for number, who in enumerate(people):
            for turn in range(items):
                claimed = self.claim(who, batch.project_id)
                if hasattr(claimed, "assignment_id"):
                    self.answers(who, claimed.assignment_id, "负面" if number == 1 and turn % 3 == 0 else "正面")


@pytest.fixture
def reading(installation: Installation, clock: MovableClock) -> Reading:
    return Reading(installation, clock)


def test_what_was_kept_at_delivery_is_what_counting_gives_also_after_items_are_sent_back(reading: Reading) -> None:
    batch = reading.batch(6, pipeline=TWO)
    reading.two_answer(batch, 6)
    lot_id = reading.cut(batch.batch_id)
    assert reading.outdated(batch.batch_id, [lot_id]) == 0
    before = reading.counted(batch.batch_id, [lot_id])
    assert before.likeness is not None
    qa = reading.actor(Role.PARTNER_QA, reading.project(batch.project_id).organisation_id)
    reading.send_back(qa, lot_id, reading.items_of(lot_id)[:2])
    assert reading.outdated(batch.batch_id, [lot_id]) == 1
    assert reading.counted(batch.batch_id, [lot_id]).items == before.items - 2
    reading.accept(lot_id)
    assert reading.outdated(batch.batch_id, [lot_id]) == 0


def test_after_items_are_sent_back_a_job_counts_what_is_left_once(reading: Reading) -> None:
    shipped = reading.shipped(3)
    qa = reading.actor(Role.PARTNER_QA, shipped.organisation_id)
    for item_id in reading.items_of(shipped.lot_id)[:2]:
        reading.send_back(qa, shipped.lot_id, [item_id])
    with reading.database.read() as session:
        [asked] = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.COUNT_LOT)).all()
    assert asked.arguments == {"lot_id": str(shipped.lot_id)}
    for _ in range(2):
        count_lot(reading.installation, UUID(asked.arguments["lot_id"]))
        with reading.database.read() as session:
            assert session.scalars(select(LotQuality.items)).all() == [1]
    assert reading.outdated(shipped.batch.batch_id, [shipped.lot_id]) == 0


def test_what_is_going_is_not_counted(reading: Reading) -> None:
    shipped = reading.shipped(1)
    with reading.database.write() as session:
        session.execute(delete(LotQuality))
        session.get_one(Batch, shipped.batch.batch_id).data_state = DataState.ERASING
    count_lot(reading.installation, shipped.lot_id)
    with reading.database.read() as session:
        assert session.scalars(select(LotQuality.items)).all() == []


def test_a_check_that_is_settled_later_counts_without_counting_the_lot_anew(reading: Reading) -> None:
    batch = reading.batch(3, pipeline=CHECKED)
    author = reading.person()
    for _ in range(3):
        reading.answers(author, reading.claims(author, batch.project_id), "正面")
    lots = list[UUID]()
    for number in range(3):
        review_id = reading.must_take()
        with reading.database.read() as session:
            task = session.get_one(Review, review_id).microtask_id
            answer = session.scalars(select(Response.id).where(Response.microtask_id == task)).one()
        if number == 1:
            reading.settles(review_id, Verdict.FIX, Reason.WRONG_LABEL, result=chosen("负面"))
        else:
            reading.settles(review_id, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=answer)
        assert reading.outdated(batch.batch_id, lots) == min(number, 1), "the batch's checks"
        lots.append(reading.cut(batch.batch_id))
        assert reading.outdated(batch.batch_id, lots) == 0
    quality = reading.reckoned(batch.batch_id, lots[0]).quality
    assert (quality.items, quality.checked, quality.found_right) == (1, 3, 2)


def test_a_late_answer_to_what_was_delivered_is_seen(reading: Reading) -> None:
    batch = reading.batch(1, pipeline=SINGLE)
    slow, quick = reading.person(), reading.person()
    held = reading.claims(slow, batch.project_id)
    reading.clock.move(days=1)
    with reading.database.write() as session:
        expire_leases(session, reading.clock.now())
    reading.answers(quick, reading.claims(quick, batch.project_id))
    lot_id = reading.cut(batch.batch_id)
    reading.clock.move(days=1)
    reading.answers(slow, held, "负面")
    assert reading.outdated(batch.batch_id, [lot_id]) == 1
    assert reading.reckoned(batch.batch_id, lot_id).quality.answers == 2
    reading.clock.move(days=1)
    assert reading.outdated(batch.batch_id, [lot_id]) == 0


def test_a_project_that_is_set_up_otherwise_is_counted_anew(reading: Reading) -> None:
    batch = reading.batch(2, pipeline=TWO)
    reading.two_answer(batch, 2)
    lot_id = reading.cut(batch.batch_id)
    with reading.database.write() as session:
        project = session.get_one(Project, batch.project_id)
        project.pipeline = project.pipeline | {"overlap_start": 1}
    assert reading.outdated(batch.batch_id, [lot_id]) == 1


def test_what_is_kept_is_noted_as_seen_where_many_answers_came_since(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality_kept, "FAR_BEHIND", 1)
    batch = reading.batch(2, pipeline=TWO)
    reading.two_answer(batch, 2)
    lot_id = reading.cut(batch.batch_id)
    reading.clock.move(hours=1)
    [(_, row)] = reading.reckoned(batch.batch_id).news
    assert row["answers_to"] > row["answers_after"] == 0
    assert reading.outdated(batch.batch_id, [lot_id]) == 1


def test_a_batch_is_the_sum_of_its_lots_and_its_sample_drawn_evenly(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality_figures, "SAMPLE", 4)
    batch = reading.batch(9, pipeline=TWO)
    people = [reading.person() for _ in range(2)]
    lots = list[UUID]()
    for turn in range(9):
        for who in people:
            reading.answers(who, reading.claims(who, batch.project_id))
        if turn in {4, 8}:  # after five of nine items each, both have answered at least one
            lots.append(reading.cut(batch.batch_id))
    assert reading.outdated(batch.batch_id, lots) == 0
    whole = reading.reckoned(batch.batch_id).quality
    one, other = (reading.reckoned(batch.batch_id, lot_id).quality for lot_id in lots)
    assert (whole.items, whole.answers) == (one.items + other.items, one.answers + other.answers) == (9, 18)
    assert whole.classes["正面"].delivered == 9
    levels = [level_of(item_id) for lot_id in lots for item_id in reading.items_of(lot_id)]
    assert depth_for(9) == 2
    assert whole.compared == sum(level >= 2 for level in levels) <= one.compared + other.compared
    assert whole.compared_answers == 2 * whole.compared


def test_the_sample_halves_level_by_level() -> None:
    levels = [level_of(UUID(int=number)) for number in range(20_000)]
    for depth in range(5):
        expected = 20_000 / 2**depth
        assert sum(level >= depth for level in levels) == pytest.approx(expected, abs=4 * expected**0.5)
    assert [depth_for(items) for items in (0, 1, 5_000, 5_001, 10_000, 100_000)] == [0, 0, 0, 1, 1, 5]


def test_to_show_what_is_kept_costs_the_same_for_any_items_and_lots(reading: Reading) -> None:
    batch, author, asked = reading.batch(5, pipeline=SINGLE), reading.person(), set[int]()
    for share in (1, 3, 1):
        reading.finish(author, batch.project_id, share)
        reading.cut(batch.batch_id)
        with statements_of(reading.database) as statements:
            assert reading.reckoned(batch.batch_id).news == []
        asked.add(len(statements))
    assert len(asked) == 1
    assert asked.pop() <= 7


def test_the_main_figures_come_from_what_is_kept_and_are_those_of_counting(reading: Reading) -> None:
    batch = reading.batch(5, pipeline=TWO)
    reading.two_answer(batch, 5)
    lot_id = reading.cut(batch.batch_id)
    qa = reading.actor(Role.PARTNER_QA, reading.project(batch.project_id).organisation_id)
    for sent_back in (False, True):
        if sent_back:
            reading.send_back(qa, lot_id, reading.items_of(lot_id)[:1])
            assert reading.outdated(batch.batch_id, [lot_id]) == 1
        with statements_of(reading.database) as statements, reading.database.read() as session:
            kept = in_brief(session, [lot_id])[lot_id]
        assert len(statements) == 1
        with reading.database.write() as session:
            session.execute(delete(LotQuality))
            session.execute(delete(BatchChecks))
        with reading.database.read() as session:
            counted = in_brief(session, [lot_id])[lot_id]
        assert (kept.items, kept.reviewed) == (counted.items, counted.reviewed)
        assert kept.mean_confidence == pytest.approx(counted.mean_confidence)


def test_a_page_keeps_what_it_had_to_count(reading: Reading) -> None:
    shipped = reading.shipped(2)
    with reading.database.write() as session:
        session.execute(delete(LotQuality))
    browser = reading.browser(reading.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    for path in (f"/lots/{shipped.lot_id}/quality", f"/batches/{shipped.batch.batch_id}/quality"):
        assert browser.get(path).status_code == 200
        with reading.database.read() as session:
            assert session.scalars(select(LotQuality.items)).all() == [2]
