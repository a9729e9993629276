"""Roles, kinds of organisation, and what sign-in decides. Pure."""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from leye_platform.accounts.errors import PasswordIsAName, PasswordTooLong, PasswordTooShort


class OrganisationKind(StrEnum):
    OPERATOR = "operator"
    PARTNER = "partner"
    BASE = "base"


class Role(StrEnum):
    ADMIN = "admin"
    COORDINATOR = "coordinator"
    FINANCE = "finance"
    REVIEWER = "reviewer"
    LEADER = "leader"
    ANNOTATOR = "annotator"
    PARTNER_ADMIN = "partner-admin"
    PARTNER_QA = "partner-qa"
    PARTNER_FINANCE = "partner-finance"
    PARTNER_ENGINEER = "partner-engineer"


PARTNER_ROLES = frozenset(role for role in Role if role.value.startswith("partner-"))
OPERATOR_ROLES = frozenset({Role.ADMIN, Role.COORDINATOR, Role.FINANCE, Role.REVIEWER})


class PersonState(StrEnum):
    ACTIVE = "active"
    LEFT = "left"


def kinds_for(role: Role) -> frozenset[OrganisationKind]:
    """The kinds of organisation that a role can be held in."""
    if role in PARTNER_ROLES:
        return frozenset({OrganisationKind.PARTNER})
    if role in OPERATOR_ROLES:
        return frozenset({OrganisationKind.OPERATOR})
    return frozenset({OrganisationKind.OPERATOR, OrganisationKind.BASE})


HOMES: tuple[tuple[frozenset[Role], str], ...] = (
    (frozenset({Role.ANNOTATOR, Role.LEADER}), "/work"),
    (frozenset({Role.REVIEWER}), "/review"),
    (frozenset({Role.COORDINATOR}), "/projects"),
    (PARTNER_ROLES, "/partner"),
    (frozenset({Role.FINANCE}), "/billing"),
    (frozenset({Role.ADMIN}), "/admin"),
)


def home_of(roles: Collection[Role]) -> str:
    """Where a person begins; with several roles, the first of the table."""
    return next((path for theirs, path in HOMES if theirs.intersection(roles)), "/me")


def safe_next(path: str) -> str | None:
    """A path of our own site to go on to, or None: an address elsewhere would make a lure of the sign-in page."""
    own = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if own and path != "/" else None


LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"'.]+")
_PHONE = re.compile(r"\+?\d{6,15}")
_CHINA = re.compile(r"(\+86|0086|86(?=1\d{10}$))")


def email_of(text: str) -> str | None:
    """An e-mail address in the one form that is kept (small letters), or None where it is none."""
    address = unicodedata.normalize("NFKC", text).strip().lower()
    fits = len(address) <= LONGEST_EMAIL and address.isprintable()
    return address if fits and _EMAIL.fullmatch(address) else None


def phone_of(text: str) -> str | None:
    """A phone number as digits: no spaces or hyphens, China's country code taken off; None where it is none."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text))
    digits = _CHINA.sub("", digits, count=1) if _CHINA.match(digits) else digits
    return digits if _PHONE.fullmatch(digits) else None


def staff_number_of(text: str) -> str | None:
    """A staff number without spaces around it, or None where there is none."""
    number = unicodedata.normalize("NFKC", text).strip()
    return number if 0 < len(number) <= 32 and number.isprintable() else None


class SignInName(NamedTuple):
    """What a name typed at sign-in may be; each is None where it cannot be that."""

    email: str | None
    phone: str | None
    staff_number: str | None


def read_sign_in_name(text: str) -> SignInName:
    """A name as typed, spaces and full-width figures included."""
    return SignInName(email_of(text), phone_of(text), staff_number_of(text))


KEYED = 20  # characters of a name
LONGEST_NAME_KEY = 8 * KEYED


def name_key(name: str) -> str:
    """What sorts names as people look them up: hexadecimal GB 18030 of their beginning.

    The usual characters (level 1 of GB 2312) stand by their pinyin there; Latin letters come first, in any case.
    """
    return name.casefold()[:KEYED].encode("gb18030").hex()


LONGEST_SEARCH = 80


def search_of(text: str) -> str:
    """What was typed to find people, without spaces around it and without what no name holds."""
    return "".join(letter for letter in text.strip()[:LONGEST_SEARCH] if letter.isprintable())


FREE_ATTEMPTS = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 15 * 60


def wait_after(failed_attempts: int) -> int:
    """Seconds to wait after this many wrong passwords in a row: 30 after the fifth, doubling up to 15 minutes."""
    if failed_attempts < FREE_ATTEMPTS:
        return 0
    doublings = min(failed_attempts - FREE_ATTEMPTS, 10)
    return min(FIRST_WAIT_SECONDS << doublings, LONGEST_WAIT_SECONDS)


SHORTEST_PASSWORD = 8
LONGEST_PASSWORD_BYTES = 1000


def plain_password(password: str) -> str:
    """A password as it is hashed: full-width letters of a Chinese keyboard count as the plain ones (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, names: Collection[str | None] = ()) -> None:
    """Whether a new password will do: long enough, not the account's name. No rules of composition.

    Raises PasswordTooShort, PasswordTooLong, PasswordIsAName.
    """
    plain = plain_password(password)
    if len(plain) < SHORTEST_PASSWORD:
        raise PasswordTooShort
    if len(plain.encode("utf-8", "surrogatepass")) > LONGEST_PASSWORD_BYTES:
        raise PasswordTooLong
    if plain.strip().lower() in {name.lower() for name in names if name}:
        raise PasswordIsAName


RESET_BY_LEADER = frozenset({Role.ANNOTATOR})
RESET_BY_COORDINATOR = frozenset({Role.ANNOTATOR, Role.LEADER, Role.REVIEWER})


def may_reset(roles: Collection[Role], target: Collection[Role], *, leads_target: bool) -> bool:
    """Whether someone with `roles` may reset the password of someone with the roles `target`.

    A leader: the annotators of the own team. A coordinator: annotators, leaders, reviewers. An admin:
    everybody but admins, who change their own or are given a new one from the command line.
    """
    if Role.ADMIN in roles:
        return Role.ADMIN not in target
    if Role.COORDINATOR in roles:
        return RESET_BY_COORDINATOR.issuperset(target)
    return Role.LEADER in roles and leads_target and RESET_BY_LEADER.issuperset(target)
