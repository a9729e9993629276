"""Which project comes next for who names none: shares, runs, and one's own choice."""

from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.home_queries import home
from leye_platform.assignments.models import WorkRun
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.sharing import RUN_ANSWERS, RunOrigin
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.projects.models import Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from support.clock import MovableClock
from support.crowd import Crowd, OpenBatch
from support.statements import statements_of

SINGLE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def works(crowd: Crowd, who: Annotator, tasks: int) -> list[UUID]:
    """The projects of so many tasks that the person claims without naming any, and answers."""
    projects = []
    for _ in range(tasks):
        assignment = crowd.claims(who)
        projects.append(crowd.project_of(assignment))
        crowd.answers(who, assignment)
    return projects


def two(crowd: Crowd, *, small: int = 90) -> tuple[OpenBatch, OpenBatch]:
    """A huge project that came first, and a small one."""
    return crowd.batch(items=1500, pipeline=SINGLE), crowd.batch(items=small, pipeline=SINGLE)


def test_a_small_project_gets_its_share_while_a_huge_one_is_open(crowd: Crowd) -> None:
    huge, small = two(crowd, small=400)
    # Where a person's runs begin is drawn: of ten people, one time in a thousand is outside.
    done = Counter(project for _ in range(10) for project in works(crowd, crowd.person(), 2 * RUN_ANSWERS))
    assert set(done) == {huge.project_id, small.project_id}
    assert 0.3 <= done[small.project_id] / sum(done.values()) <= 0.7


def test_a_project_of_more_weight_gets_more_people(crowd: Crowd, database: Database) -> None:
    usual, heavy = two(crowd, small=400)
    with database.write() as session:
        session.execute(update(Project).where(Project.id == heavy.project_id).values(weight=14))
    first = Counter(crowd.project_of(crowd.claims(crowd.person())) for _ in range(40))
    assert first[heavy.project_id] > 2 * first[usual.project_id] > 0


def test_nobody_is_thrown_between_projects_task_by_task(crowd: Crowd) -> None:
    two(crowd, small=400)
    projects = works(crowd, crowd.person(), 3 * RUN_ANSWERS)
    runs = [projects[n : n + RUN_ANSWERS] for n in range(0, len(projects), RUN_ANSWERS)]
    assert all(len(set(run)) == 1 for run in runs)
    assert len(set(projects)) == 2


def test_who_rested_for_hours_begins_a_new_run(crowd: Crowd, database: Database) -> None:
    two(crowd)
    who = crowd.person()
    works(crowd, who, 3)
    with database.read() as session:
        assert session.get_one(WorkRun, who.person_id).number == 1
    crowd.clock.move(hours=5)
    works(crowd, who, 1)
    with database.read() as session:
        assert session.get_one(WorkRun, who.person_id).number == 2


def test_a_run_goes_on_elsewhere_when_its_project_has_nothing_left(crowd: Crowd) -> None:
    huge, small = two(crowd, small=5)
    who = crowd.person()
    crowd.answers(who, crowd.claims(who, small.project_id))
    projects = works(crowd, who, 8)
    assert projects == [small.project_id] * 4 + [huge.project_id] * 4


def test_ones_own_choice_wins_and_holds(crowd: Crowd, database: Database) -> None:
    _, small = two(crowd, small=60)
    who = crowd.person()
    for _ in range(2 * RUN_ANSWERS + 1):
        assignment = crowd.claims(who, small.project_id)
        assert crowd.project_of(assignment) == small.project_id
        crowd.answers(who, assignment)
    with database.read() as session:
        run = session.get_one(WorkRun, who.person_id)
        assert (run.project_id, run.origin, run.number) == (small.project_id, RunOrigin.CHOSEN, 0)


def test_going_on_without_naming_the_project_asks_nothing_more_of_the_database(
    crowd: Crowd, database: Database
) -> None:
    huge, _ = two(crowd)
    who = crowd.person()
    works(crowd, who, 2)
    with statements_of(database) as unnamed:
        assignment = crowd.claims(who)
    project = crowd.project_of(assignment)
    crowd.answers(who, assignment)
    crowd.answers(who, crowd.claims(who, project))  # from here on it is their choice
    with statements_of(database) as named:
        crowd.claims(who, project)
    assert len(unnamed) == len(named), [s[:90] for s, _ in unnamed.seen]
    assert not any("work_runs" in s and not s.startswith("SELECT") for s, _ in named.seen + unnamed.seen)
    assert huge.project_id


def test_the_home_page_names_the_project_that_the_large_button_gives(crowd: Crowd, database: Database) -> None:
    two(crowd)
    for _ in range(6):
        who = crowd.person()
        with database.read() as session:
            first = home(session, who.person_id, crowd.clock.now()).projects[0].id
        assert crowd.project_of(crowd.claims(who)) == first


def test_unpaid_work_that_somebody_chose_is_not_given_when_they_ask_for_any(crowd: Crowd, database: Database) -> None:
    unpaid = crowd.batch(items=5, pipeline=SINGLE, pay=None, price=None)
    who = crowd.person()
    with database.write() as session:
        firm = session.get_one(Project, unpaid.project_id).organisation_id
        session.execute(
            text("UPDATE memberships SET organisation_id = :firm WHERE person_id = :person"),
            {
                "firm": firm.hex if database.is_sqlite else firm,
                "person": who.person_id.hex if database.is_sqlite else who.person_id,
            },
        )
    crowd.answers(who, crowd.claims(who, unpaid.project_id))
    assert isinstance(crowd.claim(who), Nothing)
    with database.read() as session:
        assert session.scalars(select(WorkRun.origin)).all() == [RunOrigin.CHOSEN]
