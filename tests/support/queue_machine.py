"""A small crowd at one batch as a state machine: whatever happens in whichever order, the queue keeps its promises."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select

from leye_platform.assignments.claim import Nothing, claim
from leye_platform.assignments.correct import Correction, correct
from leye_platform.assignments.errors import RoundIsOver
from leye_platform.assignments.expiry import STILL_ASKED, expire_leases, open_to_all
from leye_platform.assignments.lanes import Claimant
from leye_platform.assignments.leases import release, skip
from leye_platform.assignments.models import Assignment, Response, Slot
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rework import start_round
from leye_platform.assignments.rules import AssignmentState, Lane, NoTask, SkipReason, SlotState
from leye_platform.assignments.several import claim_several, release_all
from leye_platform.assignments.submit import Submission, submit
from leye_platform.billing.models import LedgerEntry
from leye_platform.billing.rules import EntryKind
from leye_platform.database import Database
from leye_platform.matching.sealing import KeyRing
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import ItemState, Pipeline
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import UNSETTLED
from support.clock import MovableClock
from support.factories import chosen, make_batch, make_items, make_person, make_project
from support.migrated import migrated_file

PEOPLE, ITEMS = 4, 3
WHO = st.integers(0, PEOPLE - 1)
LABEL = st.sampled_from(["正面", "负面"])
HAD = (AssignmentState.LEASED, AssignmentState.SUBMITTED, AssignmentState.EXPIRED, AssignmentState.SKIPPED)


class Queue(RuleBasedStateMachine):
    """Four people, three items, two answers each and a third when unsure. PROJECT: what kind of project it is."""

    PROJECT: ClassVar[dict[str, Any]] = {}

    def result(self, label: str) -> list[dict[str, Any]]:
        """The answer that says one thing or the other."""
        return chosen(label)

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "leye.sqlite3"
        path.write_bytes(migrated_file())
        self.database = Database(f"sqlite:///{path}")
        self.clock, self.keys = MovableClock(), KeyRing.parse(KeyRing.new_key("k1"))
        with self.database.write() as session:
            pipeline = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.85, gold_share=0)
            batch = make_batch(session, make_project(session, pipeline, **self.PROJECT))
            self.tasks = [task.id for task in make_items(session, batch, ITEMS)]
            people = [make_person(session) for _ in range(PEOPLE)]
            self.people = [Annotator(person.id, person.number) for person in people]

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @contextmanager
    def _held(self, who: int) -> Iterator[tuple[Annotator, Assignment | None]]:
        with self.database.read() as session:
            person = self.people[who]
            held = select(Assignment).where(
                Assignment.person_id == person.person_id, Assignment.state == AssignmentState.LEASED
            )
            yield person, session.scalars(held.order_by(Assignment.place).limit(1)).one_or_none()

    @rule(who=WHO)
    def claims(self, who: int) -> None:
        with self._held(who) as (person, held):
            before = held
        with self.database.write() as session:
            claimed = claim(session, Claimant(person.person_id, self.clock.now()), self.keys)
        if isinstance(claimed, Nothing):
            assert claimed.reason is not NoTask.STILL_LOOKING
            assert before is None
            assert self._suitable(person) == [], f"{claimed.reason}, though there are tasks"
        elif before is not None:
            assert (claimed.assignment_id, claimed.new) == (before.id, False)

    @rule(who=WHO, count=st.integers(1, 5))
    def claims_several(self, who: int, count: int) -> None:
        person = self.people[who]
        before = self._leases_of(person)
        with self.database.write() as session:
            claimed = claim_several(session, Claimant(person.person_id, self.clock.now()), self.keys, count)
        if isinstance(claimed, Nothing):
            assert before == []
            assert self._suitable(person) == [], f"{claimed.reason}, though there are tasks"
            return
        assert set(before) <= set(claimed.assignment_ids)
        assert sorted(claimed.assignment_ids) == self._leases_of(person)
        assert len(claimed.assignment_ids) == len(before) + claimed.new <= max(count, len(before))

    def _leases_of(self, person: Annotator) -> list[UUID]:
        with self.database.read() as session:
            held = select(Assignment.id).where(
                Assignment.person_id == person.person_id, Assignment.state == AssignmentState.LEASED
            )
            return sorted(session.scalars(held))

    @rule(who=WHO)
    def gives_all_back(self, who: int) -> None:
        person = self.people[who]
        with self.database.write() as session:
            release_all(session, Claimant(person.person_id, self.clock.now()))
        assert self._leases_of(person) == []

    def _suitable(self, person: Annotator) -> list[Slot]:
        """By the plainest reading of the rules: open slots that this person might have."""
        with self.database.read() as session:
            had = session.execute(
                select(Assignment.microtask_id, Assignment.round).where(
                    Assignment.person_id == person.person_id, Assignment.state.in_(HAD)
                )
            ).all()
            return [
                slot
                for slot in session.scalars(select(Slot).where(Slot.state == SlotState.OPEN))
                if (slot.microtask_id, slot.round) not in {tuple(row) for row in had}
                and (
                    slot.reserved_for in {None, person.person_id}
                    or (slot.reserved_until is not None and slot.reserved_until <= self.clock.now())
                )
            ]

    @rule(who=WHO, label=LABEL, twice=st.booleans())
    def submits(self, who: int, label: str, twice: bool) -> None:
        with self._held(who) as (person, held):
            assignment = held
        if assignment is None:
            return
        given = Submission(self.result(label), "key")
        ids = set()
        for _ in range(1 + twice):
            with self.database.write() as session:
                stored = submit(session, person, assignment.id, given, key_ring=self.keys, now=self.clock.now())
                ids.add(stored.response_id)
        assert len(ids) == 1

    @rule(who=WHO, unlabelable=st.booleans())
    def skips(self, who: int, unlabelable: bool) -> None:
        reason = SkipReason.UNLABELABLE if unlabelable else SkipReason.UPSETTING
        with self._held(who) as (person, held):
            assignment = held
        if assignment is not None:
            with self.database.write() as session:
                skip(session, person.person_id, assignment.id, reason, now=self.clock.now())

    @rule(who=WHO)
    def gives_back(self, who: int) -> None:
        with self._held(who) as (person, held):
            assignment = held
        if assignment is not None:
            with self.database.write() as session:
                release(session, person.person_id, assignment.id, self.clock.now())

    @rule(hours=st.sampled_from([1, 3, 30]), at_most=st.integers(1, 3))
    def time_passes(self, hours: int, at_most: int) -> None:
        self.clock.move(hours=hours)
        with self.database.write() as session:
            expire_leases(session, self.clock.now(), at_most)
            open_to_all(session, self.clock.now(), at_most)

    @rule(label=LABEL, data=st.data())
    def answers_late(self, label: str, data: st.DataObject) -> None:
        with self.database.read() as session:
            expired = session.scalars(select(Assignment).where(Assignment.state == AssignmentState.EXPIRED)).all()
        if not expired:
            return
        assignment = data.draw(st.sampled_from(sorted(expired, key=lambda a: a.id)))
        person = next(person for person in self.people if person.person_id == assignment.person_id)
        with self.database.write() as session:
            given = Submission(self.result(label), "late")
            stored = submit(session, person, assignment.id, given, key_ring=self.keys, now=self.clock.now())
        assert stored.late

    @rule(label=LABEL, data=st.data())
    def corrects(self, label: str, data: st.DataObject) -> None:
        with self.database.read() as session:
            given = session.execute(
                select(Response.number, Response.assignment_id, Response.person_id, Response.round, MicroTask.round)
                .join(MicroTask, MicroTask.id == Response.microtask_id)
                .order_by(Response.number)
            ).all()
        if not given:
            return
        _, assignment, person, in_round, current = data.draw(st.sampled_from(given))
        try:
            with self.database.write() as session:
                correct(session, person, assignment, Correction(self.result(label)), self.clock.now())
        except RoundIsOver:
            assert in_round < current

    @precondition(lambda self: self._decided())
    @rule(data=st.data())
    def is_sent_back(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self._decided()))
        with self.database.write() as session:
            start_round(session, [task], self.clock.now())

    def _decided(self) -> list[UUID]:
        with self.database.read() as session:
            decided = select(MicroTask.id).where(MicroTask.state == ItemState.DECIDED).order_by(MicroTask.id)
            return list(session.scalars(decided))

    @invariant()
    def every_slot_is_held_by_one_person_at_most(self) -> None:
        with self.database.read() as session:
            live = session.scalars(select(Assignment.slot_id).where(Assignment.state == AssignmentState.LEASED)).all()
            held = session.scalars(select(Slot.id).where(Slot.state == SlotState.HELD)).all()
            assert sorted(live) == sorted(held)

    @invariant()
    def nobody_answers_a_task_twice_in_a_round(self) -> None:
        with self.database.read() as session:
            given = session.execute(select(Response.person_id, Response.microtask_id, Response.round)).all()
            assert all(n == 1 for n in Counter(tuple(row) for row in given).values())

    @invariant()
    def answers_and_leases_never_exceed_what_is_wanted(self) -> None:
        with self.database.read() as session:
            for task in session.scalars(select(MicroTask)):
                asked = session.scalar(
                    select(func.count()).where(
                        Slot.microtask_id == task.id,
                        Slot.round == task.round,
                        Slot.state.in_((SlotState.OPEN, SlotState.HELD)),
                        Slot.lane != Lane.GOLD,
                    )
                )
                answers = session.scalar(
                    select(func.count()).where(
                        Response.microtask_id == task.id, Response.round == task.round, Response.late.is_(False)
                    )
                )
                assert (asked or 0) + (answers or 0) <= task.overlap_wanted <= task.overlap_limit

    @invariant()
    def no_task_is_lost(self) -> None:
        """What still asks for answers has a slot or a lease; what doesn't has no open slot."""
        with self.database.read() as session:
            waiting = set(
                session.scalars(
                    select(Slot.microtask_id)
                    .join(MicroTask, MicroTask.id == Slot.microtask_id)
                    .where(Slot.state.in_((SlotState.OPEN, SlotState.HELD)), Slot.round == MicroTask.round)
                )
            )
            opened = set(session.scalars(select(Slot.microtask_id).where(Slot.state == SlotState.OPEN)))
            for task in session.scalars(select(MicroTask)):
                if task.state in STILL_ASKED:
                    assert task.id in waiting
                else:
                    assert task.id not in opened
            reviews = session.scalar(select(func.count()).where(Review.state.in_(UNSETTLED)))
            in_review = session.scalar(select(func.count()).where(MicroTask.state == ItemState.REVIEW))
            assert reviews == in_review

    @invariant()
    def every_answer_earns_once_and_what_is_decided_is_payable(self) -> None:
        with self.database.read() as session:
            kinds = session.execute(select(LedgerEntry.response_id, LedgerEntry.kind)).all()
            assert len(kinds) == len({tuple(row) for row in kinds})
            pending = {response for response, kind in kinds if kind is EntryKind.EARNING_PENDING}
            payable = {response for response, kind in kinds if kind is EntryKind.EARNING_PAYABLE}
            assert pending == set(session.scalars(select(Response.id)))
            decided = session.scalars(
                select(Response.id)
                .join(MicroTask, MicroTask.id == Response.microtask_id)
                .where(MicroTask.state == ItemState.DECIDED)
            )
            assert set(decided) <= payable
            standing = session.scalars(
                select(Decision.microtask_id)
                .join(MicroTask, (MicroTask.id == Decision.microtask_id) & (MicroTask.round == Decision.round))
                .where(Decision.fell_at.is_(None))
            )
            assert set(standing) == set(
                session.scalars(select(MicroTask.id).where(MicroTask.state == ItemState.DECIDED))
            ), "what is decided has a decision that stands, and nothing else has"
            versions = session.execute(select(Decision.microtask_id, Decision.version)).all()
            assert len(versions) == len({tuple(row) for row in versions})
