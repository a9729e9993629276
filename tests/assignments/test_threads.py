"""Eight people at the same moment, on both databases: no slot twice, nobody twice, nothing lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.models import Assignment, Response, Slot
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import AssignmentState, NoTask, SlotState
from leye_platform.billing.models import LedgerEntry
from leye_platform.billing.rules import EntryKind
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Item
from leye_platform.projects.rules import ItemState, Pipeline
from leye_platform.review.models import Review
from support.clock import MovableClock
from support.crowd import Crowd

PEOPLE = 8
ITEMS = 120


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def works_until_nothing_is_left(crowd: Crowd, who: Annotator) -> int:
    """Claim and answer until there is truly nothing; how many answers were given."""
    done = idle = 0
    while idle < 50:
        claimed = crowd.claim(who)
        if isinstance(claimed, Nothing):
            if claimed.reason in {NoTask.ALL_DONE, NoTask.WAITING_FOR_OTHERS}:
                return done
            idle += 1
            continue
        crowd.answers(who, claimed.assignment_id, "正面" if done % 5 else "负面")
        done, idle = done + 1, 0
    return done


def test_eight_people_at_once_share_a_batch_without_duplicates(crowd: Crowd, database: Database) -> None:
    pipeline = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.85, gold_share=0.1)
    batch = crowd.batch(items=ITEMS, gold=5, pipeline=pipeline)
    people = [crowd.person() for _ in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        done = sum(pool.map(lambda who: works_until_nothing_is_left(crowd, who), people))
    for person in people:  # what came in while the last ones left
        done += works_until_nothing_is_left(crowd, person)
    with database.read() as session:
        given = session.execute(select(Response.microtask_id, Response.person_id, Response.gold)).all()
        assert len(given) == done
        assert max(Counter((task, person) for task, person, _ in given).values()) == 1
        asked = Counter(task for task, _, gold in given if not gold)
        assert set(asked) == set(batch.tasks)
        assert 2 <= min(asked.values()) <= max(asked.values()) <= 3
        assert session.scalar(select(func.count()).where(Slot.state == SlotState.HELD)) == 0
        states = Counter(session.scalars(select(Item.state).where(Item.gold_result.is_(None))))
        assert set(states) <= {ItemState.DECIDED, ItemState.REVIEW}
        assert session.scalar(select(func.count()).select_from(Review)) == states[ItemState.REVIEW]
        pending = session.scalar(select(func.count()).where(LedgerEntry.kind == EntryKind.EARNING_PENDING))
        assert pending == done
        lots = session.scalar(select(func.count()).where(OutboxRow.job == JobName.ASSEMBLE_LOT))
        assert lots == int(states[ItemState.REVIEW] == 0)


def test_the_last_two_decisions_at_once_ask_for_the_lot(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=40, pipeline=Pipeline(overlap_start=1, overlap_limit=2, confidence=0.7, gold_share=0))
    people = [crowd.person() for _ in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(lambda who: works_until_nothing_is_left(crowd, who), people))
    with database.read() as session:
        assert set(session.scalars(select(Item.state))) == {ItemState.DECIDED}
        assert session.scalar(select(func.count()).where(OutboxRow.job == JobName.ASSEMBLE_LOT)) == 1


def test_a_double_click_gives_one_lease(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=30)
    person = crowd.person()
    with ThreadPoolExecutor(PEOPLE) as pool:
        claims = list(pool.map(lambda _: crowd.claims(person), range(PEOPLE)))
    assert len(set(claims)) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Assignment.state == AssignmentState.LEASED)) == 1
        assert session.scalar(select(func.count()).where(Slot.state == SlotState.HELD)) == 1


def test_a_submit_sent_eight_times_at_once_is_stored_once(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=3)
    person = crowd.person()
    assignment = crowd.claims(person)

    def submit(n: int) -> UUID:
        return crowd.answers(person, assignment, key=f"key {n}").response_id

    with ThreadPoolExecutor(PEOPLE) as pool:
        stored = set(pool.map(submit, range(PEOPLE)))
    assert len(stored) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 1
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 1
