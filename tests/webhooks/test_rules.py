"""Where messages may go, and how they are signed."""

import hashlib
import hmac
from ipaddress import ip_address

import pytest

from leye_platform.webhooks.rules import AddressRefused, check_address, is_public, secret_of, signature_of


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "http://example.org/",
        "https://",
        "https:///x",
        "https://user:word@example.org/",
        "https://exa mple.org/",
        "https://example.org/\nHost: inner",
        "https://example.org:99999/",
        "https://[::1/",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_an_address_that_is_none_or_hides_something_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(address, private=False)


def test_plain_http_is_for_ones_own_network_alone() -> None:
    assert check_address(" https://example.org:8443/a?b=1 ", private=False).port == 8443
    assert check_address("http://127.0.0.1:9000/", private=True).hostname == "127.0.0.1"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104 -- an address to refuse, not to bind
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
        *("64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::", "2001:0:1::1", "2001:db8::1"),
    ],
)
def test_inner_networks_are_not_public_however_they_are_written(host: str) -> None:
    assert not is_public(ip_address(host))


def test_the_public_network_is() -> None:
    for host in ("1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"):
        assert is_public(ip_address(host))


def test_a_signature_binds_time_and_body_and_the_secret_can_be_renewed() -> None:
    secret = secret_of("m" * 32, "a", 1)
    assert len({secret, secret_of("m" * 32, "a", 2), secret_of("m" * 32, "b", 1), secret_of("n" * 32, "a", 1)}) == 4
    expected = hmac.new(secret.encode(), b'17.{"a":1}', hashlib.sha256).hexdigest()
    assert signature_of(secret, 17, b'{"a":1}') == f"v1={expected}"
    assert signature_of(secret, 18, b'{"a":1}') != signature_of(secret, 17, b'{"a":1}')
