"""What counts in looking after the stock: what a claim can still give, whose word, and what is looked at again."""

from uuid import UUID

import pytest
from sqlalchemy import delete, select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Cursor, WorkRecord
from leye_platform.assignments.rules import Lane
from leye_platform.gold.renew import renew
from leye_platform.gold.rules import Retired
from leye_platform.gold.vouchers import vouchers
from leye_platform.guides.publish import add_guide
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, Project
from leye_platform.review.models import Decision
from leye_platform.review.rules import DecisionMethod
from leye_platform.teams.models import TeamMember
from support.crowd import OpenBatch
from support.factories import keep_for_a_team
from support.renewing import CHECKED, Renewing

YES, NO = "正面", "负面"


def test_what_somebody_skipped_or_their_cursor_has_passed_is_not_counted_for_them(crowd: Renewing) -> None:
    batch, _ = crowd.settled(4)
    who = crowd.with_gold(batch.project_id)
    assert crowd.stock(batch.project_id).unseen[who.person_id] == 4
    crowd.skips(who, crowd.claims(who, batch.project_id))
    assert crowd.stock(batch.project_id).unseen[who.person_id] == 3
    last = crowd.lane(batch.batch_id)[-1]
    with crowd.database.write() as session:
        cursor = session.get_one(Cursor, (who.person_id, batch.batch_id, Lane.GOLD))
        cursor.position = last.position - 1
    assert crowd.stock(batch.project_id).unseen[who.person_id] == 1
    with crowd.database.write() as session:
        session.get_one(Cursor, (who.person_id, batch.batch_id, Lane.GOLD)).position = last.position
    assert crowd.stock(batch.project_id).unseen[who.person_id] == 0


def test_gold_of_a_batch_that_is_kept_for_a_team_is_counted_for_its_people_only(crowd: Renewing) -> None:
    batch, author = crowd.settled(4)
    who = crowd.with_gold(batch.project_id)
    other = crowd.known_person(batch.project_id)
    crowd.answers(other, crowd.claims(other, batch.project_id))
    with crowd.database.write() as session:
        kept = keep_for_a_team(session, session.get_one(Batch, batch.batch_id), crowd.clock.now())
        session.add(TeamMember(team_id=kept.team_id, person_id=who.person_id, joined_at=crowd.clock.now()))
    unseen = crowd.stock(batch.project_id).unseen
    assert (unseen[who.person_id], unseen[other.person_id], unseen[author.person_id]) == (4, 0, 0)


def test_who_skipped_an_item_is_no_reason_to_take_it_into_use(crowd: Renewing) -> None:
    """The claim would never give it to them."""
    batch = crowd.batch(8, pipeline=CHECKED)
    who, author = crowd.known_person(batch.project_id), crowd.person()
    skipped = crowd.claims(who, batch.project_id)
    crowd.skips(who, skipped)
    for _ in range(8):
        crowd.answers(author, crowd.claims(author, batch.project_id))
        crowd.accepts()
    crowd.batch(6, project_id=batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    taken = crowd.found(batch.project_id).to_take
    assert len(taken) == 7
    assert crowd.held(skipped).microtask_id not in taken


def test_a_claim_puts_several_aside_that_serve_no_more_and_finds_what_still_does(crowd: Renewing) -> None:
    batch, _ = crowd.settled(4)
    who = crowd.with_gold(batch.project_id)
    standing = crowd.lane(batch.batch_id)
    with crowd.database.write() as session:
        for slot in standing[:3]:
            fallen = session.scalars(select(Decision).where(Decision.microtask_id == slot.microtask_id)).one()
            fallen.fell_at = crowd.clock.now()
    assert crowd.held(crowd.claims(who, batch.project_id)).microtask_id == standing[3].microtask_id
    assert [slot.id for slot in crowd.lane(batch.batch_id)] == [standing[3].id]


def test_a_new_guide_has_the_stock_looked_at_where_decided_items_are_in_use(crowd: Renewing) -> None:
    batch, _ = crowd.settled(2)
    coordinator = crowd.actor(Role.COORDINATOR)

    def publishes(body: str) -> list[OutboxRow]:
        with crowd.database.write() as session:
            project = session.get_one(Project, batch.project_id)
            add_guide(session, coordinator, project, body, crowd.clock.now(), change="换了说法")
        with crowd.database.read() as session:
            return list(session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.RENEW_GOLD)))

    assert publishes("# 一") == [], "nothing to look at"
    made, _ = crowd.settled(2, project_id=batch.project_id)
    crowd.with_gold(made.project_id)
    assert [row.arguments for row in publishes("# 二")] == [{"project_id": str(batch.project_id)}]


def test_what_a_new_guide_has_ended_goes_in_steps_one_right_after_the_other(
    crowd: Renewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, _ = crowd.settled(5)
    crowd.with_gold(batch.project_id)
    monkeypatch.setattr("leye_platform.gold.renew.STEP", 3)
    coordinator = crowd.actor(Role.COORDINATOR)
    with crowd.database.write() as session:
        project = session.get_one(Project, batch.project_id)
        add_guide(session, coordinator, project, "# 二", crowd.clock.now(), change="换了说法")
        session.execute(delete(OutboxRow))
    waiting = []
    for _ in range(2):
        crowd.renews(batch.project_id)
        with crowd.database.write() as session:
            waiting.append(len(session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.RENEW_GOLD)).all()))
            session.execute(delete(OutboxRow))
    assert crowd.retired(batch.project_id) == [Retired.OLD_GUIDE] * 5
    assert waiting == [1, 0]


def test_what_speaks_against_an_item_is_looked_at_again_before_it_goes(crowd: Renewing) -> None:
    """An erasure that is called off between the look and the job's work."""
    batch, _ = crowd.settled(2)
    crowd.with_gold(batch.project_id)
    with crowd.database.write() as session:
        session.get_one(Batch, batch.batch_id).erase_at = crowd.clock.now()
    found = crowd.found(batch.project_id)
    assert set(found.to_retire.values()) == {Retired.GONE}
    with crowd.database.write() as session:
        session.get_one(Batch, batch.batch_id).erase_at = None
    with crowd.database.write() as session:
        renew(session, batch.project_id, found, crowd.clock.now())
    assert crowd.retired(batch.project_id) == []
    assert len(crowd.lane(batch.batch_id)) == 2


def test_answers_to_what_people_agreed_on_make_nobody_a_voucher(crowd: Renewing) -> None:
    """A group that errs alike would vouch for its own errors."""
    batch, _ = crowd.settled(12)
    known = crowd.known_person(batch.project_id, gold=10, right=9)
    who = crowd.with_gold(batch.project_id)
    wrong = crowd.claims(who, batch.project_id)
    crowd.answers(who, wrong, NO)
    for _ in range(11):
        crowd.answers(who, crowd.claims(who, batch.project_id))
    assert crowd.record(who, batch.project_id)[1:] == (12, 11)
    assert vouching(crowd, batch) == {known.person_id, who.person_id}, "what a reviewer settled counts"
    with crowd.database.write() as session:
        for row in crowd.gold(batch.project_id):
            if row.microtask_id != crowd.held(wrong).microtask_id:
                session.get_one(Decision, row.decision_id).method = DecisionMethod.CONSENSUS
    assert vouching(crowd, batch) == {known.person_id}
    with crowd.database.write() as session:
        mine = session.get_one(WorkRecord, (who.person_id, batch.project_id))
        mine.gold_answers, mine.gold_right = mine.gold_answers + 10, mine.gold_right + 10
    assert who.person_id in vouching(crowd, batch), "ten of eleven others"
    with crowd.database.write() as session:
        session.get_one(WorkRecord, (who.person_id, batch.project_id)).gold_right -= 2
    assert who.person_id not in vouching(crowd, batch), "eight of eleven"


def vouching(crowd: Renewing, batch: OpenBatch) -> set[UUID]:
    with crowd.database.read() as session:
        return vouchers(session, session.get_one(Project, batch.project_id))
