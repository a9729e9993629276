"""The ledger's accounts as people call them: what they hold, and whose or which project's they are. Read only."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation, Person
from leye_platform.billing.rules import ROUNDING
from leye_platform.errors import N_
from leye_platform.projects.models import Project

ACCOUNT_WORDS: dict[str, str] = {
    "Assets:Unbilled": N_("已验收，未开账单"),
    "Assets:Receivable": N_("已开账单，未收款"),
    "Income:Revenue": N_("验收收入"),
    "Expenses:Pay": N_("标注和质检的报酬"),
    "Liabilities:Pay:Pending": N_("报酬，待确认"),
    "Liabilities:Pay:Payable": N_("报酬，待发放"),
    ROUNDING: N_("账单舍入的零头"),
}
"""What a group of accounts holds, by what their names begin with; the page of the month calls them so too."""

NAMED = {
    "Partner": (Organisation.number, Organisation.name),
    "Project": (Project.number, Project.title),
    "Person": (Person.number, Person.name),
}
"""Whose an account is, by what the last part of its name begins with."""


@dataclass(frozen=True)
class AccountName:
    """`words`: what the account holds, to be translated; `whose`: a name, or nothing where it is everybody's."""

    words: str
    whose: str


def account_names(session: Session, accounts: Iterable[str]) -> dict[str, AccountName]:
    """What these accounts are called; one that has no words keeps its own name. Three queries at most."""
    split = {account: _split(account) for account in accounts}
    wanted: dict[str, set[int]] = {kind: set() for kind in NAMED}
    for _group, kind, number in split.values():
        if kind:
            wanted[kind].add(number)
    names = {
        kind: dict(session.execute(select(*columns).where(columns[0].in_(wanted[kind]))).all())
        for kind, columns in NAMED.items()
        if wanted[kind]
    }
    return {
        account: AccountName(ACCOUNT_WORDS.get(group, group), names[kind].get(number, "") if kind else "")
        for account, (group, kind, number) in split.items()
    }


def _split(account: str) -> tuple[str, str, int]:
    """The group, and whose it is by kind and number: "Expenses:Pay:Project-3" is Expenses:Pay, Project, 3."""
    group, _, last = account.rpartition(":")
    kind, _, number = last.partition("-")
    return (group, kind, int(number)) if kind in NAMED and number.isdigit() else (account, "", 0)
