"""Live decisions are drawn again from the log: answers, corrections, by what each was weighed, fits as they were."""

from collections import Counter
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from leye_platform.assignments.correct import Correction, correct
from leye_platform.assignments.models import Response
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.gold.lanes import give_places, lanes_of
from leye_platform.gold.models import RenewedGold
from leye_platform.installation import Installation
from leye_platform.matching.models import KeptFit, SkillFit
from leye_platform.matching.sealing import KeyRing
from leye_platform.projects.models import Batch, MicroTask
from leye_platform.projects.rules import DataState, ItemState, Pipeline, PipelineKind
from leye_platform.review.kept_fits import FitsInForce, drop_unwanted, keep_fit
from leye_platform.review.models import Decision
from leye_platform.review.refit import keep_refit, refit_project
from leye_platform.review.replayed import Replayed, replay_decisions
from leye_platform.review.weighings import Cause, Outcome, Weighed
from support.clock import MovableClock
from support.crowd import Crowd
from support.factories import chosen
from support.renewing import Renewing
from support.statements import statements_of

SEVERAL = Pipeline(overlap_start=2, overlap_limit=4, confidence=0.93, gold_share=0)


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def refit(crowd: Crowd, project_id: UUID) -> None:
    with crowd.database.read() as session:
        found = refit_project(session, project_id)
    with crowd.database.write() as session:
        keep_refit(session, project_id, found, crowd.clock.now())


def say(number: int, person: int) -> str:
    """One in seven answers is wrong, now one person's and now another's."""
    return "负面" if (number * 5 + person * 3) % 7 == 0 else "正面"


def work_off(crowd: Crowd, project_id: UUID, people: list[Annotator], refit_every: int) -> list[tuple[Annotator, UUID]]:
    """Everybody answers in turn until there is nothing left for anybody; what each answered."""
    done: list[tuple[Annotator, UUID]] = []
    turns = count()
    idle = 0
    while idle < len(people):
        turn = next(turns)
        who = people[turn % len(people)]
        claimed = crowd.claim(who, project_id)
        assignment = getattr(claimed, "assignment_id", None)
        if assignment is None:
            idle += 1
            continue
        idle = 0
        crowd.answers(who, assignment, say(len(done), turn % len(people)))
        done.append((who, assignment))
        if len(done) % refit_every == 0:
            refit(crowd, project_id)
    return done


def replayed_in(crowd: Crowd, project_id: UUID) -> Replayed:
    with crowd.database.read() as session:
        return replay_decisions(session, project_id)


def test_every_live_decision_is_drawn_again_from_the_log_with_refits_in_the_middle(crowd: Crowd) -> None:
    batch = crowd.batch(items=24, pipeline=SEVERAL)
    done = work_off(crowd, batch.project_id, [crowd.person() for _ in range(6)], refit_every=9)
    replayed = replayed_in(crowd, batch.project_id)
    assert replayed.differences == []
    assert replayed.weighings == len(done)
    with crowd.database.read() as session:
        assert replayed.decisions == session.scalar(select(func.count()).select_from(Decision))
        assert replayed.decisions > 5
        rows = [Weighed(*row) for task in session.scalars(select(MicroTask)) for row in task.weighings or []]
        assert session.scalar(select(func.count()).select_from(KeptFit)) == len(done) // 9
        assert session.get_one(SkillFit, batch.project_id).number == len(done) // 9
    assert len({row.skills_fit for row in rows}) > 3, "refits were in force in the middle"
    led_to = Counter(row.outcome for row in rows)
    assert {Outcome.DECIDE, Outcome.ASK_MORE, Outcome.WAIT} <= led_to.keys()


def test_a_correction_is_drawn_again_too(crowd: Crowd) -> None:
    batch = crowd.batch(items=12, pipeline=SEVERAL)
    done = work_off(crowd, batch.project_id, [crowd.person() for _ in range(6)], refit_every=7)
    corrected = 0
    for who, assignment in done[::3]:
        with crowd.database.write() as session:
            response = session.scalars(select(Response).where(Response.assignment_id == assignment)).one()
            if session.get_one(MicroTask, response.microtask_id).state is not ItemState.DECIDED:
                continue
            other = "正面" if response.labels == [1] else "负面"
            correct(session, who.person_id, assignment, Correction(chosen(other)), crowd.clock.now())
            corrected += 1
        refit(crowd, batch.project_id)
    replayed = replayed_in(crowd, batch.project_id)
    assert replayed.differences == []
    with crowd.database.read() as session:
        rows = [Weighed(*row) for task in session.scalars(select(MicroTask)) for row in task.weighings or []]
    assert sum(row.cause == Cause.CORRECTION for row in rows) == corrected > 1
    work_off(crowd, batch.project_id, [crowd.person() for _ in range(4)], refit_every=7)
    assert replayed_in(crowd, batch.project_id).differences == []


def test_a_corrected_answer_to_a_decided_item_that_serves_as_gold_is_none_of_its_own(
    installation: Installation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyRing, "draw", lambda *_: 0.0)
    crowd = Renewing(installation, clock)
    pipeline = Pipeline(overlap_start=2, overlap_limit=4, confidence=0.85, gold_share=0.5)
    batch = crowd.batch(items=1, pipeline=pipeline)
    _, second = crowd.given(batch, "正面", "负面")
    crowd.corrects(second, "正面")
    clock.move(minutes=1)
    with crowd.database.write() as session:
        decision = session.scalars(select(Decision)).one()
        of_item = (decision.microtask_id, decision.item_id, batch.batch_id, batch.project_id)
        names = ("microtask_id", "item_id", "batch_id", "project_id")
        gold = RenewedGold(**dict(zip(names, of_item, strict=True)), decision_id=decision.id, renewed_at=clock.now())
        give_places(session, [gold], lanes_of(session, batch.project_id, clock.now()))
    crowd.batch(items=1, project_id=batch.project_id)
    tested = crowd.known_person(batch.project_id)
    as_gold = (tested, crowd.claims(tested, batch.project_id))
    assert crowd.held(as_gold[1]).round == GOLD_ROUND
    crowd.answers(*as_gold, "负面")
    crowd.corrects(as_gold, "正面")
    replayed = replayed_in(crowd, batch.project_id)
    assert replayed.differences == []
    assert (replayed.weighings, replayed.decisions) == (3, 1)


def test_single_answers_and_their_draws_are_drawn_again(crowd: Crowd) -> None:
    pipeline = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0.1, gold_share=0)
    batch = crowd.batch(items=40, pipeline=pipeline)
    work_off(crowd, batch.project_id, [crowd.person() for _ in range(2)], refit_every=10)
    replayed = replayed_in(crowd, batch.project_id)
    assert replayed.differences == []
    assert 0 < replayed.decisions < replayed.weighings == 40


def test_what_was_changed_afterwards_is_told(crowd: Crowd) -> None:
    batch = crowd.batch(items=6, pipeline=SEVERAL)
    work_off(crowd, batch.project_id, [crowd.person() for _ in range(4)], refit_every=5)
    with crowd.database.write() as session:
        task = session.scalars(select(MicroTask).where(MicroTask.posterior.is_not(None)).order_by(MicroTask.id)).first()
        assert task is not None
        task_id = task.id
        session.execute(update(MicroTask).where(MicroTask.id == task_id).values(posterior=[0.5, 0.5]))
    assert replayed_in(crowd, batch.project_id).differences == [f"{task_id}: another posterior"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_fit_that_says_what_the_one_before_said_is_not_kept_again(crowd: Crowd) -> None:
    batch = crowd.batch(items=6, pipeline=SEVERAL)
    work_off(crowd, batch.project_id, [crowd.person() for _ in range(4)], refit_every=100)
    for _ in range(3):
        refit(crowd, batch.project_id)
        crowd.clock.move(hours=1)
    with crowd.database.read() as session:
        [kept] = session.scalars(select(KeptFit))
        fit = session.get_one(SkillFit, batch.project_id)
    assert (kept.number, fit.number) == (1, 1)
    assert fit.fitted_at > kept.fitted_at, "it was looked at again all the same"
    assert replayed_in(crowd, batch.project_id).differences == []


def test_a_fit_goes_when_no_answer_rests_on_it_any_more_and_nobody_s_skill(crowd: Crowd) -> None:
    old = crowd.batch(items=12, pipeline=SEVERAL)
    early, *people = [crowd.person() for _ in range(5)]
    answered = work_off(crowd, old.project_id, [early, *people[:3]], refit_every=6)
    crowd.clock.move(hours=1)
    with crowd.database.write() as session:
        keep_refit(session, old.project_id, refit_project(session, old.project_id), crowd.clock.now())
        before = session.scalar(select(func.count()).select_from(KeptFit))
    assert before == len(answered) // 6 + 1 > 4
    crowd.clock.move(hours=1)
    new = crowd.batch(items=12, pipeline=SEVERAL, project_id=old.project_id)
    with crowd.database.write() as session:
        session.get_one(Batch, new.batch_id).created_at = crowd.clock.now()
    crowd.clock.move(hours=1)
    work_off(crowd, new.project_id, people, refit_every=6)
    with crowd.database.read() as session:
        kept = session.scalar(select(func.count()).select_from(KeptFit))
        assert kept is not None
        assert kept > before, "while the old batch is there, so is what it rests on"
        assert replay_decisions(session, old.project_id).differences == []
    with crowd.database.write() as session:
        session.execute(update(MicroTask).where(MicroTask.batch_id == old.batch_id).values(weighings=None))
        session.execute(update(Batch).where(Batch.id == old.batch_id).values(data_state=DataState.ERASED))
    refit(crowd, old.project_id)
    with crowd.database.read() as session:
        numbers = session.scalars(select(KeptFit.number).order_by(KeptFit.number)).all()
        assert numbers[0] == before - 1, "the one in force when the new batch came, and the one before"
        replayed = replay_decisions(session, old.project_id)
    assert replayed.differences == []
    assert replayed.decisions > 3


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_was_fitted_long_ago_keeps_the_fit_that_did_it(crowd: Crowd) -> None:
    batch = crowd.batch(items=1, pipeline=SEVERAL)
    one, other = str(crowd.person().person_id), str(crowd.person().person_id)
    fitted = [[one], [one], [one, other], [other], [other], [other]]
    with crowd.database.write() as session:
        session.get_one(Batch, batch.batch_id).data_state = DataState.ERASED
        for number, people in enumerate(fitted, start=1):
            skills = {person: {"of": number} for person in people}
            add = {"number": number, "prior": [0.5, 0.5], "skills": skills, "fitted_at": crowd.clock.now()}
            keep_fit(session, batch.project_id, add)
        assert drop_unwanted(session, batch.project_id) == 3
        assert list(session.scalars(select(KeptFit.number).order_by(KeptFit.number))) == [3, 5, 6]
        fits = FitsInForce(session, batch.project_id)
        assert fits.skill(UUID(one), 6) == {"of": 3}
        assert fits.skill(UUID(other), 5) == {"of": 5}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_replay_holds_so_many_bytes_of_fits_at_once(crowd: Crowd) -> None:
    batch = crowd.batch(items=1, pipeline=SEVERAL)
    person = crowd.person().person_id
    with crowd.database.write() as session:
        for number in range(1, 5):
            skills = {str(person): {"of": number, "long": "x" * 1000}}
            add = {"number": number, "prior": [0.5, 0.5], "skills": skills, "fitted_at": crowd.clock.now()}
            keep_fit(session, batch.project_id, add)
    with statements_of(crowd.database) as asked, crowd.database.read() as session:
        fits = FitsInForce(session, batch.project_id, bytes_at_hand=2500)
        assert len(asked) == 1, "who was fitted when is asked without the records"
        for number in (1, 2, 1, 2, 3, 2, 1):
            assert fits.skill(person, number) == {"of": number, "long": "x" * 1000}
    assert len(asked) == 1 + 4, "two are held: the third pushes the first out"
