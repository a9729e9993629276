"""Claiming several tasks at once: leases of their own, a fair part, gold that nobody can tell, all given back."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.lanes import Claimant
from leye_platform.assignments.models import Assignment, Response, Slot
from leye_platform.assignments.rules import MOST_HELD, AssignmentState, Lane, NoTask, SlotState
from leye_platform.assignments.several import release_all
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import Pipeline, PipelineKind
from support.clock import MovableClock
from support.crowd import Crowd
from support.shipping import Shipping

SINGLE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)
TWICE = Pipeline(overlap_start=2, overlap_limit=3, gold_share=0)


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def test_several_tasks_are_different_ones_in_their_order_each_under_its_own_lease(
    crowd: Crowd, database: Database
) -> None:
    batch = crowd.batch(items=60, pipeline=TWICE)
    held = crowd.claims_several(crowd.person(), 5)
    assert [crowd.task_of(one) for one in held] == list(batch.tasks[:5])
    with database.read() as session:
        leases = session.scalars(select(Assignment).order_by(Assignment.id)).all()
        assert [one.place for one in leases] == [1, 2, 3, 4, 5]
        assert session.scalar(select(func.count()).where(Slot.state == SlotState.HELD)) == 5


def test_asked_again_the_same_are_given_and_only_filled_up(crowd: Crowd) -> None:
    crowd.batch(items=200, pipeline=SINGLE)
    who = crowd.person()
    five = crowd.claims_several(who, 5)
    assert crowd.claims_several(who, 5) == five
    crowd.answers(who, five[1])
    again = crowd.claims_several(who, 5)
    assert again[:4] == [five[0], *five[2:]]
    assert len(set(again)) == 5
    assert crowd.claims_several(who, 2) == again, "what is held is not taken away"
    assert crowd.claims(who) == five[0], "who claims one gets the first that they hold"


def test_near_the_end_nobody_takes_more_than_a_tenth(crowd: Crowd) -> None:
    crowd.batch(items=40, pipeline=SINGLE)
    first, second = crowd.person(), crowd.person()
    assert len(crowd.claims_several(first, 20)) == 4
    assert len(crowd.claims_several(second, 20)) == 3
    assert len(crowd.claims_several(first, 20)) == 4


def test_one_person_holds_so_many_at_most(crowd: Crowd) -> None:
    crowd.batch(items=400, pipeline=SINGLE)
    assert len(crowd.claims_several(crowd.person(), 1000)) == MOST_HELD


def test_gold_stands_where_it_would_have_come_one_by_one(crowd: Crowd) -> None:
    pipeline = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0.2)
    batch = crowd.batch(items=600, gold=12, pipeline=pipeline)
    who = crowd.person()
    for _ in range(4):  # new people get none among their first
        crowd.answers(who, crowd.claims(who))
    held = crowd.claims_several(who, 20)
    gold = [one for one in held if crowd.task_of(one) in batch.gold]
    assert 2 <= len(gold) <= 12
    assert len({crowd.task_of(one) for one in held}) == 20
    assert held[-len(gold) :] != gold, "they do not all stand at the end"


def test_what_is_wanted_is_never_exceeded(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=60, pipeline=TWICE)
    people = [crowd.person() for _ in range(5)]
    for who in people:
        crowd.claims_several(who, 10)
    with database.read() as session:
        held = select(Assignment.microtask_id, func.count().label("n")).group_by(Assignment.microtask_id).subquery()
        most = session.scalar(select(func.max(held.c.n)))
        wanted = session.scalar(select(func.max(MicroTask.overlap_wanted)))
        assert most is not None
        assert wanted is not None
        assert most <= wanted == 2


def test_all_are_given_back_at_once_and_come_to_others(crowd: Crowd, database: Database) -> None:
    batch = crowd.batch(items=100, pipeline=SINGLE)
    who = crowd.person()
    held = crowd.claims_several(who, 8)
    with database.write() as session:
        assert release_all(session, Claimant(who.person_id, crowd.clock.now())) == held
    with database.read() as session:
        assert set(session.scalars(select(Assignment.state))) == {AssignmentState.RELEASED}
        assert session.scalar(select(func.count()).where(Slot.state == SlotState.OPEN)) == len(batch.tasks)
    assert len(crowd.claims_several(crowd.person(), 8)) == 8


def test_leases_that_ran_out_are_handed_out_again(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=60, pipeline=SINGLE)
    who = crowd.person()
    held = crowd.claims_several(who, 6)
    crowd.clock.move(hours=3)
    with database.write() as session:
        assert expire_leases(session, crowd.clock.now()) == 6
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Slot.state == SlotState.OPEN)) == 60
    assert crowd.answers(who, held[3]).late


def test_time_is_counted_once_however_many_are_held(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=60, pipeline=SINGLE)
    who = crowd.person()
    for held in crowd.claims_several(who, 4):
        crowd.clock.move(minutes=2)
        crowd.answers(who, held, active_ms=10 * 60_000)
    with database.read() as session:
        counted = session.scalars(select(Response.active_ms).order_by(Response.number)).all()
    assert counted == [2 * 60_000] * 4


def test_several_come_of_one_project_only(crowd: Crowd) -> None:
    batches = [crowd.batch(items=60, pipeline=SINGLE) for _ in range(3)]
    for _ in range(5):
        held = crowd.claims_several(crowd.person(), 4)
        assert len({crowd.project_of(one) for one in held}) == 1
    named = crowd.claims_several(crowd.person(), 4, batches[1].project_id)
    assert {crowd.project_of(one) for one in named} == {batches[1].project_id}


def test_nothing_is_said_with_its_reason_only_where_nothing_is_held(crowd: Crowd) -> None:
    crowd.batch(items=2, pipeline=SINGLE)
    first, second = crowd.person(), crowd.person()
    assert len(crowd.claims_several(first, 9)) == 1
    assert len(crowd.claims_several(second, 9)) == 1
    assert len(crowd.claims_several(first, 9)) == 1
    nothing = crowd.claim_several(crowd.person(), 9)
    assert isinstance(nothing, Nothing)
    assert nothing.reason is NoTask.ALL_HELD


def test_eight_requests_at_once_hold_no_more_than_one(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=300, pipeline=SINGLE)
    who = crowd.person()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: crowd.claims_several(who, 6), range(8)))
    with database.read() as session:
        leased = session.scalars(select(Assignment.id).where(Assignment.state == AssignmentState.LEASED)).all()
        assert len(leased) == 6
        assert session.scalar(select(func.count()).where(Slot.state == SlotState.HELD)) == 6
    assert set().union(*map(set, answers)) == set(leased)


def test_people_at_once_never_get_the_same_slot(crowd: Crowd, database: Database) -> None:
    crowd.batch(items=300, pipeline=SINGLE)
    people = [crowd.person() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        held = [one for got in pool.map(lambda who: crowd.claims_several(who, 10), people) for one in got]
    tasks: list[UUID] = [crowd.task_of(one) for one in held]
    assert len(tasks) == len(set(tasks)) == 80
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Slot.state == SlotState.HELD, Slot.lane != Lane.GOLD)) == 80


def test_the_api_answers_a_list_with_count_and_one_without(installation: Installation, clock: MovableClock) -> None:
    shipping = Shipping(installation, clock)
    batch = shipping.batch(items=80, pipeline=SINGLE)
    person = shipping.person()
    client = shipping.script(person.person_id)
    several = client.post("/api/v1/claims", json={"count": 3, "project": str(batch.project_id)})
    assert several.status_code == 201
    assert [set(one) for one in several.json()] == [set(several.json()[0])] * 3
    one = client.post("/api/v1/claims", json={"project": str(batch.project_id)})
    assert one.status_code == 200
    assert one.json()["assignment_id"] == several.json()[0]["assignment_id"]
    assert set(one.json()) == set(several.json()[0])
    assert client.post("/api/v1/claims", json={"count": 0}).status_code == 422
    assert client.post("/api/v1/claims", json={"count": MOST_HELD + 1}).status_code == 422
    released = client.post("/api/v1/claims/release", json={"project": str(batch.project_id)})
    assert released.json() == {"released": [lease["assignment_id"] for lease in several.json()]}
    assert client.post("/api/v1/claims/release").json() == {"released": []}
