"""What comes into the stock of gold from decided items, how much, and when it goes again."""

import pytest
from sqlalchemy import insert, select, text

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.errors import TaskErased
from leye_platform.assignments.models import Response, Slot
from leye_platform.assignments.rules import GOLD_ROUND, SlotState
from leye_platform.audit import AuditRecord
from leye_platform.billing.books import check_books
from leye_platform.gold.renew import ask_for_gold, look_at, renew
from leye_platform.gold.rules import MOST_IN_USE, STEP, WANTED, Retired
from leye_platform.guides.models import GuideReading, ReadingHow
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, GuideVersion, MicroTask, Project
from leye_platform.projects.rules import BatchState, ItemState, Pipeline
from leye_platform.retention.erasing import StillAnswered, run_erasure
from leye_platform.review.models import Decision
from leye_platform.review.refit import refit_project
from leye_platform.review.rules import DecisionMethod
from leye_workers.jobs.gold import renew_gold
from support.clock import MovableClock
from support.erasing import Erasing
from support.factories import chosen, keep_for_a_team
from support.grown import answered_before
from support.renewing import CHECKED, Renewing
from support.statements import scans, statements_of

YES, NO = "正面", "负面"


def test_it_goes_at_once_when_the_decision_falls_whoever_comes_round_to_it_when(crowd: Renewing) -> None:
    """Sent back: neither handed out any more, nor held against anybody who has it in hand."""
    batch, _ = crowd.settled(2)
    who, other = crowd.with_gold(batch.project_id), crowd.known_person(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    crowd.answers(other, crowd.claims(other, batch.project_id), YES)
    lot = crowd.cut(batch.batch_id)
    partner = crowd.actor(Role.PARTNER_ADMIN, crowd.project(batch.project_id).organisation_id)
    crowd.send_back(partner, lot, None)
    stored = crowd.answers(who, held, NO)
    assert stored.pay_micros == 50_000
    assert crowd.record(who, batch.project_id)[1:] == (1, 1), "nothing is known of it, so nobody is wrong"
    assert crowd.held(crowd.claims(who, batch.project_id)).round != GOLD_ROUND
    assert len(crowd.lane(batch.batch_id)) == 1, "what could not be handed out is withdrawn there and then"
    crowd.renews(batch.project_id)
    assert crowd.retired(batch.project_id) == [Retired.CHANGED] * 2
    assert not crowd.lane(batch.batch_id)
    with crowd.database.read() as session:
        assert check_books(session) == []


def test_a_new_guide_takes_all_of_it_out_of_use(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    who = crowd.with_gold(batch.project_id)
    with crowd.database.write() as session:
        old = session.scalars(select(GuideVersion).where(GuideVersion.project_id == batch.project_id)).one()
        new = {"version": 2, "body": "# 新", "created_at": crowd.clock.now(), "created_by": old.created_by}
        session.add(GuideVersion(project_id=batch.project_id, **new))
        session.flush()
        guide = session.scalars(select(GuideVersion.id).where(GuideVersion.version == 2)).one()
        reading = {"version": 2, "guide_id": guide, "how": ReadingHow.CONFIRMED, "at": crowd.clock.now()}
        session.add(GuideReading(person_id=who.person_id, project_id=batch.project_id, **reading))
    assert crowd.held(crowd.claims(who, batch.project_id)).round == 1
    assert not crowd.stock(batch.project_id).tasks, "at once, before the job comes round"
    assert crowd.renews(batch.project_id).to_take == []
    assert crowd.retired(batch.project_id) == [Retired.OLD_GUIDE] * 2


def test_a_cancelled_batch_lends_nothing_and_a_paused_one_nothing_for_now(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    other = crowd.batch(6, project_id=batch.project_id)
    crowd.with_gold(batch.project_id)
    crowd.set_state(batch.batch_id, BatchState.PAUSED)
    fresh = crowd.known_person(batch.project_id)
    assert crowd.held(crowd.claims(fresh, batch.project_id)).batch_id == other.batch_id
    crowd.renews(batch.project_id)
    assert crowd.retired(batch.project_id) == []
    assert not crowd.lane(other.batch_id), "and it does not move on"
    crowd.set_state(batch.batch_id, BatchState.OPEN)
    crowd.renews(batch.project_id)
    assert len(crowd.lane(batch.batch_id)) == 2
    crowd.set_state(batch.batch_id, BatchState.CANCELLED)
    crowd.renews(batch.project_id)
    assert crowd.retired(batch.project_id) == [Retired.GONE] * 2


def test_what_stands_in_a_batch_that_closes_moves_to_the_next_one(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    crowd.with_gold(batch.project_id)
    crowd.set_state(batch.batch_id, BatchState.CLOSED)
    crowd.renews(batch.project_id)
    assert crowd.retired(batch.project_id) == [], "without an open batch it waits"
    following = crowd.batch(6, project_id=batch.project_id)
    crowd.renews(batch.project_id)
    assert len(crowd.lane(following.batch_id)) == 2
    assert not crowd.lane(batch.batch_id)
    with crowd.database.read() as session:
        closed = select(Slot.state).where(Slot.batch_id == batch.batch_id, Slot.round == GOLD_ROUND)
        assert set(session.scalars(closed)) == {SlotState.WITHDRAWN}


def test_erasure_takes_the_answers_to_it_and_waits_for_who_has_it_in_hand(
    crowd: Renewing, installation: Installation
) -> None:
    erasing = Erasing(crowd)
    with crowd.database.write() as session:
        firm = session.get_one(Organisation, erasing.firm)
        session.expunge(firm)
    batch, _ = crowd.settled(2, extra=0, organisation=firm)
    following = crowd.batch(6, project_id=batch.project_id)
    who = crowd.with_gold(batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    crowd.accept(crowd.cut(batch.batch_id))
    crowd.invoice(erasing.firm)
    crowd.set_state(batch.batch_id, BatchState.CLOSED)
    crowd.renews(batch.project_id)
    assert len(crowd.lane(following.batch_id)) == 2
    held = crowd.claims(who, batch.project_id)
    assert crowd.held(held).batch_id == following.batch_id
    fresh = crowd.known_person(batch.project_id)
    asked = erasing.ask(batch.batch_id)
    with pytest.raises(StillAnswered):
        run_erasure(installation, asked.id)
    assert crowd.held(crowd.claims(fresh, batch.project_id)).round == 1, "it is handed out to nobody else"
    assert crowd.answers(who, held, NO).pay_micros == 50_000
    assert crowd.record(who, batch.project_id)[1:] == (2, 2)
    done = erasing.run(asked)
    assert done.facts["answers"] == 2, "what people said of it as gold is not the partner's to count"
    with crowd.database.read() as session:
        left = session.scalars(select(Response.labels).where(Response.batch_id == batch.batch_id)).all()
        assert len(left) == 4
        assert all(labels == [] for labels in left)
        refit_project(session, batch.project_id)
    crowd.renews(batch.project_id)
    assert crowd.retired(batch.project_id) == [Retired.GONE] * 2


def test_an_erasure_waits_two_hours_at_most(crowd: Renewing, installation: Installation, clock: MovableClock) -> None:
    erasing = Erasing(crowd)
    with crowd.database.write() as session:
        firm = session.get_one(Organisation, erasing.firm)
        session.expunge(firm)
    batch, _ = crowd.settled(1, extra=0, organisation=firm)
    crowd.batch(6, project_id=batch.project_id)
    crowd.accept(crowd.cut(batch.batch_id))
    crowd.invoice(erasing.firm)
    crowd.set_state(batch.batch_id, BatchState.CLOSED)
    who = crowd.with_gold(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    assert crowd.held(held).round == GOLD_ROUND
    asked = erasing.ask(batch.batch_id)
    clock.move(minutes=119)
    with pytest.raises(StillAnswered):
        run_erasure(installation, asked.id)
    clock.move(minutes=1)
    erasing.run(asked)
    with pytest.raises(TaskErased):
        crowd.answers(who, held)


SURE = Pipeline(overlap_start=2, overlap_limit=8, confidence=0.99, gold_share=0.5)


@pytest.mark.parametrize("known", [False, True])
def test_what_people_agreed_on_serves_only_where_three_of_them_are_known_by_gold(crowd: Renewing, known: bool) -> None:
    batch = crowd.batch(2, pipeline=SURE)
    gold = {"gold": 20, "right": 19} if known else {}
    people = [crowd.known_person(batch.project_id, **gold) for _ in range(8)]
    for who in people:
        for _ in range(2):
            found = crowd.claim(who, batch.project_id)
            if not isinstance(found, Nothing):
                crowd.answers(who, found.assignment_id)
    with crowd.database.read() as session:
        assert set(session.scalars(select(MicroTask.state))) == {ItemState.DECIDED}
        assert set(session.scalars(select(Decision.method))) == {DecisionMethod.CONSENSUS}
    crowd.batch(6, project_id=batch.project_id)
    fresh = crowd.known_person(batch.project_id)
    crowd.answers(fresh, crowd.claims(fresh, batch.project_id))
    assert len(crowd.renews(batch.project_id).to_take) == (2 if known else 0)


def test_the_stock_is_bounded_and_filled_in_steps(crowd: Renewing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leye_platform.gold.renew.STEP", 4)
    batch, _ = crowd.settled(10)
    crowd.with_gold(batch.project_id)
    assert len(crowd.lane(batch.batch_id)) == 4
    crowd.renews(batch.project_id)
    crowd.renews(batch.project_id)
    assert len(crowd.lane(batch.batch_id)) == 10
    assert crowd.renews(batch.project_id).to_take == []
    assert WANTED <= STEP <= MOST_IN_USE


def test_a_full_stock_lets_go_what_most_people_have_had(crowd: Renewing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leye_platform.gold.renew.MOST_IN_USE", 3)
    monkeypatch.setattr("leye_platform.gold.renew.STEP", 2)
    batch, _ = crowd.settled(6)
    who = crowd.with_gold(batch.project_id)
    crowd.renews(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    crowd.answers(who, held)
    before = {row.microtask_id for row in crowd.gold(batch.project_id) if row.retired_at is None}
    assert crowd.held(held).microtask_id in before
    crowd.renews(batch.project_id)
    after = {row.microtask_id for row in crowd.gold(batch.project_id) if row.retired_at is None}
    assert len(after) == len(before)
    assert crowd.held(held).microtask_id not in after
    assert set(crowd.retired(batch.project_id)) == {Retired.WORN}


def test_the_job_is_asked_for_once_an_hour_and_can_be_run_twice(crowd: Renewing, clock: MovableClock) -> None:
    batch, _ = crowd.settled(3)
    who = crowd.known_person(batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    with crowd.database.write() as session:
        assert [ask_for_gold(session, clock.now()) for _ in range(2)] == [1, 0]
        job = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.RENEW_GOLD)).one()
        job_id, arguments = job.id, dict(job.arguments)
    for _ in range(2):
        renew_gold(crowd.installation, job_id, arguments)
    assert len(crowd.lane(batch.batch_id)) == 3
    with crowd.database.read() as session:
        assert session.get_one(OutboxRow, job_id).done_at is not None
        noted = session.scalars(select(AuditRecord).where(AuditRecord.action == "gold.renew")).all()
        assert [(one.subject_id, one.detail) for one in noted] == [(batch.project_id, {"items": 3})]
    clock.move(minutes=61)
    with crowd.database.write() as session:
        assert ask_for_gold(session, clock.now()) == 1


def test_two_runs_at_once_take_nothing_twice_and_a_run_that_breaks_leaves_nothing(crowd: Renewing) -> None:
    batch, _ = crowd.settled(3)
    who = crowd.known_person(batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    found = crowd.found(batch.project_id)

    def breaks_off() -> None:
        with crowd.database.write() as session:
            renew(session, batch.project_id, found, crowd.clock.now())
            session.flush()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaks_off()
    assert (crowd.gold(batch.project_id), crowd.lane(batch.batch_id)) == ([], [])
    for _ in range(2):
        with crowd.database.write() as session:
            renew(session, batch.project_id, found, crowd.clock.now())
    assert len(crowd.lane(batch.batch_id)) == len(crowd.gold(batch.project_id)) == 3


def test_a_project_without_gold_is_let_be(crowd: Renewing) -> None:
    batch = crowd.batch(3, pipeline=CHECKED.model_copy(update={"gold_share": 0}))
    with crowd.database.write() as session:
        assert ask_for_gold(session, crowd.clock.now()) == 1
        assert not session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.RENEW_GOLD)).all()
        assert look_at(session, batch.project_id, crowd.clock.now()).to_take == []


def test_a_batch_that_is_kept_for_a_team_holds_no_other_batchs_items(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2, extra=2)
    who = crowd.known_person(batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    crowd.set_state(batch.batch_id, BatchState.CLOSED)
    kept = crowd.batch(6, project_id=batch.project_id)
    with crowd.database.write() as session:
        keep_for_a_team(session, session.get_one(Batch, kept.batch_id), crowd.clock.now())
    crowd.renews(batch.project_id)
    assert not crowd.lane(batch.batch_id, kept.batch_id)


def test_the_coordinator_reads_how_long_it_lasts(crowd: Renewing) -> None:
    batch, _ = crowd.settled(4)
    crowd.with_gold(batch.project_id)
    stock = crowd.stock(batch.project_id)
    assert (len(stock.tasks), stock.in_use, stock.least_unseen, stock.days) == (4, 4, 0, None)
    page = crowd.browser(crowd.actor(Role.COORDINATOR).person_id).get(f"/projects/{batch.project_id}/gold").text
    assert "存着 4 道" in page
    assert "标准题快不够了" in page


def test_a_look_at_a_large_project_walks_no_large_table(crowd: Renewing) -> None:
    batch = crowd.batch(3_000, pipeline=CHECKED)
    answered_before(crowd.database, batch.batch_id, 2_000)
    with crowd.database.write() as session:
        guide = session.scalars(select(GuideVersion.id).where(GuideVersion.project_id == batch.project_id)).one()
        tasks = session.execute(
            select(MicroTask.id, MicroTask.item_id).where(MicroTask.state == ItemState.DECIDED)
        ).all()
        alike = {
            "batch_id": batch.batch_id,
            "version": 1,
            "round": 1,
            "method": DecisionMethod.REVIEW,
            "guide_id": guide,
        }
        said = {"result": chosen(YES), "labels": [0], "confidence": 0.97, "decided_at": crowd.clock.now()}
        rows = [{"id": new_id(), "microtask_id": task, "item_id": item} | alike | said for task, item in tasks]
        session.execute(insert(Decision), rows)
        session.execute(text("ANALYZE"))
    who = crowd.known_person(batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    with statements_of(crowd.database) as looking:
        found = crowd.found(batch.project_id)
    assert WANTED <= len(found.to_take) <= STEP
    large = frozenset({"slots", "assignments", "responses", "items", "micro_tasks", "decisions", "reviews"})
    assert scans(crowd.database, looking, large | {"known_decision", "known_task", "later_decision"}) == []


def test_where_proposals_are_shown_items_that_have_one_do_not_serve(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    with crowd.database.write() as session:
        session.get_one(Project, batch.project_id).show_proposals = True
        first = session.scalars(select(Decision.microtask_id).order_by(Decision.id)).first()
        session.get_one(MicroTask, first).proposal = {"result": chosen(YES), "labels": [0], "model": "m", "score": 0.9}
    who = crowd.known_person(batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    found = crowd.renews(batch.project_id)
    assert len(found.to_take) == 1
    assert first not in found.to_take
