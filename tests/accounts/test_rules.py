"""What sign-in decides: names, throttle, passwords, homes, resets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.accounts.errors import PasswordIsAName, PasswordTooLong, PasswordTooShort
from leye_platform.accounts.rules import (
    LONGEST_WAIT_SECONDS,
    OrganisationKind,
    Role,
    check_password,
    email_of,
    home_of,
    kinds_for,
    may_reset,
    phone_of,
    read_sign_in_name,
    safe_next,
    wait_after,
)


@pytest.mark.parametrize(
    "typed",
    [
        "13800000000",
        "+86 138 0000 0000",
        "0086-138-0000-0000",
        "86 13800000000",
        "１３８００００００００",
        " 138-0000-0000 ",
    ],
)
def test_a_phone_number_is_known_however_it_is_typed(typed: str) -> None:
    assert phone_of(typed) == "13800000000"


def test_a_foreign_phone_number_keeps_its_country() -> None:
    assert phone_of("+44 20 7946 0000") == "+442079460000"


@pytest.mark.parametrize("typed", ["12345", "a13800000000", "", "1" * 16, "８６"])
def test_what_is_no_phone_number_is_none(typed: str) -> None:
    assert phone_of(typed) is None


def test_an_email_address_is_kept_in_small_letters() -> None:
    assert email_of(" Annotator-03@Demo.Example ") == "annotator-03@demo.example"


@pytest.mark.parametrize(
    "typed", ["", "nobody", "a@b", "a b@demo.example", "@demo.example", "a@@demo.example", "a" * 250 + "@demo.example"]
)
def test_what_is_no_email_address_is_none(typed: str) -> None:
    assert email_of(typed) is None


def test_a_staff_number_may_look_like_a_phone_number() -> None:
    assert read_sign_in_name(" 20260001 ") == (None, "20260001", "20260001")


@given(st.text())
def test_any_text_can_be_typed_as_a_name(typed: str) -> None:
    read_sign_in_name(typed)


def test_the_wait_begins_after_five_wrong_passwords_and_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(failed) for failed in range(1, 12)]
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]
    assert wait_after(10_000) == LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    "password", ["八个汉字也可以的", "with some spaces", "        ", "12345678", "😀" * 8, "x" * 1000]
)
def test_a_password_of_eight_characters_will_do_whatever_they_are(password: str) -> None:
    check_password(password, ["annotator-03@demo.example"])


def test_a_short_password_is_refused() -> None:
    with pytest.raises(PasswordTooShort):
        check_password("seven77")


def test_a_password_beyond_a_thousand_bytes_is_refused() -> None:
    with pytest.raises(PasswordTooLong):
        check_password("字" * 334)


def test_the_name_of_the_account_is_no_password() -> None:
    with pytest.raises(PasswordIsAName):
        check_password("Annotator-03@demo.example", ["annotator-03@demo.example", None])


@pytest.mark.parametrize(
    ("roles", "home"),
    [
        ({Role.ANNOTATOR}, "/work"),
        ({Role.LEADER}, "/work"),
        ({Role.REVIEWER}, "/review"),
        ({Role.COORDINATOR}, "/projects"),
        ({Role.PARTNER_QA}, "/partner"),
        ({Role.FINANCE}, "/billing"),
        ({Role.ADMIN}, "/admin"),
        ({Role.ADMIN, Role.ANNOTATOR, Role.REVIEWER}, "/work"),
        ({Role.ADMIN, Role.COORDINATOR}, "/projects"),
        (set(), "/me"),
    ],
)
def test_each_role_has_a_home_and_several_roles_the_first_of_the_table(roles: set[Role], home: str) -> None:
    assert home_of(roles) == home


def test_every_role_has_a_home_of_its_own_and_an_organisation_to_be_held_in() -> None:
    assert all(home_of({role}) != "/me" and kinds_for(role) for role in Role)
    assert kinds_for(Role.PARTNER_ADMIN) == {OrganisationKind.PARTNER}
    assert kinds_for(Role.ANNOTATOR) == {OrganisationKind.OPERATOR, OrganisationKind.BASE}
    assert kinds_for(Role.FINANCE) == {OrganisationKind.OPERATOR}


@pytest.mark.parametrize("path", ["/work", "/projects/3?page=2"])
def test_sign_in_goes_on_to_a_path_of_the_site(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path", ["", "/", "//evil.example", "https://evil.example", "/\\evil.example", "/\n/evil", "work"]
)
def test_sign_in_never_leads_away_from_the_site(path: str) -> None:
    assert safe_next(path) is None


@pytest.mark.parametrize(
    ("roles", "target", "leads", "may"),
    [
        ({Role.LEADER}, {Role.ANNOTATOR}, True, True),
        ({Role.LEADER}, {Role.ANNOTATOR}, False, False),
        ({Role.LEADER}, {Role.ANNOTATOR, Role.REVIEWER}, True, False),
        ({Role.LEADER}, {Role.LEADER}, True, False),
        ({Role.COORDINATOR}, {Role.ANNOTATOR}, False, True),
        ({Role.COORDINATOR}, {Role.LEADER, Role.REVIEWER}, False, True),
        ({Role.COORDINATOR}, {Role.COORDINATOR}, False, False),
        ({Role.COORDINATOR}, {Role.PARTNER_ADMIN}, False, False),
        ({Role.COORDINATOR}, {Role.ANNOTATOR, Role.ADMIN}, False, False),
        ({Role.ADMIN}, {Role.PARTNER_ADMIN}, False, True),
        ({Role.ADMIN}, {Role.COORDINATOR}, False, True),
        ({Role.ADMIN}, {Role.ADMIN}, False, False),
        ({Role.ANNOTATOR}, {Role.ANNOTATOR}, True, False),
        ({Role.REVIEWER}, {Role.ANNOTATOR}, True, False),
    ],
)
def test_who_may_reset_whose_password(roles: set[Role], target: set[Role], leads: bool, may: bool) -> None:
    assert may_reset(roles, target, leads_target=leads) is may
