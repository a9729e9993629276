"""What webhooks tell, where to, and how a message is signed. Pure."""

import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from urllib.parse import SplitResult, urlsplit

from leye_platform.errors import N_, Refused

LONGEST_ADDRESS = 2000  # characters
MOST_OF_A_PROJECT = 10
RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21600))
"""How long a message waits after its first, second … failure; after one more it has failed."""
MOST_TRIES = len(RETRY_AFTER) + 1


class Event(StrEnum):
    LOT_DELIVERED = "lot.delivered"
    LOT_ACCEPTED = "lot.accepted"
    LOT_SENT_BACK = "lot.sent_back"
    EXPORT_READY = "export.ready"


EVENT_WORDS: dict[Event, str] = {
    Event.LOT_DELIVERED: N_("有交付批可以验收"),
    Event.LOT_ACCEPTED: N_("交付批验收了"),
    Event.LOT_SENT_BACK: N_("退回了条目"),
    Event.EXPORT_READY: N_("导出文件写好了"),
}


class MessageState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    FAILED = "failed"


_M = MessageState
MESSAGE_MOVES: dict[MessageState, frozenset[MessageState]] = {
    _M.WAITING: frozenset({_M.TAKEN, _M.FAILED}),
    _M.TAKEN: frozenset(),
    _M.FAILED: frozenset(),
}


class AddressRefused(Refused):
    sentence = N_("网址要像 https://example.org/leye 这样，不带用户名和密码，最多 2000 个字。请改好，再保存。")


class AddressPrivate(Refused):
    sentence = N_("这个网址指向内部网络，平台不往那里发消息。请用公网上的网址。")


class EventUnknown(Refused):
    sentence = N_("请至少选一件要通知的事。")


def check_address(address: str, *, private: bool) -> SplitResult:
    """The parts of an address that messages may go to; private: the installation allows http and its own network.

    Raises AddressRefused.
    """
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError:
        raise AddressRefused from None
    schemes = {"https", "http"} if private else {"https"}
    plain = address.isprintable() and " " not in address.strip() and len(address) <= LONGEST_ADDRESS
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or not plain:
        raise AddressRefused
    return parts


_CARRIES_IPV4 = tuple(IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""Translated and tunnelled networks: behind such an address may be any host of an inner one."""


def is_public(host: IPv4Address | IPv6Address) -> bool:
    """Whether an address lies in the public network, also where it wraps another."""
    if isinstance(host, IPv6Address):
        if host.ipv4_mapped is not None:
            return is_public(host.ipv4_mapped)
        if any(host in network for network in _CARRIES_IPV4):
            return False
    return host.is_global and not host.is_multicast and not host.is_reserved


def secret_of(master: str, webhook_id: str, turn: int) -> str:
    """A webhook's secret: made from the installation's own, so that it is stored nowhere. turn: counts its renewals."""
    return hmac.new(master.encode(), f"webhook:{webhook_id}:{turn}".encode(), hashlib.sha256).hexdigest()


def signature_of(secret: str, timestamp: int, body: bytes) -> str:
    """What the header `Leye-Signature` says. timestamp: seconds, in the header `Leye-Timestamp`."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"
