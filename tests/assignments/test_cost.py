"""A claim and a submit cost the same at any size: the number of statements, and the plans at 10,000 items."""

from uuid import UUID

import pytest
from sqlalchemy import select, text

from leye_platform.assignments.drafts import save_draft
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.leases import heartbeat, skip
from leye_platform.assignments.models import Assignment
from leye_platform.assignments.own import load_standing
from leye_platform.assignments.rules import SkipReason
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from support.clock import MovableClock
from support.crowd import Crowd
from support.factories import chosen, keep_for_a_team, make_batch, make_items
from support.grown import answered_before
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


def holds_plans(crowd: Crowd, database: Database, items: int, grown: frozenset[str] = frozenset()) -> None:
    """Claims in every manner, and answers, walk no large table, nor a grown one by the plan that is really run."""
    batch = crowd.batch(items=items, gold=20, pipeline=Pipeline(overlap_start=1, overlap_limit=3, confidence=0.7))
    with database.write() as session:
        project = session.get_one(Project, batch.project_id)
        kept = make_batch(session, project)
        make_items(session, kept, 300)
        keep_for_a_team(session, kept, crowd.clock.now())
    if grown:
        answered_before(database, batch.batch_id, items // 2)
    for _ in range(3):
        one_cycle(crowd, database)
    analysed(database)
    for named in (None, batch.project_id):
        claiming, submitting = one_cycle(crowd, database, named)
        with statements_of(database) as several:
            crowd.claims_several(crowd.person(), 5, named)
        person = crowd.person()
        held = crowd.claims(person, named)
        with database.read() as session:
            number = session.scalar(
                select(Item.number).join(Assignment, Assignment.item_id == Item.id).where(Assignment.id == held)
            )
        with statements_of(database) as by_number, database.write() as session:
            own = load_standing(session, person.person_id, number or 0)
            assert own is not None
            assert own.id == held
        for done in (claiming, submitting, several, by_number):
            assert scans(database, done, LARGE) == []
            assert scans(database, done, grown, as_planned=True) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_by_what_answers_were_weighed_is_read_only_by_who_weighs(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=2, pipeline=Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0))
    who, now = crowd.person(), crowd.clock.now()
    held = crowd.claims(who, batch.project_id)
    with statements_of(database) as besides, database.write() as session:
        heartbeat(session, who.person_id, held, crowd.keys, now)
        save_draft(session, who.person_id, held, chosen("正面"), now)
        skip(session, who.person_id, held, SkipReason.OTHER, now=now)
    assert [text for text, _ in besides.seen if "weighings" in text] == []
    held = crowd.claims(who, batch.project_id)
    with statements_of(database) as submitting:
        crowd.answers(who, held)
    reading = [text for text, _ in submitting.seen if "weighings" in text and text.startswith("SELECT")]
    assert len(reading) == 1


def test_no_statement_walks_a_large_table(crowd: Crowd, database: Database) -> None:
    holds_plans(crowd, database, 10_000)


@pytest.mark.audit
def test_no_statement_walks_a_table_of_a_hundred_thousand_rows(crowd: Crowd, database: Database) -> None:
    grown = frozenset({"slots", "assignments", "responses", "items", "micro_tasks", "s", "a"})
    holds_plans(crowd, database, 100_000, grown)


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
