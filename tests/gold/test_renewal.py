"""Decided items serve as gold: for people who do not know them, leaving no trace in the item, as long as they may."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing, claim
from leye_platform.assignments.errors import CorrectionTooLate
from leye_platform.assignments.lanes import Claimant
from leye_platform.assignments.models import Response, Slot
from leye_platform.assignments.rules import GOLD_ROUND, AssignmentState, Lane
from leye_platform.billing.books import check_books
from leye_platform.billing.models import LedgerEntry
from leye_platform.gold.rules import Retired
from leye_platform.projects.models import Batch, Item, MicroTask, Project
from leye_platform.projects.queries import progress_of
from leye_platform.projects.rules import BatchState, ItemState
from leye_platform.review.models import Review
from leye_platform.review.refit import refit_project
from leye_platform.review.rules import Reason, ReviewCause, ReviewState, Verdict
from support.factories import chosen, make_batch, make_items
from support.renewing import CHECKED, Renewing
from support.statements import scans, statements_of

YES, NO = "正面", "负面"


def test_what_a_reviewer_has_settled_comes_to_those_who_have_not_answered_it(crowd: Renewing) -> None:
    batch, author = crowd.settled(5)
    newcomer = crowd.known_person(batch.project_id)
    assert len(crowd.renews(batch.project_id).to_take) == 0, "nobody is at work but the author, who knows them all"
    crowd.answers(newcomer, crowd.claims(newcomer, batch.project_id))
    assert len(crowd.renews(batch.project_id).to_take) == 5
    assert {slot.round for slot in crowd.lane(batch.batch_id)} == {GOLD_ROUND}
    had = [crowd.claims(newcomer, batch.project_id)]
    crowd.answers(newcomer, had[0])
    for _ in range(4):
        had.append(crowd.claims(newcomer, batch.project_id))
        crowd.answers(newcomer, had[-1])
    held = [crowd.held(one) for one in had]
    assert {one.round for one in held} == {GOLD_ROUND}
    assert {one.microtask_id for one in held} == {row.microtask_id for row in crowd.gold(batch.project_id)}
    after = crowd.claims(newcomer, batch.project_id)
    assert crowd.held(after).round == 1, "each once; then work goes on"
    mine = crowd.claims(author, batch.project_id)
    assert crowd.held(mine).round == 1, "who gave the answer is not tested by it"
    assert crowd.record(newcomer, batch.project_id) == (46, 5, 5)


def test_an_answer_to_it_is_paid_at_once_and_leaves_the_item_as_it_was(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    who = crowd.with_gold(batch.project_id)
    tasks = [row.microtask_id for row in crowd.gold(batch.project_id)]
    before, decided = items(crowd, tasks), crowd.decisions(tasks)
    reports = figures(crowd, batch.batch_id)
    wrong = crowd.claims(who, batch.project_id)
    stored = crowd.answers(who, wrong, NO)
    assert stored.pay_micros == 50_000
    assert (items(crowd, tasks), crowd.decisions(tasks)) == (before, decided)
    assert figures(crowd, batch.batch_id) == reports
    answer = crowd.response(wrong)
    assert (answer.gold, answer.round, answer.late) == (True, GOLD_ROUND, False)
    assert crowd.record(who, batch.project_id)[1:] == (1, 0)
    with crowd.database.read() as session:
        entries = session.scalars(select(LedgerEntry.kind).where(LedgerEntry.response_id == answer.id)).all()
        assert sorted(entries) == ["earning_payable", "earning_pending"]
        assert check_books(session) == []
    assert len(crowd.lane(batch.batch_id)) == 2, "the stock stays for the next person"


def items(crowd: Renewing, tasks: list[UUID]) -> list[tuple[Any, ...]]:
    columns = (
        MicroTask.id,
        MicroTask.state,
        MicroTask.round,
        MicroTask.posterior,
        MicroTask.overlap_wanted,
        Item.state,
    )
    with crowd.database.read() as session:
        rows = session.execute(select(*columns).join(Item, Item.id == MicroTask.item_id).where(MicroTask.id.in_(tasks)))
        return sorted(tuple(row) for row in rows)


def figures(crowd: Renewing, batch_id: UUID) -> tuple[int, dict[ItemState, int]]:
    with crowd.database.read() as session:
        progress = progress_of(session, [session.get_one(Batch, batch_id)], crowd.clock.now())[batch_id]
        return progress.answers, dict(progress.by_state)


def test_the_annotator_sees_a_task_as_any_other(crowd: Renewing) -> None:
    """Round, batch and the ids' times are those of the batch in whose lane it stands, though its own is closed."""
    first, _ = crowd.settled(2, extra=0)
    crowd.cut(first.batch_id)
    with crowd.database.write() as session:
        session.get_one(Batch, first.batch_id).state = BatchState.CLOSED
        project = session.get_one(Project, first.project_id)
        second = make_batch(session, project)
        tasks = [task.id for task in make_items(session, second, 6)]
        second_id = second.id
    who = crowd.with_gold(first.project_id)
    assert not crowd.lane(first.batch_id)
    assert len(crowd.lane(second_id)) == 2
    script = crowd.script(who.person_id)
    gold = script.post("/api/v1/claims", json={"project": str(first.project_id)}).json()
    held = crowd.held(UUID(gold["assignment_id"]))
    assert held.round == GOLD_ROUND
    assert (gold["round"], gold["batch"]["id"], gold["proposal"]) == (1, str(second_id), None)
    assert gold["task"]["id"] not in {str(task) for task in first.tasks}
    assert UUID(gold["task"]["id"]).version == 7
    assert UUID(gold["task"]["id"]).int >> 80 in {task.int >> 80 for task in tasks}
    again = script.get(f"/api/v1/assignments/{gold['assignment_id']}").json()
    assert again["task"] == gold["task"]
    sent = {"Idempotency-Key": "k"}
    answer = script.post(f"/api/v1/assignments/{held.id}/response", json={"result": chosen(YES)}, headers=sent).json()
    crowd.answers(who, crowd.claims(who, first.project_id))
    usual_id = crowd.claims(who, first.project_id)
    usual = script.get(f"/api/v1/assignments/{usual_id}").json()
    assert crowd.held(usual_id).round == 1
    assert usual.keys() == gold.keys()
    assert usual["task"].keys() == gold["task"].keys()
    other = script.post(
        f"/api/v1/assignments/{usual_id}/response", json={"result": chosen(YES)}, headers={"Idempotency-Key": "l"}
    )
    assert other.json().keys() == answer.keys()
    assert other.json()["pay_micros"] == answer["pay_micros"]
    assert crowd.response(held.id).batch_id == first.batch_id, "it lies with the content that it is about"


def test_ids_of_another_batchs_items_differ_as_that_batchs_own_do_and_stay_as_they_were_told(crowd: Renewing) -> None:
    """From no part of an id can be told that it is one of gold; and who had a task finds it under its id again."""
    first, _ = crowd.settled(8, extra=0)
    second = crowd.batch(400, project_id=first.project_id)
    who = crowd.known_person(first.project_id)
    crowd.answers(who, crowd.claims(who, first.project_id))
    crowd.cut(first.batch_id)
    crowd.set_state(first.batch_id, BatchState.CLOSED)
    assert len(crowd.renews(first.project_id).to_take) == 8
    script = crowd.script(who.person_id)
    told, held = [], []
    for _ in range(4):
        task = script.post("/api/v1/claims", json={"project": str(first.project_id)}).json()
        held.append(UUID(task["assignment_id"]))
        told.append(UUID(task["task"]["id"]))
        assert crowd.held(held[-1]).round == GOLD_ROUND
        crowd.answers(who, held[-1])
    lent = [slot.shown_as for slot in crowd.lane(second.batch_id) if slot.shown_as is not None]
    assert len({one.int >> 64 for one in lent}) > len(lent) / 2, "drawn for each"
    assert {(one.version, one.variant) for one in lent} == {(one.version, one.variant) for one in second.tasks}
    assert {one.int >> 64 for one in lent} <= {one.int >> 64 for one in second.tasks}
    assert not {*lent, *told} & {*first.tasks, *second.tasks}
    third = crowd.batch(20, project_id=first.project_id)
    crowd.set_state(second.batch_id, BatchState.CLOSED)
    crowd.renews(first.project_id)
    moved = {slot.shown_as for slot in crowd.lane(third.batch_id)}
    assert len(moved) == 8
    assert not moved & {*lent}
    again = [script.get(f"/api/v1/assignments/{one}").json()["task"]["id"] for one in held]
    assert again == [str(one) for one in told]


def test_clients_of_label_studio_get_none_for_they_show_how_far_a_task_is(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    who = crowd.with_gold(batch.project_id)
    with crowd.database.write() as session:
        claimed = claim(session, Claimant(who.person_id, crowd.clock.now(), batch.project_id, whole=True), crowd.keys)
    assert not isinstance(claimed, Nothing)
    assert crowd.held(claimed.assignment_id).round == 1


def test_a_client_of_label_studio_gives_back_what_the_site_has_handed_out_as_gold(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    who = crowd.with_gold(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    assert crowd.held(held).round == GOLD_ROUND
    shown = crowd.script(who.person_id).get(f"/api/projects/{crowd.project(batch.project_id).number}/next")
    assert shown.status_code == 200
    assert crowd.held(held).state is AssignmentState.RELEASED
    with crowd.database.read() as session:
        item = session.scalars(select(Item).where(Item.number == shown.json()["id"])).one()
        assert item.state is ItemState.WORKING


def test_a_reviewer_of_the_item_is_not_tested_by_it(crowd: Renewing) -> None:
    batch, _ = crowd.settled(3)
    both = crowd.known_person(batch.project_id)
    crowd.also_reviewer(both.person_id)
    crowd.with_gold(batch.project_id)
    with crowd.database.write() as session:
        for review in session.scalars(select(Review)):
            review.reviewer_id = both.person_id
    assert crowd.held(crowd.claims(both, batch.project_id)).round == 1


def test_a_correction_is_taken_or_refused_as_of_any_gold(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    who = crowd.with_gold(batch.project_id)
    held = crowd.claims(who, batch.project_id)
    crowd.answers(who, held, NO)
    task = crowd.held(held).microtask_id
    decided = crowd.decisions([task])
    assert crowd.corrects((who, held), YES).new
    assert crowd.record(who, batch.project_id)[1:] == (1, 1)
    assert crowd.decisions([task]) == decided
    crowd.clock.move(minutes=1)
    crowd.cut(batch.batch_id)
    crowd.refuses((who, held), CorrectionTooLate)


def test_where_most_say_otherwise_a_reviewer_looks_and_nobody_was_wrong(crowd: Renewing) -> None:
    batch, _ = crowd.settled(1, extra=12)
    people = [crowd.known_person(batch.project_id, gold=20, right=20) for _ in range(3)]
    crowd.answers(people[0], crowd.claims(people[0], batch.project_id))
    crowd.renews(batch.project_id)
    [row] = crowd.gold(batch.project_id)
    for who in people:
        held = crowd.claims(who, batch.project_id)
        assert crowd.held(held).microtask_id == row.microtask_id
        crowd.answers(who, held, NO)
        assert crowd.record(who, batch.project_id)[1:] == (21, 20)
    found = crowd.renews(batch.project_id)
    assert found.to_retire == {row.microtask_id: Retired.DOUBTED}
    assert crowd.retired(batch.project_id) == [Retired.DOUBTED]
    assert [crowd.record(who, batch.project_id)[1:] for who in people] == [(21, 21)] * 3
    assert [one[0] for one in items_states(crowd, row.microtask_id)] == [ItemState.REVIEW]
    review_id = next(one.id for one in crowd.reviews() if one.cause is ReviewCause.GOLD_DOUBTED)
    with crowd.database.write() as session:
        for other in session.scalars(select(Review).where(Review.id != review_id, Review.state == ReviewState.OPEN)):
            other.state = ReviewState.WITHDRAWN
    reviewer = crowd.actor(Role.REVIEWER)
    assert crowd.must_take(reviewer) == review_id
    page = crowd.browser(reviewer.person_id).get(f"/review/{review_id}").text
    assert page.count(NO) > page.count("nothing")
    told = crowd.response(held)
    crowd.settles(review_id, Verdict.ACCEPT, Reason.FITS_GUIDE, reviewer, chosen=told.id)
    assert crowd.decisions([row.microtask_id])[-1][1:] == (2, [1])
    assert crowd.renews(batch.project_id).to_take == [], "and it serves no more"
    with crowd.database.read() as session:
        assert check_books(session) == []


def items_states(crowd: Renewing, task: UUID) -> list[tuple[Any, ...]]:
    with crowd.database.read() as session:
        rows = session.execute(
            select(Item.state).join(MicroTask, MicroTask.item_id == Item.id).where(MicroTask.id == task)
        )
        return [tuple(row) for row in rows]


def test_one_that_is_delivered_is_told_to_the_coordinator_instead(crowd: Renewing) -> None:
    batch, _ = crowd.settled(1, extra=12)
    people = [crowd.known_person(batch.project_id, gold=20, right=20) for _ in range(3)]
    crowd.answers(people[0], crowd.claims(people[0], batch.project_id))
    crowd.cut(batch.batch_id)
    crowd.renews(batch.project_id)
    for who in people:
        crowd.answers(who, crowd.claims(who, batch.project_id), NO)
    crowd.renews(batch.project_id)
    assert crowd.retired(batch.project_id) == [Retired.DOUBTED]
    assert not [one for one in crowd.reviews() if one.cause is ReviewCause.GOLD_DOUBTED]
    page = crowd.browser(crowd.actor(Role.COORDINATOR).person_id).get(f"/projects/{batch.project_id}/gold").text
    assert "结论可能不对的" in page
    assert f"/batches/{batch.batch_id}" in page


def test_one_of_a_closed_batch_stays_as_it_is_and_is_told_to_the_coordinator(crowd: Renewing) -> None:
    """Reviewers take from open batches only: there it would wait for good."""
    batch, _ = crowd.settled(2, extra=2)
    following = crowd.batch(12, project_id=batch.project_id)
    people = [crowd.known_person(batch.project_id, gold=20, right=20) for _ in range(3)]
    crowd.answers(people[0], crowd.claims(people[0], batch.project_id))
    crowd.set_state(batch.batch_id, BatchState.CLOSED)
    crowd.renews(batch.project_id)
    assert len(crowd.lane(following.batch_id)) == 2
    for who in people:
        for _ in range(2):
            crowd.answers(who, crowd.claims(who, batch.project_id), NO)
    tasks = [row.microtask_id for row in crowd.gold(batch.project_id)]
    before = items(crowd, tasks)
    crowd.renews(batch.project_id)
    assert crowd.retired(batch.project_id) == [Retired.DOUBTED] * 2
    assert [crowd.record(who, batch.project_id)[1:] for who in people] == [(22, 22)] * 3, "two each, set right at once"
    assert items(crowd, tasks) == before
    assert not [one for one in crowd.reviews() if one.cause is ReviewCause.GOLD_DOUBTED]
    page = crowd.browser(crowd.actor(Role.COORDINATOR).person_id).get(f"/projects/{batch.project_id}/gold").text
    assert "结论可能不对的" in page
    assert f"/batches/{batch.batch_id}" in page


def test_of_several_doubts_the_tasks_are_locked_then_the_items_then_peoples_records(crowd: Renewing) -> None:
    """As a submit does it: one that waits for a record holds its task's row already."""
    batch, _ = crowd.settled(3, extra=12)
    people = [crowd.known_person(batch.project_id, gold=20, right=20) for _ in range(3)]
    crowd.answers(people[0], crowd.claims(people[0], batch.project_id))
    crowd.renews(batch.project_id)
    for who in people:
        for _ in range(3):
            crowd.answers(who, crowd.claims(who, batch.project_id), NO)
    with statements_of(crowd.database) as done:
        found = crowd.renews(batch.project_id)
    assert set(found.to_retire.values()) == {Retired.DOUBTED}
    records = [n for n, one in enumerate(done.seen) if one[0].startswith("UPDATE work_records")]
    assert len(records) == 3, "one for each person, whatever they answered"
    tables = ("UPDATE micro_tasks", "UPDATE items", "INSERT INTO reviews")
    assert all(n > max(records) for n, one in enumerate(done.seen) if one[0].startswith(tables))
    assert [crowd.record(who, batch.project_id)[1:] for who in people] == [(23, 23)] * 3


def test_the_refit_holds_answers_against_what_a_reviewer_settled_beside_those_that_led_to_it(crowd: Renewing) -> None:
    batch, author = crowd.settled(12, extra=20)
    right, wrong = crowd.with_gold(batch.project_id), crowd.known_person(batch.project_id)
    for who, label in ((right, YES), (wrong, NO)):
        for _ in range(12):
            held = crowd.claims(who, batch.project_id)
            assert crowd.held(held).round == GOLD_ROUND
            crowd.answers(who, held, label)
    with crowd.database.read() as session:
        refit = refit_project(session, batch.project_id)
    assert refit is not None
    assert refit.answers == 12 + 1 + 24
    assert refit.gold_factors[wrong.person_id] > 1
    assert refit.gold_factors[right.person_id] <= 1
    assert refit.gold_factors[author.person_id] == 1, "their answers led to the decisions: no test of them"


def test_a_claim_asks_no_statement_more_and_nothing_walks_a_table(crowd: Renewing) -> None:
    batch, _ = crowd.settled(3)
    with_stock = crowd.with_gold(batch.project_id)
    other = crowd.batch(20, gold=3, pipeline=CHECKED)
    usual = crowd.known_person(other.project_id)
    crowd.answers(usual, crowd.claims(usual, other.project_id))
    counts = []
    for who, project in ((usual, other.project_id), (with_stock, batch.project_id)):
        with statements_of(crowd.database) as claiming:
            held = crowd.claims(who, project)
        with statements_of(crowd.database) as submitting:
            crowd.answers(who, held)
        assert crowd.response(held).gold
        counts.append((len(claiming), len(submitting)))
        walked = frozenset({"slots", "decisions", "micro_tasks", "renewed_gold", "assignments", "s"})
        known = frozenset({"known_gold", "known_decision", "known_task", "later_decision"})
        for done in (claiming, submitting):
            assert scans(crowd.database, done, walked | known) == []
    assert len(set(counts)) == 1, counts


def test_the_partner_is_billed_and_told_nothing_more(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2, extra=0)
    crowd.batch(6, project_id=batch.project_id)
    who = crowd.with_gold(batch.project_id)
    for _ in range(2):
        crowd.answers(who, crowd.claims(who, batch.project_id), NO)
    partner = crowd.actor(Role.PARTNER_ADMIN, crowd.project(batch.project_id).organisation_id)
    number = crowd.project(batch.project_id).number
    exported = crowd.script(partner.person_id).get(f"/api/projects/{number}/export?exportType=JSON").json()
    assert [len(one["annotations"]) for one in exported if one["predictions"]] == [1, 1]
    lot = crowd.cut(batch.batch_id)
    assert len(crowd.items_of(lot)) == 2
    crowd.accept(lot)
    crowd.invoice(partner.standings[0].organisation_id)
    with crowd.database.read() as session:
        assert check_books(session) == []
        gold = select(func.count()).select_from(Response).where(Response.round == GOLD_ROUND)
        assert session.scalar(gold) == 2
        lanes = session.scalars(select(Slot.lane).where(Slot.round == GOLD_ROUND)).all()
        assert set(lanes) == {Lane.GOLD}
