"""Signing in by password: names, throttle, sessions, outdated hashes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from leye_platform.accounts import passwords
from leye_platform.accounts.errors import SignInRefused, SignInThrottled
from leye_platform.accounts.models import Credential, Person, SignInSession
from leye_platform.accounts.rules import PersonState, Role
from leye_platform.accounts.service import add_user
from leye_platform.accounts.service.sign_ins import SignedIn
from leye_platform.accounts.sign_in import sign_in
from leye_platform.database import Database
from support.clock import MovableClock
from support.factories import AT

EMAIL, PASSWORD = "annotator-03@demo.example", "correct horse 电池"


@pytest.fixture
def account(database: Database) -> None:
    with database.write() as session:
        person, _ = add_user(session, EMAIL, "annotator", None, PASSWORD, AT)
        person.phone, person.staff_number = "13800000000", "0303"


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("name", [EMAIL, "ANNOTATOR-03@demo.example ", "+86 138 0000 0000", "0303"])
def test_a_person_signs_in_by_email_phone_or_staff_number(database: Database, name: str) -> None:
    signed_in = sign_in(database, name, PASSWORD, AT)
    assert signed_in.roles == {Role.ANNOTATOR}
    assert signed_in.expires_at == AT + timedelta(hours=24)


@pytest.mark.usefixtures("account")
def test_who_stays_signed_in_stays_for_thirty_days(database: Database) -> None:
    assert sign_in(database, EMAIL, PASSWORD, AT, stay=True).expires_at == AT + timedelta(days=30)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "x" * 100_000, "\ud800"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(database: Database, password: str) -> None:
    said = []
    for name in (EMAIL, "nobody@demo.example"):
        with pytest.raises(SignInRefused) as refused:
            sign_in(database, name, password, AT)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_an_unknown_name_costs_a_verification_with_todays_parameters(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not passwords.is_outdated(passwords.NOBODYS_HASH)
    verified: list[str | None] = []

    def noting(password_hash: str | None, password: str) -> bool:
        verified.append(password_hash)
        return False

    monkeypatch.setattr("leye_platform.accounts.sign_in.is_password", noting)
    with pytest.raises(SignInRefused):
        sign_in(database, "nobody@demo.example", PASSWORD, AT)
    assert verified == [None]
    assert not passwords.is_password(None, PASSWORD)


def wrong(database: Database, clock: MovableClock, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in(database, EMAIL, "wrong", clock.now())


@pytest.mark.usefixtures("account")
def test_after_five_wrong_passwords_the_right_one_waits_too(database: Database, clock: MovableClock) -> None:
    wrong(database, clock, 5)
    clock.move(seconds=10)
    for password in (PASSWORD, "wrong"):
        with pytest.raises(SignInThrottled) as throttled:
            sign_in(database, EMAIL, password, clock.now())
        assert throttled.value.arguments == {"seconds": 20}
    clock.move(seconds=20)
    wrong(database, clock, 1)
    with pytest.raises(SignInThrottled) as throttled:
        sign_in(database, EMAIL, PASSWORD, clock.now())
    assert throttled.value.arguments == {"seconds": 60}
    clock.move(seconds=60)
    assert isinstance(sign_in(database, EMAIL, PASSWORD, clock.now()), SignedIn)


@pytest.mark.usefixtures("account")
def test_signing_in_forgets_the_wrong_passwords(database: Database, clock: MovableClock) -> None:
    for _ in range(3):
        wrong(database, clock, 4)
        sign_in(database, EMAIL, PASSWORD, clock.now())


@pytest.mark.usefixtures("account")
def test_many_guesses_at_the_same_moment_are_counted_one_by_one(database: Database, clock: MovableClock) -> None:
    def guess(_: int) -> type[Exception]:
        try:
            sign_in(database, EMAIL, "wrong", clock.now())
        except (SignInRefused, SignInThrottled) as error:
            return type(error)
        raise AssertionError("a wrong password signed in")

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(12)))
    assert outcomes.count(SignInRefused) == 5
    with database.read() as session:
        assert session.scalars(select(Credential.failed_attempts)).one() == 5


@pytest.mark.usefixtures("account")
def test_a_guess_that_was_verified_before_the_throttle_began_is_refused_though_right(
    database: Database, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(password_hash: str | None, password: str) -> bool:
        with database.write() as session:
            credential = session.scalars(select(Credential)).one()
            credential.throttled_until = clock.now() + timedelta(seconds=30)
        return True

    monkeypatch.setattr("leye_platform.accounts.sign_in.is_password", slowly)
    with pytest.raises(SignInThrottled):
        sign_in(database, EMAIL, PASSWORD, clock.now())


@pytest.mark.usefixtures("account")
def test_no_writing_session_is_held_while_a_password_is_verified(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = passwords.is_password

    def writing_meanwhile(password_hash: str | None, password: str) -> bool:
        with database.write() as session:  # on SQLite this would wait for ever on a writer of our own
            session.scalars(select(Person)).one().name = "标注员 03"
        return real(password_hash, password)

    monkeypatch.setattr("leye_platform.accounts.sign_in.is_password", writing_meanwhile)
    sign_in(database, EMAIL, PASSWORD, AT)


@pytest.mark.usefixtures("account")
def test_a_hash_with_old_parameters_is_renewed_at_the_next_sign_in(database: Database) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with database.write() as session:
        session.scalars(select(Credential)).one().password_hash = old
    sign_in(database, EMAIL, PASSWORD, AT)
    with database.read() as session:
        renewed = session.scalars(select(Credential.password_hash)).one()
    assert renewed != old
    assert not passwords.is_outdated(renewed)
    sign_in(database, EMAIL, PASSWORD, AT)


@pytest.mark.usefixtures("account")
def test_who_has_left_is_as_unknown_as_anybody(database: Database) -> None:
    with database.write() as session:
        session.scalars(select(Person)).one().state = PersonState.LEFT
    with pytest.raises(SignInRefused):
        sign_in(database, EMAIL, PASSWORD, AT)
    with database.read() as session:
        assert session.scalars(select(SignInSession)).all() == []


def test_full_width_letters_of_a_chinese_keyboard_are_the_plain_ones() -> None:
    assert passwords.is_password(passwords.hash_password("ａｂｃｄ１２３４"), "abcd1234")


@pytest.mark.usefixtures("account")
def test_the_token_itself_is_kept_nowhere(database: Database) -> None:
    token = sign_in(database, EMAIL, PASSWORD, AT).token
    with database.read() as session:
        assert token not in str(session.scalars(select(SignInSession.token_hash)).one())
