"""A claim and a submit cost the same at any size: the number of statements, and the plans at 10,000 items."""

from uuid import UUID

import pytest
from sqlalchemy import text

from leye_platform.assignments.expiry import expire_leases
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.projects.rules import Pipeline, PipelineKind
from support.clock import MovableClock
from support.crowd import Crowd
from support.statements import Statements, scans, statements_of

LARGE = frozenset(
    {
        "slots",
        "assignments",
        "responses",
        "items",
        "micro_tasks",
        "decisions",
        "reviews",
        "ledger_entries",
        "postings",
        "cursors",
        "drafts",
        "s",
        "a",
    }
)
MOST_FOR_A_CLAIM = 10
MOST_FOR_A_SUBMIT = 22


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def analysed(database: Database) -> None:
    with database.write() as session:
        session.execute(text("ANALYZE"))


def one_cycle(crowd: Crowd, database: Database, project: UUID | None = None) -> tuple[Statements, Statements]:
    """A newcomer's second claim and answer, by which a micro-task is decided."""
    person = crowd.person()
    crowd.answers(person, crowd.claims(person, project))
    with statements_of(database) as claiming:
        assignment = crowd.claims(person, project)
    with statements_of(database) as submitting:
        crowd.answers(person, assignment)
    return claiming, submitting


def test_the_number_of_statements_does_not_grow(crowd: Crowd, database: Database) -> None:
    pipeline = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0.05)
    counts = []
    for items in (200, 800, 3200):
        batch = crowd.batch(items=items, gold=3, pipeline=pipeline)
        claiming, submitting = one_cycle(crowd, database, batch.project_id)
        counts.append((len(claiming), len(submitting)))
    assert len(set(counts)) == 1, counts
    assert counts[0][0] <= MOST_FOR_A_CLAIM, [s[:200] for s, _ in claiming.seen]
    assert counts[0][1] <= MOST_FOR_A_SUBMIT, [s[:200] for s, _ in submitting.seen]


def test_no_statement_walks_a_large_table(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=10_000, gold=20, pipeline=Pipeline(overlap_start=1, overlap_limit=3, confidence=0.7))
    for _ in range(3):
        one_cycle(crowd, database)
    analysed(database)
    for _ in range(2):
        claiming, submitting = one_cycle(crowd, database)
        assert scans(database, claiming, LARGE) == []
        assert scans(database, submitting, LARGE) == []


def test_an_empty_claim_and_an_expiry_walk_no_large_table(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=3000, pipeline=Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0))
    people = [crowd.person() for _ in range(3)]
    for person in people:
        crowd.answers(person, crowd.claims(person))
    held = crowd.claims(people[0])
    with database.write() as session:
        session.execute(text("UPDATE slots SET state = 'withdrawn' WHERE state = 'open'"))
    analysed(database)
    with statements_of(database) as empty:
        crowd.claim(people[1], project=batch.project_id)
    crowd.clock.move(hours=5)
    with statements_of(database) as expiring, database.write() as session:
        assert expire_leases(session, crowd.clock.now()) == 1
    assert crowd.answers(people[0], held).late
    assert scans(database, empty, LARGE) == []
    assert scans(database, expiring, LARGE) == []
