"""What the pages and the API show of invoices and the books. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation, Person
from leye_platform.actor import Actor
from leye_platform.assignments.models import Response
from leye_platform.billing.errors import InvoiceMissing
from leye_platform.billing.models import Invoice, LedgerEntry, Posting
from leye_platform.billing.months import Month
from leye_platform.billing.rules import ROUNDING
from leye_platform.delivery.models import Lot
from leye_platform.delivery.rules import LotState
from leye_platform.permissions import Permission
from leye_platform.projects.models import Item

INVOICES_SHOWN = 200
INVOICES_A_PAGE = 50
ENTRIES_A_PAGE = 25
LATE = timedelta(hours=1)
"""Invoices and acceptance by silence follow within minutes; what takes longer wants somebody to look."""


def invoice_for(session: Session, actor: Actor, invoice_id: UUID) -> Invoice:
    """An invoice within the actor's reach.

    Raises InvoiceMissing.
    """
    invoice = session.get(Invoice, invoice_id)
    scope = actor.partner_scope(Permission.VIEW_INVOICE)
    if invoice is None or (scope is not None and invoice.organisation_id not in scope):
        raise InvoiceMissing
    return invoice


def invoices_in_reach(
    session: Session, actor: Actor, limit: int = INVOICES_SHOWN, *, before: int | None = None
) -> list[tuple[Invoice, str]]:
    """The newest invoices that the actor may see, each with its partner's name."""
    query = (
        select(Invoice, Organisation.name)
        .join(Organisation, Organisation.id == Invoice.organisation_id)
        .order_by(Invoice.number.desc())
        .limit(limit)
    )
    scope = actor.partner_scope(Permission.VIEW_INVOICE)
    if scope is not None:
        query = query.where(Invoice.organisation_id.in_(scope))
    if before is not None:
        query = query.where(Invoice.number < before)
    return [(invoice, name) for invoice, name in session.execute(query)]


class InvoicesPage(NamedTuple):
    """A part of the invoices, the newest first; `older` is the number before which the next part begins, or None."""

    invoices: list[tuple[Invoice, str]]
    older: int | None


def invoices_page(session: Session, actor: Actor, before: int | None) -> InvoicesPage:
    """The invoices in reach with a number below `before`: one walk down the index, however many there are."""
    found = invoices_in_reach(session, actor, INVOICES_A_PAGE + 1, before=before)
    more = len(found) > INVOICES_A_PAGE
    return InvoicesPage(found[:INVOICES_A_PAGE], found[INVOICES_A_PAGE - 1][0].number if more else None)


def invoices_total(session: Session, actor: Actor) -> tuple[int, int]:
    """How many invoices the actor may see, and their sum in minor units."""
    query = select(func.count(), func.sum(Invoice.total_minor))
    scope = actor.partner_scope(Permission.VIEW_INVOICE)
    if scope is not None:
        query = query.where(Invoice.organisation_id.in_(scope))
    count, total = session.execute(query).one()
    return count, int(total or 0)


def first_month(session: Session) -> Month | None:
    """The month of the oldest entry; ids are made in the order of time."""
    oldest = session.scalar(select(LedgerEntry.occurred_at).order_by(LedgerEntry.id).limit(1))
    return Month.of(oldest) if oldest else None


@dataclass(frozen=True)
class BookFigures:
    """The month's flows and what stands now, in micros; positive where it is good for us, pay aside."""

    revenue: int
    pay: int
    unbilled: int
    receivable: int
    owed_pending: int
    owed_payable: int
    rounding: int


GROUPS = {
    "revenue": "Income:Revenue:",
    "pay": "Expenses:Pay:",
    "unbilled": "Assets:Unbilled:",
    "receivable": "Assets:Receivable:",
    "owed_pending": "Liabilities:Pay:Pending:",
    "owed_payable": "Liabilities:Pay:Payable:",
    "rounding": ROUNDING,
}


def book_figures(session: Session, month: Month) -> BookFigures:
    """Two queries: what flowed in the month, and all balances."""
    group = case(*((Posting.account.startswith(prefix), name) for name, prefix in GROUPS.items())).label(
        "account_group"
    )
    sums = select(group, func.sum(Posting.amount_micros)).group_by("account_group")
    in_month = sums.join(LedgerEntry, LedgerEntry.id == Posting.entry_id).where(
        LedgerEntry.occurred_at >= month.began, LedgerEntry.occurred_at < month.ended
    )
    flowed = {name: int(total) for name, total in session.execute(in_month)}
    standing = {name: int(total) for name, total in session.execute(sums)}
    return BookFigures(
        revenue=-flowed.get("revenue", 0),
        pay=flowed.get("pay", 0),
        unbilled=standing.get("unbilled", 0),
        receivable=standing.get("receivable", 0),
        owed_pending=-standing.get("owed_pending", 0),
        owed_payable=-standing.get("owed_payable", 0),
        rounding=-standing.get("rounding", 0),
    )


@dataclass(frozen=True)
class LateLots:
    """How many lots stand still: accepted without an invoice; past the partner's time and not settled."""

    without_invoice: int
    not_settled: int


def late_lots(session: Session, now: datetime) -> LateLots:
    """What finance should have looked at, in one query."""
    without_invoice = select(func.count()).where(Lot.state == LotState.ACCEPTED, Lot.settled_at < now - LATE)
    not_settled = select(func.count()).where(Lot.state == LotState.DELIVERED, Lot.accept_by < now - LATE)
    found = session.execute(select(without_invoice.scalar_subquery(), not_settled.scalar_subquery())).one()
    return LateLots(*found)


@dataclass(frozen=True)
class PersonOwed:
    """What one person is owed, in micros."""

    number: int
    name: str
    pending: int
    payable: int


def owed_by_person(session: Session) -> list[PersonOwed]:
    """Everybody with a balance, by number. Two queries."""
    rows = session.execute(
        select(Posting.account, func.sum(Posting.amount_micros))
        .where(Posting.account.startswith("Liabilities:Pay:"))
        .group_by(Posting.account)
    )
    owed: dict[int, dict[str, int]] = {}
    for account, total in rows:
        _liabilities, _pay, stage, person = account.split(":")
        owed.setdefault(int(person.removeprefix("Person-")), {})[stage] = -int(total)
    people = session.execute(select(Person.number, Person.name).where(Person.number.in_(owed)))
    return sorted(
        (
            PersonOwed(number, name, owed[number].get("Pending", 0), owed[number].get("Payable", 0))
            for number, name in people
        ),
        key=lambda person: person.number,
    )


@dataclass(frozen=True)
class EntriesPage:
    """One page of the ledger, the newest first. number counts from 1. items: what the item of an entry is called."""

    number: int
    pages: int
    entries: list[tuple[LedgerEntry, list[Posting]]]
    items: dict[UUID, str]


def ledger_page(session: Session, number: int) -> EntriesPage:
    """Four queries whatever the size."""
    total = session.scalar(select(func.count()).select_from(LedgerEntry)) or 0
    pages = max(1, -(-total // ENTRIES_A_PAGE))
    number = min(max(number, 1), pages)
    found: Sequence[LedgerEntry] = session.scalars(
        select(LedgerEntry).order_by(LedgerEntry.id.desc()).offset((number - 1) * ENTRIES_A_PAGE).limit(ENTRIES_A_PAGE)
    ).all()
    lines: dict[UUID, list[Posting]] = {entry.id: [] for entry in found}
    for posting in session.scalars(select(Posting).where(Posting.entry_id.in_(lines)).order_by(Posting.id)):
        lines[posting.entry_id].append(posting)
    about = (
        select(LedgerEntry.id, Item.external_id, Item.number)
        .outerjoin(Response, Response.id == LedgerEntry.response_id)
        .join(Item, Item.id == func.coalesce(LedgerEntry.item_id, Response.item_id))
        .where(LedgerEntry.id.in_(lines))
    )
    items = {entry_id: external or f"#{item_number}" for entry_id, external, item_number in session.execute(about)}
    return EntriesPage(number, pages, [(entry, lines[entry.id]) for entry in found], items)
