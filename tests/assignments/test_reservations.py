"""What is kept for a team: by whom it can be claimed, until when, and how it is counted."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.errors import NoSuchTeam, QuotaRefused, ReservationInThePast, ReservedAlready
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.leases import release
from leye_platform.assignments.models import Cursor, Reservation
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.reservations import Kept, Wanted, kept_for, kept_in, lift, reserve
from leye_platform.assignments.rules import NoTask
from leye_platform.database import Database
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.teams.models import Team, TeamMember
from support.clock import MovableClock
from support.crowd import OpenBatch
from support.factories import make_organisation
from support.shipping import Shipping
from support.statements import statements_of

SINGLE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)


class Base(Shipping):
    """A base with teams, and a coordinator who keeps work for them."""

    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        super().__init__(installation, clock)
        self.coordinator = self.actor(Role.COORDINATOR)

    def team(self, *members: Annotator) -> UUID:
        with self.database.write() as session:
            team = Team(
                organisation_id=make_organisation(session).id,
                name=f"小组 {len(members)} {self.clock.now().timestamp()} {id(members)}",
                created_at=self.clock.now(),
            )
            session.add(team)
            session.flush()
            for one in members:
                session.add(TeamMember(person_id=one.person_id, team_id=team.id, joined_at=self.clock.now()))
            return team.id

    def keeps(self, batch: OpenBatch, team: UUID, quota: int, days: float = 2, *, whole: bool = False) -> None:
        with self.database.write() as session:
            what: Project | Batch = session.get_one(Batch, batch.batch_id)
            if whole:
                what = session.get_one(Project, batch.project_id)
            wanted = Wanted(team, quota, self.clock.now() + timedelta(days=days))
            reserve(session, self.coordinator, what, wanted, self.clock.now())

    def lifts(self, batch: OpenBatch) -> None:
        with self.database.write() as session:
            lift(session, self.coordinator, session.get_one(Batch, batch.batch_id), self.clock.now())

    def kept(self, batch: OpenBatch) -> list[Kept]:
        with self.database.read() as session:
            return kept_in(session, batch.project_id, self.clock.now())

    def works(self, who: Annotator, tasks: int) -> None:
        for _ in range(tasks):
            self.answers(who, self.claims(who))


@pytest.fixture
def base(installation: Installation, clock: MovableClock) -> Base:
    return Base(installation, clock)


@pytest.fixture(params=[False, True], ids=["batch", "project"])
def whole(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_before_the_date_only_the_team_gets_it_and_afterwards_everybody(base: Base, whole: bool) -> None:
    batch = base.batch(items=30, pipeline=SINGLE)
    member, other = base.person(), base.person()
    base.keeps(batch, base.team(member), quota=100, whole=whole)
    base.works(member, 1)
    for project in (None, batch.project_id):
        nothing = base.claim(other, project)
        assert isinstance(nothing, Nothing)
        assert nothing.reason is NoTask.KEPT_FOR_TEAMS
        assert nothing.kept_until == base.clock.now() + timedelta(days=2)
    assert isinstance(base.claim_several(other, 5), Nothing)
    base.clock.move(hours=49)
    base.works(other, 1)
    assert base.kept(batch) == []


def test_the_quota_opens_it_to_everybody_when_it_is_used_up(base: Base, whole: bool) -> None:
    batch = base.batch(items=60, pipeline=SINGLE)
    one, two, other = base.person(), base.person(), base.person()
    base.works(one, 3)  # before it was kept: that does not count
    base.keeps(batch, base.team(one, two), quota=4, whole=whole)
    base.works(one, 2)
    base.works(two, 1)
    assert isinstance(base.claim(other), Nothing)
    assert [(kept.used, kept.quota) for kept in base.kept(batch)] == [(3, 4)]
    base.works(two, 1)
    base.works(other, 1)
    base.works(one, 1)


def test_what_is_given_back_or_runs_out_does_not_count(base: Base, database: Database) -> None:
    batch = base.batch(items=60, pipeline=SINGLE)
    member, other = base.person(), base.person()
    base.keeps(batch, base.team(member), quota=2)
    held = base.claims(member)
    with database.write() as session:
        release(session, member.person_id, held, base.clock.now())
    assert base.kept(batch)[0].used == 0
    base.works(member, 1)
    assert len(base.claims_several(member, 3)) == 3
    base.works(other, 1)
    base.clock.move(hours=3)
    with database.write() as session:
        expire_leases(session, base.clock.now())
    assert base.kept(batch)[0].used == 1


def test_other_work_stays_open_to_others(base: Base) -> None:
    kept, free = base.batch(items=5, pipeline=SINGLE), base.batch(items=5, pipeline=SINGLE)
    member, other = base.person(), base.person()
    base.keeps(kept, base.team(member), quota=100)
    for _ in range(4):
        assignment = base.claims(other)
        assert base.project_of(assignment) == free.project_id
        base.answers(other, assignment)


def test_one_team_at_a_time_and_lifted_by_hand(base: Base) -> None:
    batch = base.batch(items=5, pipeline=SINGLE)
    first, second, other = base.person(), base.person(), base.person()
    base.keeps(batch, base.team(first), quota=10)
    team = base.team(second)
    with pytest.raises(ReservedAlready):
        base.keeps(batch, team, quota=10)
    with pytest.raises(ReservedAlready):
        base.keeps(batch, team, quota=10, whole=True)
    base.lifts(batch)
    base.lifts(batch)  # again: nothing more happens
    base.works(other, 1)
    base.keeps(batch, team, quota=10)
    with base.database.read() as session:
        assert [one.team_id for one in kept_for(session, team, base.clock.now())] == [team]


def test_one_that_has_ended_by_itself_makes_room_for_the_next(base: Base, database: Database) -> None:
    batch = base.batch(items=9, pipeline=SINGLE)
    member, other = base.person(), base.person()
    base.keeps(batch, base.team(member), quota=1)
    base.works(member, 1)
    base.keeps(batch, base.team(other), quota=1)
    with database.read() as session:
        ended = session.scalars(select(Reservation.ended_at).order_by(Reservation.created_at, Reservation.id)).all()
    assert [one is None for one in ended] == [False, True]


def test_the_database_itself_keeps_a_batch_for_one_team(base: Base, database: Database) -> None:
    batch = base.batch(items=5, pipeline=SINGLE)
    base.keeps(batch, base.team(base.person()), quota=1)
    with database.read() as session:
        there = session.scalars(select(Reservation)).one()
    names = ("project_id", "batch_id", "team_id", "quota", "until", "created_at", "created_by")
    row = {name: getattr(there, name) for name in names} | {"id": new_id(), "taken_before": 0}
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(insert(Reservation), row)


@pytest.mark.parametrize(("quota", "days", "refused"), [(0, 1, QuotaRefused), (1, -1, ReservationInThePast)])
def test_a_quota_of_none_and_a_day_gone_by_are_refused(
    base: Base, quota: int, days: int, refused: type[Exception]
) -> None:
    batch = base.batch(items=5, pipeline=SINGLE)
    team = base.team(base.person())
    with pytest.raises(refused):
        base.keeps(batch, team, quota, days)
    with pytest.raises(NoSuchTeam):
        base.keeps(batch, batch.batch_id, 5)


def test_a_claim_asks_no_more_of_the_database_where_work_is_kept(base: Base, database: Database) -> None:
    batch = base.batch(items=40, pipeline=SINGLE)
    member = base.person()
    base.works(member, 2)
    with statements_of(database) as free:
        held = base.claims(member)
    base.answers(member, held)
    base.keeps(batch, base.team(member), quota=100)
    with statements_of(database) as kept:
        base.claims(member)
    assert len(kept) == len(free)
    with database.read() as session:
        assert session.scalars(select(Cursor.taken)).all() == [4]
