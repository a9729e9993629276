"""Tokens in pages: masked anew each time, and known again."""

from hypothesis import given
from hypothesis import strategies as st

from leye_platform.accounts.tokens import is_token, masked, new_token


def test_a_token_looks_different_each_time_and_is_known_again() -> None:
    token = new_token()
    shown = {masked(token) for _ in range(20)}
    assert len(shown) == 20
    assert token not in shown
    assert all(is_token(one, token) for one in shown)
    assert is_token(token, token), "a script sends it as it was given"


def test_another_token_is_not_taken() -> None:
    token, other = new_token(), new_token()
    assert not is_token(other, token)
    assert not is_token(masked(other), token)


@given(st.text(max_size=200))
def test_nothing_else_is_taken_and_nothing_breaks(given_text: str) -> None:
    token = "a" * 43
    assert is_token(given_text, token) is (given_text == token)


def test_a_token_is_no_option_to_a_command() -> None:
    assert not [token for token in (new_token() for _ in range(1000)) if token.startswith("-")]
