"""Accounts, kinds of entries and exact arithmetic on money. Pure."""

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

MICROS = 1_000_000
"""Micros in a currency unit."""

MICROS_A_MINOR = 10_000
"""Micros in a minor unit (fen); currencies of two places only, which a project's currency is checked for."""


class EntryKind(StrEnum):
    EARNING_PENDING = "earning_pending"
    EARNING_PAYABLE = "earning_payable"
    ACCEPTANCE = "acceptance"
    INVOICE = "invoice"
    REVERSAL = "reversal"


class RateTooFine(ValueError):
    """A rate finer than a millionth of the currency unit: the ledger could not keep it exactly."""


ROUNDING = "Equity:Rounding"


def unbilled(partner_number: int) -> str:
    """What a partner has accepted and not yet been invoiced for."""
    return f"Assets:Unbilled:Partner-{partner_number}"


def receivable(partner_number: int) -> str:
    """What a partner owes by invoices."""
    return f"Assets:Receivable:Partner-{partner_number}"


def revenue(project_number: int) -> str:
    """What a project's accepted items brought in."""
    return f"Income:Revenue:Project-{project_number}"


def pay_expense(project_number: int) -> str:
    """What a project's answers and reviews cost."""
    return f"Expenses:Pay:Project-{project_number}"


def pending(person_number: int) -> str:
    """Earned by answers that are not yet decided."""
    return f"Liabilities:Pay:Pending:Person-{person_number}"


def payable(person_number: int) -> str:
    """Earned and owed."""
    return f"Liabilities:Pay:Payable:Person-{person_number}"


def rate_in_micros(rate: Decimal) -> int:
    """An exact rate in the currency unit as micros.

    Raises RateTooFine where it does not fit: rates are checked when they are set.
    """
    micros = rate * MICROS
    if micros != micros.to_integral_value():
        raise RateTooFine(f"{rate} is finer than a millionth")
    return int(micros)


def amount_in_micros(quantity: Decimal, unit_price: Decimal) -> int:
    """The exact amount of a quantity at a price, in micros.

    Raises RateTooFine.
    """
    return rate_in_micros(quantity * unit_price)


def amount_in_minor(quantity: Decimal, unit_price: Decimal) -> int:
    """An invoice line's amount in minor units: rounded half-even, once."""
    return int((quantity * unit_price * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def rounding_in_micros(exact_micros: int, minor: int) -> int:
    """What rounding to minor units added (positive) or dropped (negative)."""
    return minor * MICROS_A_MINOR - exact_micros
