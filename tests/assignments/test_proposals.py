"""Work that begins from a model's proposal: who sees it, what is stored, and how little copies prove."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from leye_platform.assignments import leases
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.models import WorkRecord
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import ProposalUse, SkipReason
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import ItemState, Pipeline, PipelineKind
from leye_platform.review.weigh import Answer, voices
from support.at_work import AtWork
from support.clock import MovableClock
from support.factories import TOPICS, chosen
from support.proposing import put_proposals, use_of
from support.shipping import ONE, Shipping
from support.statements import scans, statements_of

SOON_SURE = Pipeline(overlap_start=1, overlap_limit=3, confidence=0.5, gold_share=0)
LARGE = frozenset({"slots", "assignments", "responses", "items", "micro_tasks", "decisions"})


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def seen(shipping: Shipping, who: Annotator, assignment: UUID) -> Any:
    """The proposal that the API gives beside the task."""
    answer = shipping.script(who.person_id).get(f"/api/v1/assignments/{assignment}")
    assert answer.status_code == 200, answer.text
    return answer.json()["proposal"]


def state_of(shipping: Shipping, task: UUID) -> ItemState:
    with shipping.database.read() as session:
        return session.get_one(MicroTask, task).state


def test_the_first_to_claim_begins_from_it_and_who_is_asked_beside_them_does_not(shipping: Shipping) -> None:
    batch = shipping.batch(1, pipeline=Pipeline(overlap_start=2, gold_share=0))
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    one, two = shipping.person(), shipping.person()
    first, second = shipping.claims(one), shipping.claims(two)
    assert seen(shipping, one, first) == {"result": chosen("负面"), "model_version": "m-7", "score": 0.8}
    assert seen(shipping, two, second) is None


def test_a_project_that_hides_proposals_shows_none_and_a_task_in_hand_stays_as_it_was(shipping: Shipping) -> None:
    batch = shipping.batch(2, pipeline=ONE)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"), shown=False)
    me = AtWork(shipping)
    held = me.claims()
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    assert seen(shipping, me.who, held) is None
    assert "机器先标" not in me.page(f"/work/tasks/{held}")
    me.sends(held, choice="负面")
    assert use_of(shipping.database, held) is ProposalUse.NONE
    following = me.claims()
    put_proposals(shipping.database, batch.batch_id, chosen("负面"), shown=False)
    assert seen(shipping, me.who, following) is not None


def test_a_gold_item_never_shows_one(shipping: Shipping) -> None:
    often = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0.5)
    batch = shipping.batch(12, gold=4, pipeline=often)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    who, met = shipping.person(), 0
    for _ in range(12):
        assignment = shipping.claims(who)
        gold = shipping.task_of(assignment) in batch.gold
        assert (seen(shipping, who, assignment) is None) == gold
        shipping.answers(who, assignment, "负面")
        if gold:
            met += 1
            assert use_of(shipping.database, assignment) is ProposalUse.NONE
    assert met


def test_who_gives_a_task_back_leaves_the_proposal_to_the_next(shipping: Shipping) -> None:
    batch = shipping.batch(1, pipeline=ONE)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    now = shipping.clock.now()
    for skips in (False, True):
        who = shipping.person()
        held = shipping.claims(who)
        assert seen(shipping, who, held) is not None
        with shipping.database.write() as session:
            if skips:
                leases.skip(session, who.person_id, held, SkipReason.OTHER, now=now)
            else:
                leases.release(session, who.person_id, held, now)
    last = shipping.person()
    assert seen(shipping, last, shipping.claims(last)) is not None


def test_while_a_late_answer_may_come_nobody_else_begins_from_it(shipping: Shipping) -> None:
    batch = shipping.batch(1, pipeline=ONE)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    slow, quick = shipping.person(), shipping.person()
    held = shipping.claims(slow)
    shipping.clock.move(hours=5)
    with shipping.database.write() as session:
        assert expire_leases(session, shipping.clock.now()) == 1
    assert seen(shipping, quick, shipping.claims(quick)) is None
    assert seen(shipping, slow, held) is not None


@pytest.mark.parametrize(("label", "use"), [("负面", ProposalUse.KEPT), ("正面", ProposalUse.CHANGED)])
def test_the_answer_keeps_what_it_made_of_the_proposal(shipping: Shipping, label: str, use: ProposalUse) -> None:
    batch = shipping.batch(1, pipeline=ONE)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    who = shipping.person()
    held = shipping.claims(who)
    shipping.answers(who, held, label)
    assert use_of(shipping.database, held) is use


def test_a_kept_proposal_alone_decides_nothing_and_the_next_answer_comes_without_it(shipping: Shipping) -> None:
    """With the same pipeline one answer decides, where it did not begin from a proposal."""
    batch = shipping.batch(1, pipeline=SOON_SURE)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    one, two = shipping.person(), shipping.person()
    shipping.answers(one, shipping.claims(one), "负面")
    assert state_of(shipping, batch.tasks[0]) is ItemState.WORKING
    alone = shipping.claims(two)
    assert seen(shipping, two, alone) is None
    shipping.answers(two, alone, "负面")
    assert state_of(shipping, batch.tasks[0]) is ItemState.DECIDED


@pytest.mark.parametrize("shown", [True, False])
def test_a_changed_proposal_counts_as_an_answer_of_its_own(shipping: Shipping, shown: bool) -> None:
    batch = shipping.batch(1, pipeline=SOON_SURE)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"), shown=shown)
    who = shipping.person()
    shipping.answers(who, shipping.claims(who), "正面")
    assert state_of(shipping, batch.tasks[0]) is ItemState.DECIDED


def test_where_nobody_else_may_be_asked_a_kept_proposal_goes_to_review(shipping: Shipping) -> None:
    limit_one = Pipeline(overlap_start=1, overlap_limit=1, confidence=0.5, gold_share=0)
    batch = shipping.batch(1, pipeline=limit_one)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    who = shipping.person()
    shipping.answers(who, shipping.claims(who), "负面")
    assert state_of(shipping, batch.tasks[0]) is ItemState.REVIEW


def test_a_single_kept_proposal_is_checked_as_often_as_a_newcomers_answer(shipping: Shipping) -> None:
    """A share of 0.34 is three times as large for newcomers: all of them."""
    pipeline = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0.34, gold_share=0)
    batch = shipping.batch(12, pipeline=pipeline)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    who = shipping.person()
    with shipping.database.write() as session:
        session.add(WorkRecord(person_id=who.person_id, project_id=batch.project_id, answers=50))
    reached: dict[str, set[ItemState]] = {"负面": set(), "正面": set()}
    for label in ("负面", "正面") * 6:
        held = shipping.claims(who)
        shipping.answers(who, held, label)
        reached[label].add(state_of(shipping, shipping.task_of(held)))
    assert reached["负面"] == {ItemState.REVIEW}
    assert ItemState.DECIDED in reached["正面"]


def test_copies_have_one_voice_the_first_ones() -> None:
    def answer(kind: int, use: ProposalUse) -> Answer:
        return Answer([kind], new_id(), None, use, number=1, fit=None)

    kept, again = answer(0, ProposalUse.KEPT), answer(0, ProposalUse.KEPT)
    alone, changed = answer(0, ProposalUse.NONE), answer(1, ProposalUse.CHANGED)
    assert voices([alone, kept, changed, again]) == [alone, kept, changed]
    assert voices([kept, again]) == [kept]
    assert voices([alone, changed]) == [alone, changed]


def test_the_form_begins_from_it_and_can_be_emptied_without_scripts(shipping: Shipping) -> None:
    batch = shipping.batch(1, label_config=TOPICS, pipeline=ONE)
    put_proposals(shipping.database, batch.batch_id, chosen("味道", "服务", control="topic"))
    me = AtWork(shipping)
    held = me.claims()
    here = f"/work/tasks/{held}"

    def ticked() -> int:
        return len(re.findall(r"data-command=\"choose \d\" checked", me.page(here)))

    page = me.page(here)
    assert "这些是机器先标的，可能有错。" in page
    assert 'aria-describedby="proposed error-choice"' in page
    assert ticked() == 2
    assert me.draft(held) is None
    me.sends(held, "undo", choice=["味道", "服务"])
    assert (ticked(), me.draft(held)) == (0, [])
    me.sends(held, "leave", choice=["价格"])
    assert (ticked(), me.draft(held)) == (1, ["价格"])
    me.sends(held, "clear")
    assert (ticked(), me.draft(held)) == (0, [])
    me.sends(held, choice=["味道", "服务"])
    assert use_of(shipping.database, held) is ProposalUse.KEPT


def test_a_draft_comes_before_the_proposal(shipping: Shipping) -> None:
    batch = shipping.batch(1, pipeline=ONE)
    put_proposals(shipping.database, batch.batch_id, chosen("负面"))
    me = AtWork(shipping)
    held = me.claims()
    me.sends(held, "leave", choice="正面")
    page = me.page(f"/work/tasks/{held}")
    assert "机器先标" in page
    assert 'value="正面" data-command="choose 1" checked' in page


def test_claim_and_submit_ask_as_often_as_without_and_walk_no_large_table(shipping: Shipping) -> None:
    def cost(shown: bool) -> tuple[int, int, list[str]]:
        batch = shipping.batch(3000, pipeline=SOON_SURE)
        put_proposals(shipping.database, batch.batch_id, chosen("负面"), shown=shown)
        who = shipping.person()
        for _ in range(30):  # a planner walks what is small
            shipping.answers(who, shipping.claims(who, batch.project_id), "负面")
        with shipping.database.write() as session:
            session.execute(text("ANALYZE"))
        with statements_of(shipping.database) as claiming:
            held = shipping.claims(who, batch.project_id)
        with statements_of(shipping.database) as submitting:
            shipping.answers(who, held, "正面")
        walked = scans(shipping.database, claiming, LARGE) + scans(shipping.database, submitting, LARGE)
        return len(claiming), len(submitting), walked

    without, with_proposal = cost(False), cost(True)
    assert with_proposal == without
    assert with_proposal[2] == []
