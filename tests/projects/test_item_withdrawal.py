"""Single items taken back from a batch that is being worked on: paid, asked for no more, never billed."""

from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.models import Slot
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import SlotState
from leye_platform.audit import AuditRecord
from leye_platform.billing.books import check_books
from leye_platform.billing.models import Posting
from leye_platform.installation import Installation
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.errors import BatchBeingRead, TooManyNames
from leye_platform.projects.item_withdrawal import MOST_NAMES, ItemNames, Sorted, withdraw_items
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState, ItemState, Pipeline
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState
from support.clock import MovableClock
from support.shipping import Shipping

TWO = Pipeline.model_validate({"overlap_start": 2, "overlap_limit": 2, "confidence": 0.5, "gold_share": 0})
CHECKED = Pipeline.model_validate({"kind": "single_check", "check_share": 1, "gold_share": 0})


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def named(shipping: Shipping, batch_id: UUID) -> list[str]:
    """The batch's external ids by row; the items get them here."""
    with shipping.database.write() as session:
        items = session.scalars(select(Item).where(Item.batch_id == batch_id).order_by(Item.row)).all()
        for item in items:
            item.external_id = f"r-{item.row}"
        return [f"r-{item.row}" for item in items]


def withdraw(shipping: Shipping, batch_id: UUID, *external_ids: str, rows: tuple[int, ...] = ()) -> Sorted:
    actor = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        batch = service.batch_for(session, actor, batch_id, Permission.RUN_BATCH, lock=True)
        return withdraw_items(session, actor, batch, ItemNames(external_ids, rows), shipping.clock.now())


def states(shipping: Shipping, batch_id: UUID) -> dict[int, ItemState]:
    with shipping.database.read() as session:
        return dict(session.execute(select(Item.row, Item.state).where(Item.batch_id == batch_id)).all())


def payable(shipping: Shipping, who: Annotator) -> int:
    with shipping.database.read() as session:
        assert check_books(session) == []
        account = f"Liabilities:Pay:Payable:Person-{who.number}"
        return -sum(session.scalars(select(Posting.amount_micros).where(Posting.account == account)))


def row_of(shipping: Shipping, assignment: UUID) -> int:
    with shipping.database.read() as session:
        return session.get_one(Item, session.get_one(MicroTask, shipping.task_of(assignment)).item_id).row


def test_what_was_done_is_paid_and_the_rest_of_the_batch_goes_on(shipping: Shipping) -> None:
    batch = shipping.batch(3, pipeline=TWO)
    named(shipping, batch.batch_id)
    first, second = shipping.person(), shipping.person()
    held = shipping.claims(first, batch.project_id)
    row = row_of(shipping, held)
    shipping.answers(first, held)
    assert payable(shipping, first) == 0
    found = withdraw(shipping, batch.batch_id, f"r-{row}")
    assert (len(found.items), found.kept, found.unknown) == (1, [], [])
    assert payable(shipping, first) == 50_000
    others = [other for other in (1, 2, 3) if other != row]
    after = states(shipping, batch.batch_id)
    assert after[row] is ItemState.WITHDRAWN
    assert {after[other] for other in others} <= {ItemState.WAITING, ItemState.WORKING}
    shipping.finish(second, batch.project_id, 2)
    assert isinstance(shipping.claim(second, batch.project_id), Nothing)
    shipping.finish(first, batch.project_id, 2)
    assert {states(shipping, batch.batch_id)[other] for other in others} == {ItemState.DECIDED}
    lot_id = shipping.cut(batch.batch_id)
    assert len(shipping.items_of(lot_id)) == 2


def test_who_holds_the_task_may_finish_and_is_paid(shipping: Shipping) -> None:
    batch = shipping.batch(1, pipeline=TWO)
    who = shipping.person()
    held = shipping.claims(who, batch.project_id)
    withdraw(shipping, batch.batch_id, rows=(1,))
    shipping.answers(who, held)
    assert payable(shipping, who) == 50_000
    assert states(shipping, batch.batch_id) == {1: ItemState.WITHDRAWN}
    with shipping.database.read() as session:
        assert not session.scalars(select(Slot).where(Slot.state == SlotState.OPEN)).all()


def test_again_and_with_what_cannot_be_withdrawn_it_says_which(shipping: Shipping) -> None:
    batch = shipping.batch(2, pipeline=Pipeline.model_validate({"kind": "single_check", "check_share": 0}), gold=1)
    names = named(shipping, batch.batch_id)
    who = shipping.person()
    held = shipping.claims(who, batch.project_id)
    done = row_of(shipping, held)
    shipping.answers(who, held)
    with shipping.database.read() as session:
        gold = session.scalars(select(Item.external_id).where(Item.gold_result.is_not(None))).one()
    left = next(name for name in names if name not in {f"r-{done}", gold})
    found = withdraw(shipping, batch.batch_id, *names, "r-99", left, rows=(done, 77))
    assert (len(found.items), sorted(found.kept), found.unknown) == (
        1,
        sorted([f"r-{done}", str(gold), f"#{done}"]),
        ["r-99", "#77"],
    )
    assert withdraw(shipping, batch.batch_id, left) == Sorted(kept=[left])
    with shipping.database.read() as session:
        deeds = session.scalars(select(AuditRecord).where(AuditRecord.action == "batch.withdraw_items")).all()
        assert [deed.detail for deed in deeds] == [{"items": 1}]


def test_what_waits_for_a_reviewer_is_taken_back_too(shipping: Shipping) -> None:
    batch = shipping.batch(2, pipeline=CHECKED)
    who = shipping.person()
    shipping.finish(who, batch.project_id, 2)
    withdraw(shipping, batch.batch_id, rows=(1,))
    with shipping.database.read() as session:
        assert sorted(session.scalars(select(Review.state))) == [ReviewState.OPEN, ReviewState.WITHDRAWN]
    assert payable(shipping, who) == 50_000


def test_more_names_than_one_statement_takes(shipping: Shipping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leye_platform.projects.item_withdrawal.PART", 2)
    batch = shipping.batch(5, pipeline=TWO)
    names = named(shipping, batch.batch_id)
    assert len(withdraw(shipping, batch.batch_id, *names).items) == 5
    assert set(states(shipping, batch.batch_id).values()) == {ItemState.WITHDRAWN}


def test_names_are_refused_while_the_file_is_being_read_or_when_there_are_too_many(shipping: Shipping) -> None:
    batch = shipping.batch(1)
    with pytest.raises(TooManyNames):
        withdraw(shipping, batch.batch_id, *(str(n) for n in range(MOST_NAMES + 1)))
    with shipping.database.write() as session:
        session.get_one(Batch, batch.batch_id).state = BatchState.INGESTING
    with pytest.raises(BatchBeingRead):
        withdraw(shipping, batch.batch_id, rows=(1,))


def typed(shipping: Shipping, batch_id: UUID, text: str) -> Sorted:
    actor = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        batch = service.batch_for(session, actor, batch_id, Permission.RUN_BATCH)
        return withdraw_items(session, actor, batch, ItemNames.from_lines(text), shipping.clock.now())


def test_a_typed_number_is_a_row_only_where_no_item_is_called_so(shipping: Shipping) -> None:
    batch = shipping.batch(3, pipeline=TWO)
    with shipping.database.write() as session:
        session.scalars(select(Item).where(Item.batch_id == batch.batch_id, Item.row == 1)).one().external_id = "#2"
    assert len(typed(shipping, batch.batch_id, " #2 \n\n#2").items) == 1
    assert states(shipping, batch.batch_id)[1] is ItemState.WITHDRAWN
    assert states(shipping, batch.batch_id)[2] is ItemState.WAITING
    assert len(typed(shipping, batch.batch_id, "#3").items) == 1
    assert states(shipping, batch.batch_id)[3] is ItemState.WITHDRAWN


@pytest.mark.parametrize(
    "name", ["#9223372036854775808", "#0", "#" + "9" * 5000, "a\x00b", "\ud800", "#１２", "# 3", "x" * 9000, "'; --"]
)
def test_names_that_cannot_be_are_unknown(shipping: Shipping, name: str) -> None:
    batch = shipping.batch(1, pipeline=TWO)
    found = typed(shipping, batch.batch_id, name)
    assert (found.items, found.kept, len(found.unknown)) == ([], [], 1)


def test_rows_that_cannot_be_are_unknown(shipping: Shipping) -> None:
    batch = shipping.batch(1, pipeline=TWO)
    found = withdraw(shipping, batch.batch_id, rows=(2**63, -1, 0, 2**31))
    assert (found.items, len(found.unknown)) == ([], 4)


def test_on_the_page_it_is_asked_before_it_is_done(shipping: Shipping) -> None:
    batch = shipping.batch(3, pipeline=TWO)
    named(shipping, batch.batch_id)
    firm = shipping.project(batch.project_id).organisation_id
    browser = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    page, path = f"/partner/batches/{batch.batch_id}", f"/batches/{batch.batch_id}/withdraw"
    assert f'href="{path}"' in browser.get(page).text
    assert "一行写一个编号" in browser.get(path).text
    nothing = browser.post(path, names="r-9")
    assert (nothing.status_code, "没有找到这些条目" in nothing.text, "r-9" in nothing.text) == (422, True, True)
    asked = browser.post(path, names="r-1\nr-2\nr-9")
    assert "会撤回 2 条" in asked.text
    assert "1 个编号在这一批里没有找到：r-9。" in asked.text
    assert set(states(shipping, batch.batch_id).values()) == {ItemState.WAITING}
    for withdrawn in (2, 0):  # a double click comes second and finds nothing left to do
        assert (
            browser.post(path, names="r-1\nr-2\nr-9", sure="1").headers["location"] == f"{page}?withdrawn={withdrawn}"
        )
    assert "撤回了 2 条。" in browser.get(f"{page}?withdrawn=2").text
    assert sorted(states(shipping, batch.batch_id).values()) == sorted([ItemState.WAITING] + [ItemState.WITHDRAWN] * 2)
    stranger = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, shipping.firm()).person_id)
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, names="r-3", sure="1").status_code == 404


def test_scripts_withdraw_by_id_and_by_row(shipping: Shipping) -> None:
    batch = shipping.batch(3, pipeline=TWO)
    named(shipping, batch.batch_id)
    firm = shipping.project(batch.project_id).organisation_id
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    path = f"/api/v1/batches/{batch.batch_id}/withdraw"
    told = script.post(path, json={"external_ids": ["r-1", "r-7"], "rows": [3]})
    assert (told.status_code, told.json()) == (200, {"withdrawn": 2, "kept": [], "unknown": ["r-7"]})
    assert script.post(path, json={"rows": [1]}).json() == {"withdrawn": 0, "kept": ["#1"], "unknown": []}
    stranger = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipping.firm()).person_id)
    assert stranger.post(path, json={"rows": [2]}).status_code == 404
