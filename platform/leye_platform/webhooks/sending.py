"""The job that sends one message. It is sent at least once: a receiver tells repeats apart by `event_id`.

The host's name is looked up here, its address is looked at, and the connection is made to that very address: a name
that answers otherwise a moment later leads nowhere else. Redirections are not followed, and no proxy of the
environment is used.
"""

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import SplitResult
from uuid import UUID

import httpx
import orjson

from leye_platform.installation import Installation
from leye_platform.states import check_move
from leye_platform.webhooks.models import Webhook, WebhookMessage
from leye_platform.webhooks.rules import (
    MESSAGE_MOVES,
    MOST_TRIES,
    AddressPrivate,
    AddressRefused,
    MessageState,
    check_address,
    is_public,
    secret_of,
    signature_of,
)

PATIENCE_SECONDS = 10.0
LONGEST_PROBLEM = 300  # characters
TAKEN = range(200, 300)
ENDED = "the webhook was ended"
Resolve = Callable[[str, int], list[str]]


class NotTaken(Exception):
    """The receiver did not take the message: the job is to be tried again."""


class _Outgoing(NamedTuple):
    address: str
    body: bytes
    headers: dict[str, str]


def send_message(
    installation: Installation,
    message_id: UUID,
    *,
    resolve: Resolve | None = None,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Send a message that waits, and note what became of it.

    Raises NotTaken while there are tries left.
    """
    outgoing = _prepare(installation, message_id)
    if outgoing is None:
        return
    private = installation.settings.webhooks_to_private
    status, problem = None, None
    try:
        status = _post(outgoing, private=private, resolve=resolve or addresses_of, transport=transport)
        problem = None if status in TAKEN else f"HTTP {status}"
    except (AddressRefused, AddressPrivate) as refused:
        problem = type(refused).__name__
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        problem = f"{type(error).__name__}: {error}"
    if _settle(installation, message_id, status, problem) is MessageState.WAITING:
        raise NotTaken(problem)


def _prepare(installation: Installation, message_id: UUID) -> _Outgoing | None:
    with installation.database.read() as session:
        message = session.get_one(WebhookMessage, message_id)
        if message.state is not MessageState.WAITING:
            return None
        webhook = session.get_one(Webhook, message.webhook_id)
        if webhook.ended_at is None:
            timestamp = int(installation.clock.now().timestamp())
            body = orjson.dumps({"event_id": message.event_id, **message.body})
            secret = secret_of(installation.secret, str(webhook.id), webhook.turn)
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "Leye-Webhooks/1",
                "Leye-Event": message.event,
                "Leye-Message": str(message.id),
                "Leye-Timestamp": str(timestamp),
                "Leye-Signature": signature_of(secret, timestamp, body),
            }
            return _Outgoing(webhook.address, body, headers)
    with installation.database.write() as session:
        message = session.get_one(WebhookMessage, message_id)
        message.state = check_move(MESSAGE_MOVES, message.state, MessageState.FAILED)
        message.problem, message.settled_at = ENDED, installation.clock.now()
    return None


def _post(outgoing: _Outgoing, *, private: bool, resolve: Resolve, transport: httpx.BaseTransport | None) -> int:
    parts = check_address(outgoing.address, private=private)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = resolve(host, port)
    if not private and not all(is_public(ip_address(one.partition("%")[0])) for one in found):
        raise AddressPrivate
    with (
        httpx.Client(transport=transport, timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "POST",
            _at(parts, found[0], port),
            content=outgoing.body,
            headers={**outgoing.headers, "Host": parts.netloc},
            extensions={"sni_hostname": host},  # the certificate is the name's, not the number's
        ) as answer,
    ):
        return answer.status_code  # what it says beyond that is not read


def _at(parts: SplitResult, host: str, port: int) -> str:
    where = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=f"{where}:{port}", fragment="").geturl()


def addresses_of(host: str, port: int) -> list[str]:
    """Every address of a host. Raises OSError where it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _settle(installation: Installation, message_id: UUID, status: int | None, problem: str | None) -> MessageState:
    now = installation.clock.now()
    with installation.database.write() as session:
        message = session.get_one(WebhookMessage, message_id, with_for_update=True)
        message.tries += 1
        message.status, message.problem = status, problem and problem[:LONGEST_PROBLEM]
        ended = MessageState.TAKEN if problem is None else MessageState.FAILED
        if message.state is MessageState.WAITING and (problem is None or message.tries >= MOST_TRIES):
            message.state, message.settled_at = check_move(MESSAGE_MOVES, message.state, ended), now
        return message.state
