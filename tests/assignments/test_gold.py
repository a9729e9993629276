"""Where gold items come: as often as is known of the person, at places that nobody can tell."""

from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from leye_platform.assignments.models import Response, WorkRecord
from leye_platform.assignments.rules import GOLD_AFTER_ANSWERS, GOLD_OFTEN_UNTIL, MOST_GOLD, gold_due, own_gold_share
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.matching.sealing import KEY_BYTES, KeyRing
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review.refit import keep_refit, refit_project
from support.clock import MovableClock
from support.crowd import Crowd
from support.statements import statements_of

RING = KeyRing({"k1": bytes(range(KEY_BYTES))})
OTHER_RING = KeyRing({"k2": bytes(range(1, KEY_BYTES + 1))})
SINGLE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0.1)
WHO, PROJECT = UUID(int=7), UUID(int=8)
SHARES = st.floats(0, 0.5)
FACTORS = st.one_of(st.none(), st.floats(0.4, 2))


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


@given(SHARES, st.integers(0, 200), FACTORS)
def test_a_share_is_never_raised_above_its_bound(share: float, answers: int, factor: float | None) -> None:
    assert 0 <= own_gold_share(share, answers=answers, factor=factor) <= max(share, MOST_GOLD)


@given(SHARES, st.integers(0, 200), st.floats(0.4, 2), st.floats(0.4, 2))
def test_a_greater_factor_never_brings_less_gold(share: float, answers: int, one: float, other: float) -> None:
    less, more = (own_gold_share(share, answers=answers, factor=factor) for factor in sorted((one, other)))
    assert less <= more


@pytest.mark.parametrize(
    ("answers", "factor", "share"),
    [
        (0, None, 0.1),
        (GOLD_OFTEN_UNTIL - 1, 0.4, 0.1),  # new people, whatever a fit says
        (GOLD_OFTEN_UNTIL, None, 0.05),
        (GOLD_OFTEN_UNTIL, 0.4, 0.02),
        (GOLD_OFTEN_UNTIL, 2.0, 0.1),
    ],
)
def test_new_people_get_twice_as_much_and_others_what_is_known_of_them(
    answers: int, factor: float | None, share: float
) -> None:
    assert own_gold_share(0.05, answers=answers, factor=factor) == pytest.approx(share)


def places(ring: KeyRing, person: UUID, share: float, answers: int = 30_000) -> list[int]:
    draws = ((n, ring.draw("gold", person, PROJECT, n)) for n in range(answers))
    return [n for n, draw in draws if gold_due(draw, answers=n, share=share)]


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.3])
def test_gaps_between_gold_items_are_those_of_a_coin_and_foretell_nothing(share: float) -> None:
    """A geometric distribution, no gap tells the next one, and no rhythm of up to twenty tasks shows."""
    found = np.array(places(RING, WHO, share))
    gaps = np.diff(found)
    tolerance = 4 / len(gaps) ** 0.5
    assert gaps.mean() == pytest.approx(1 / share, rel=tolerance)
    for longest in (1, 2, 5, 10, 20, 50):
        assert np.mean(gaps > longest) == pytest.approx((1 - share) ** longest, abs=tolerance / 2)
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < tolerance
    for period in range(2, 21):
        at = np.bincount(found % period, minlength=period) / len(found)
        assert at == pytest.approx(np.full(period, 1 / period), abs=tolerance)


def test_none_comes_among_the_first_three_answers() -> None:
    for person in (uuid4() for _ in range(200)):
        assert min(places(RING, person, 0.3, 40), default=GOLD_AFTER_ANSWERS) >= GOLD_AFTER_ANSWERS


def test_places_cannot_be_reckoned_without_the_key_nor_from_another_persons() -> None:
    mine = set(places(RING, WHO, 0.1))
    for others in (places(OTHER_RING, WHO, 0.1), places(RING, UUID(int=9), 0.1)):
        shared = len(mine & set(others))
        assert shared / len(mine) == pytest.approx(0.1, abs=0.03)


def test_a_draw_is_the_same_again_and_another_for_another_purpose() -> None:
    assert RING.draw("gold", WHO, 1) == RING.draw("gold", WHO, 1)
    assert RING.draw("gold", WHO, 1) != RING.draw("other", WHO, 1)
    draws = np.array([RING.draw("gold", WHO, n) for n in range(10_000)])
    assert draws.min() >= 0
    assert draws.max() < 1
    assert draws.mean() == pytest.approx(0.5, abs=0.02)


def gold_among(crowd: Crowd, database: Database, factor: float | None) -> int:
    """How many gold items come in 60 answers to somebody who is not new."""
    batch = crowd.batch(items=80, gold=60, pipeline=SINGLE)
    who = crowd.person()
    with database.write() as session:
        session.add(WorkRecord(person_id=who.person_id, project_id=batch.project_id, answers=100, gold_factor=factor))
    for _ in range(60):
        crowd.answers(who, crowd.claims(who, batch.project_id))
    with database.read() as session:
        paid = session.execute(
            select(Response.gold, Response.pay_micros).where(Response.person_id == who.person_id)
        ).all()
        record = session.get_one(WorkRecord, (who.person_id, batch.project_id))
    assert len({pay for _, pay in paid}) == 1, "gold is paid as any other answer"
    assert record.gold_factor == factor, "answering changes nothing of it"
    gold = sum(gold for gold, _ in paid)
    assert record.gold_answers == gold
    return gold


def test_a_claim_takes_what_the_record_says(crowd: Crowd, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The draws are those of one ladder from 0 to 1, so that the numbers are no chance."""
    monkeypatch.setattr(KeyRing, "draw", lambda _ring, _purpose, _person, _project, answers: answers * 0.01 % 0.6)
    assert gold_among(crowd, database, None) == 10
    assert gold_among(crowd, database, 0.4) == 4
    assert gold_among(crowd, database, 2.0) == 20


def worked(crowd: Crowd, database: Database) -> tuple[UUID, dict[str, UUID]]:
    """A project where two people answer every item and all gold, one of them wrongly."""
    pipeline = Pipeline(overlap_start=2, overlap_limit=2, confidence=0.5, gold_share=0.5)
    batch = crowd.batch(items=60, gold=30, pipeline=pipeline)
    people = {"right": crowd.person(), "wrong": crowd.person()}
    for name, who in people.items():
        for _ in range(50):
            assignment = crowd.claims(who, batch.project_id)
            crowd.answers(who, assignment, "正面" if name == "right" else "负面")
    return batch.project_id, {name: who.person_id for name, who in people.items()}


def test_a_refit_says_how_much_gold_each_person_gets_and_writes_only_changes(
    crowd: Crowd, database: Database, clock: MovableClock
) -> None:
    project, people = worked(crowd, database)
    with database.write() as session:
        refit = refit_project(session, project)
        assert refit is not None
        keep_refit(session, project, refit, clock.now())
    with database.read() as session:
        kept = {row.person_id: row for row in session.scalars(select(WorkRecord))}
    assert kept[people["wrong"]].gold_right == 0
    assert kept[people["right"]].gold_right == kept[people["right"]].gold_answers
    assert (kept[people["right"]].gold_factor or 2) < 1
    assert kept[people["wrong"]].gold_factor == 2.0
    assert {row.answers for row in kept.values()} == {50}
    with database.write() as session, statements_of(database) as again:
        keep_refit(session, project, refit, clock.now())
    assert not [text for text, _ in again.seen if text.startswith("UPDATE work_records")]


def test_how_long_people_take_is_no_part_of_it(crowd: Crowd, database: Database) -> None:
    project, _ = worked(crowd, database)
    with database.read() as session, statements_of(database) as reading:
        refit_project(session, project)
    assert reading.seen
    assert not [text for text, _ in reading.seen if "active_ms" in text or "submitted_at" in text or "leased" in text]
