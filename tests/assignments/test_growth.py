"""What a claim and a submit make the database do stays the same while the project grows: counted, not timed."""

import pytest
from sqlalchemy import text

from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.projects.rules import Pipeline
from support.clock import MovableClock
from support.crowd import Crowd
from support.effort import effort_of, steady

PIPELINE = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.9, gold_share=0.05)
MOST_GROWTH = 1.2


def effort_of_a_cycle(installation: Installation, clock: MovableClock, items: int) -> float:
    """The median effort of 30 claims and submits in a new project of this size, with work done in it before."""
    crowd, database = Crowd(installation, clock), installation.database
    batch = crowd.batch(items=items, gold=10, pipeline=PIPELINE)
    people = [crowd.person() for _ in range(3)]
    for person in people:
        for _ in range(10):
            crowd.answers(person, crowd.claims(person, batch.project_id))
    with database.write() as session:
        session.execute(text("ANALYZE"))
    efforts = []
    for turn in range(30):
        person = people[turn % 3]
        with effort_of(database) as effort:
            crowd.answers(person, crowd.claims(person, batch.project_id))
        efforts.append(effort.units)
    with database.write() as session:  # the next size is measured alone
        session.execute(text("UPDATE batches SET state = 'closed'"))
    assert min(efforts) > 0
    return steady(efforts)


def test_a_cycle_reads_no_more_in_a_larger_project(
    installation: Installation, clock: MovableClock, database: Database
) -> None:
    # The first is thrown away: a database that has just been made plans for empty tables.
    _, small, large = (effort_of_a_cycle(installation, clock, items) for items in (500, 500, 10_000))
    assert large <= small * MOST_GROWTH, f"{small} at 500 items, {large} at 10,000"


@pytest.mark.audit
def test_a_cycle_reads_no_more_at_two_hundred_thousand_items(
    installation: Installation, clock: MovableClock, database: Database
) -> None:
    _, small, large = (effort_of_a_cycle(installation, clock, items) for items in (500, 1000, 200_000))
    assert large <= small * MOST_GROWTH, f"{small} at 1,000 items, {large} at 200,000"
