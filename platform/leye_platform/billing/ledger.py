"""Writes the books: postings first, the entry last; the database checks the sum and closes it.

Core SQL with few statements, because earnings are posted inside the submit's transaction. Every entry has an
idempotency key built from what it is about; an entry that stands is never posted again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, Table, bindparam, func, insert, select
from sqlalchemy.orm import Session, aliased

from leye_platform.assignments.models import Response
from leye_platform.billing.errors import EntryMissing, EntryReversed, ReversalStays
from leye_platform.billing.models import LedgerEntry, Posting
from leye_platform.billing.rules import (
    EntryKind,
    amount_in_micros,
    pay_expense,
    payable,
    pending,
    revenue,
    unbilled,
)
from leye_platform.ids import new_id
from leye_platform.prepared import Prepared

entries: Table = LedgerEntry.__table__  # type: ignore[assignment]  # a mapped class's table is a Table
postings: Table = Posting.__table__  # type: ignore[assignment]  # likewise

_STANDING = Prepared(select(entries.c.id).where(entries.c.idempotency_key == bindparam("key")))
_ONE_BY_ONE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key"), 0)))
_ADD_POSTINGS, _ADD_ENTRIES = Prepared(insert(postings)), Prepared(insert(entries))
_OPTIONAL: dict[str, Any] = dict.fromkeys(
    (
        "project_id",
        "item_id",
        "response_id",
        "review_id",
        "lot_id",
        "invoice_id",
        "reverses_id",
        "acceptance_sequence",
    )
)


@dataclass(frozen=True)
class Entry:
    """One event to post. `amounts`: micros by account, positive is debit, summing to zero. `about`: its subjects."""

    kind: EntryKind
    key: str
    description: str
    currency: str
    amounts: Mapping[str, int]
    about: Mapping[str, Any] = field(default_factory=dict)


def post(session: Session, entry: Entry, now: datetime) -> UUID:
    """Post one entry, or find it standing; its id."""
    if session.get_bind().dialect.name == "postgresql":
        # Two with one key go one after the other, so that the second finds what the first has posted.
        session.execute(_ONE_BY_ONE, {"key": entry.key})
    standing = _STANDING.scalar(session, {"key": entry.key})
    return standing if standing is not None else post_new(session, [entry], now)[0]


def post_new(session: Session, wanted: Sequence[Entry], now: datetime) -> list[UUID]:
    """Post entries whose keys the caller knows to be free (a race ends in the unique constraint)."""
    if not wanted:
        return []
    ids = [new_id() for _ in wanted]
    _ADD_POSTINGS.run_each(
        session,
        [
            {"id": new_id(), "entry_id": entry_id, "account": account, "amount_micros": micros}
            for entry_id, entry in zip(ids, wanted, strict=True)
            for account, micros in entry.amounts.items()
        ],
    )
    _ADD_ENTRIES.run_each(
        session,
        [
            _OPTIONAL
            | {
                "id": entry_id,
                "kind": entry.kind,
                "idempotency_key": entry.key,
                "occurred_at": now,
                "currency": entry.currency,
                "description": entry.description,
            }
            | dict(entry.about)
            for entry_id, entry in zip(ids, wanted, strict=True)
        ],
    )
    return ids


def earn_pending(
    session: Session,
    *,
    response_id: UUID,
    person_number: int,
    project_id: UUID,
    project_number: int,
    micros: int,
    currency: str,
    now: datetime,
) -> None:
    """An answer is given: its pay is owed, pending the decision. The caller posts once a response."""
    if micros == 0:
        return
    entry = Entry(
        kind=EntryKind.EARNING_PENDING,
        key=f"pending:{response_id}",
        description="answer submitted",
        currency=currency,
        amounts={pay_expense(project_number): micros, pending(person_number): -micros},
        about={"response_id": response_id, "project_id": project_id},
    )
    post_new(session, [entry], now)


_earned, _settled = aliased(LedgerEntry), aliased(LedgerEntry)


def _entry_of(entry: type[LedgerEntry], kind: EntryKind) -> ScalarSelect[Any]:
    return (
        select(entry.id)
        .where(entry.response_id == Response.id, entry.kind == kind)
        .limit(1)
        .correlate(Response)
        .scalar_subquery()
    )


def _pending(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """What answers have earned that is not payable yet.

    Answer by answer along the index, and not as one join: over young tables PostgreSQL takes that from the side of all
    pending entries, and keeps the plan while they grow.
    """
    unpaid = (
        select(_entry_of(_earned, EntryKind.EARNING_PENDING).label("entry_id"))
        .select_from(Response)
        .where(which, _entry_of(_settled, EntryKind.EARNING_PAYABLE).is_(None))
        .cte("unpaid")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        select(
            entries.c.response_id,
            entries.c.project_id,
            entries.c.currency,
            postings.c.account,
            postings.c.amount_micros,
        )
        .select_from(unpaid)
        .join(entries, entries.c.id == unpaid.c.entry_id)
        .join(postings, postings.c.entry_id == unpaid.c.entry_id)
        .where(postings.c.amount_micros < 0)
    )


_PENDING = _pending(Response.id.in_(bindparam("responses", expanding=True)))
_PENDING_OF_TASK = Prepared(_pending(Response.microtask_id == bindparam("microtask")))


def make_payable(session: Session, *, response_ids: Sequence[UUID], now: datetime) -> None:
    """Decided: what these answers earned, and is still pending, becomes payable. Again: nothing."""
    if not response_ids:
        return
    _pay(session, session.execute(_PENDING, {"responses": list(response_ids)}).all(), now)


def make_task_payable(session: Session, microtask_id: UUID, now: datetime) -> None:
    """The same for all answers to a micro-task, of every round."""
    _pay(session, _PENDING_OF_TASK.all(session, {"microtask": microtask_id}), now)


def _pay(session: Session, found: Sequence[Any], now: datetime) -> None:
    post_new(
        session,
        [
            Entry(
                kind=EntryKind.EARNING_PAYABLE,
                key=f"payable:{response_id}",
                description="answer decided",
                currency=currency,
                amounts={account: -micros, account.replace(":Pending:", ":Payable:"): micros},
                about={"response_id": response_id, "project_id": project_id},
            )
            for response_id, project_id, currency, account, micros in found
        ],
        now,
    )


def earn_review(
    session: Session,
    *,
    review_id: UUID,
    person_number: int,
    project_id: UUID,
    project_number: int,
    micros: int,
    currency: str,
    now: datetime,
) -> None:
    """A review is settled: its pay is payable at once."""
    if micros == 0:
        return
    entry = Entry(
        kind=EntryKind.EARNING_PAYABLE,
        key=f"review:{review_id}",
        description="review settled",
        currency=currency,
        amounts={pay_expense(project_number): micros, payable(person_number): -micros},
        about={"review_id": review_id, "project_id": project_id},
    )
    post(session, entry, now)


@dataclass(frozen=True)
class AcceptedItem:
    """An item that a partner accepts, with its quantity in the priced unit."""

    item_id: UUID
    quantity: Decimal


def accept_items(
    session: Session,
    items: Sequence[AcceptedItem],
    *,
    unit_price: Decimal,
    lot_id: UUID,
    partner_number: int,
    project_id: UUID,
    project_number: int,
    currency: str,
    now: datetime,
) -> None:
    """One acceptance entry an item. The database refuses one for an item that has an unreversed one."""
    earlier = _reversed_acceptances(session, lot_id=lot_id)
    post_new(
        session,
        [
            Entry(
                kind=EntryKind.ACCEPTANCE,
                key=f"acceptance:{item.item_id}:{earlier.get(item.item_id, 0) + 1}",
                description="item accepted",
                currency=currency,
                amounts=_sale(amount_in_micros(item.quantity, unit_price), partner_number, project_number),
                about={
                    "item_id": item.item_id,
                    "lot_id": lot_id,
                    "project_id": project_id,
                    "acceptance_sequence": earlier.get(item.item_id, 0) + 1,
                },
            )
            for item in items
        ],
        now,
    )


def _sale(micros: int, partner_number: int, project_number: int) -> dict[str, int]:
    return {unbilled(partner_number): micros, revenue(project_number): -micros}


def _reversed_acceptances(session: Session, lot_id: UUID) -> dict[UUID, int]:
    """How many reversed acceptances each item of a lot has."""
    from leye_platform.delivery.models import LotItem  # noqa: PLC0415 -- delivery imports this module

    reversal = aliased(LedgerEntry)
    rows = session.execute(
        select(LedgerEntry.item_id, func.count())
        .join(reversal, reversal.reverses_id == LedgerEntry.id)
        .join(LotItem, LotItem.item_id == LedgerEntry.item_id)
        .where(LotItem.lot_id == lot_id, LedgerEntry.kind == EntryKind.ACCEPTANCE)
        .group_by(LedgerEntry.item_id)
    )
    return {item_id: count for item_id, count in rows if item_id is not None}


def reverse(session: Session, entry_id: UUID, *, reason: str, now: datetime) -> UUID:
    """Undo an entry by its mirror image; the entry itself stays.

    Raises EntryMissing, EntryReversed, and ReversalStays for a reversal: an acceptance that came to stand
    again that way would go past the database's count of reversed ones. What is wanted again is posted anew.
    """
    original = session.get(LedgerEntry, entry_id)
    if original is None:
        raise EntryMissing
    if original.kind is EntryKind.REVERSAL:
        raise ReversalStays
    if session.scalar(select(LedgerEntry.id).where(LedgerEntry.reverses_id == entry_id)) is not None:
        raise EntryReversed
    amounts: dict[str, int] = {}
    for posting in session.scalars(select(Posting).where(Posting.entry_id == entry_id)):
        amounts[posting.account] = amounts.get(posting.account, 0) - posting.amount_micros
    entry = Entry(
        kind=EntryKind.REVERSAL,
        key=f"reversal:{entry_id}",
        description=reason[:300],
        currency=original.currency,
        amounts=amounts,
        about={
            "reverses_id": entry_id,
            "item_id": original.item_id,
            "response_id": original.response_id,
            "review_id": original.review_id,
            "project_id": original.project_id,
            "lot_id": original.lot_id,
            "invoice_id": original.invoice_id,
        },
    )
    return post(session, entry, now)
