"""A partner's own program is told what happens: signed, once for each event, again when asked, and nowhere inside."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.webhooks.models import WebhookMessage
from leye_platform.webhooks.rules import MOST_TRIES, Event, MessageState
from leye_platform.webhooks.sending import NotTaken, send_message
from leye_workers.execution import Execution
from leye_workers.locks import locks_for
from support.clock import MovableClock
from support.shipping import Shipping

EVERY = [event.value for event in Event]


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


class Receiver:
    """A partner's program: keeps what it is sent, and answers with the next of `answers`, then 200."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.address = ""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{receiver.address}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}/hook?key=1"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def inner(shipping: Shipping) -> Installation:
    """The installation, which allows its own network."""
    settings = shipping.installation.settings.model_copy(update={"webhooks_to_private": True})
    return replace(shipping.installation, settings=settings)


def allow_inner(shipping: Shipping) -> None:
    shipping.installation = inner(shipping)


def add(shipping: Shipping, firm: UUID, project_id: UUID, address: str, events: list[str]) -> tuple[Any, Any]:
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    answer = script.post(f"/api/v1/projects/{project_id}/webhooks", json={"address": address, "events": events})
    assert answer.status_code == 201, answer.text
    return script, answer.json()


def messages(shipping: Shipping) -> list[WebhookMessage]:
    with shipping.database.read() as session:
        return list(session.scalars(select(WebhookMessage).order_by(WebhookMessage.id)))


def work_off(shipping: Shipping) -> None:
    """Run each job once that waits, as a runner does."""
    execution = Execution(shipping.installation, locks_for(shipping.installation))
    with shipping.database.read() as session:
        jobs = session.scalars(select(OutboxRow.id).where(OutboxRow.job == JobName.SEND_WEBHOOK).order_by(OutboxRow.id))
        waiting = list(jobs)
    for job_id in waiting:
        execution.run(job_id)


def test_what_happens_to_a_lot_is_told_signed_and_without_data(shipping: Shipping) -> None:
    allow_inner(shipping)
    batch, _author = shipping.answered(3)
    firm = shipping.project(batch.project_id).organisation_id
    with receiving() as receiver:
        _, webhook = add(shipping, firm, batch.project_id, receiver.address, EVERY)
        lot_id = shipping.cut(batch.batch_id)
        qa = shipping.actor(Role.PARTNER_QA, firm)
        shipping.send_back(qa, lot_id, shipping.items_of(lot_id)[:1])
        shipping.accept(lot_id, qa)
        work_off(shipping)
        work_off(shipping)
    bodies = [orjson.loads(body) for _, body in receiver.heard]
    assert [body["event"] for body in bodies] == ["lot.delivered", "lot.sent_back", "lot.accepted"]
    assert bodies[1]["items"] == 1
    assert {body["lot"] for body in bodies} == {str(lot_id)}
    for (headers, body), told in zip(receiver.heard, bodies, strict=True):
        signed = headers["leye-timestamp"].encode() + b"." + body
        digest = hmac.new(webhook["secret"].encode(), signed, hashlib.sha256).hexdigest()
        assert headers["leye-signature"] == f"v1={digest}"
        assert headers["leye-event"] == told["event"]
        assert headers["host"] == receiver.address.split("/")[2]
        assert "味道" not in body.decode()
    assert [message.state for message in messages(shipping)] == [MessageState.TAKEN] * 3


def test_only_what_is_wanted_is_told_and_nothing_after_the_end(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    project_id, firm = shipped.batch.project_id, shipped.organisation_id
    script, webhook = add(shipping, firm, project_id, "https://firm.example/x", ["lot.accepted"])
    shipping.send_back(shipping.actor(Role.PARTNER_QA, firm), shipped.lot_id, shipping.items_of(shipped.lot_id)[:1])
    assert messages(shipping) == []
    shipping.accept(shipped.lot_id)
    [message] = messages(shipping)
    assert script.delete(f"/api/v1/webhooks/{webhook['id']}").status_code == 204
    assert script.get(f"/api/v1/projects/{project_id}/webhooks").json() == []
    send_message(shipping.installation, message.id, resolve=nowhere)
    [message] = messages(shipping)
    assert (message.state, message.tries) == (MessageState.FAILED, 0)
    assert script.post(f"/api/v1/webhook-messages/{message.id}/replay").status_code == 404


def nowhere(_host: str, _port: int) -> list[str]:
    raise AssertionError("nothing is to be looked up")


def test_a_receiver_that_fails_is_asked_again_and_given_up_in_the_end(shipping: Shipping) -> None:
    allow_inner(shipping)
    shipped = shipping.shipped(1)
    with receiving() as receiver:
        script, webhook = add(shipping, shipped.organisation_id, shipped.batch.project_id, receiver.address, EVERY)
        receiver.answers = [500, 302, 200]
        shipping.accept(shipped.lot_id)
        for state, status in ((MessageState.WAITING, 500), (MessageState.WAITING, 302), (MessageState.TAKEN, 200)):
            work_off(shipping)
            [message] = messages(shipping)
            assert (message.state, message.status) == (state, status)
        assert len(receiver.heard) == 3, "a redirection is not followed"
        path = f"/api/v1/webhook-messages/{message.id}/replay"
        receiver.answers = [503] * MOST_TRIES
        repeated = script.post(path).json()
        for _ in range(MOST_TRIES + 2):
            work_off(shipping)
    listed = script.get(f"/api/v1/webhooks/{webhook['id']}/messages").json()
    assert [(one["state"], one["tries"], one["problem"]) for one in listed] == [
        ("failed", MOST_TRIES, "HTTP 503"),
        ("taken", 3, None),
    ]
    assert repeated["replay_of"] == str(message.id)
    assert repeated["event_id"] == str(message.event_id)
    with shipping.database.read() as session:
        jobs = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.SEND_WEBHOOK)).all()
    assert all(job.done_at is not None and job.failed_at is None for job in jobs), "no administrator is woken for it"


def test_a_name_that_leads_inside_is_not_called_whatever_it_said_before(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    add(shipping, shipped.organisation_id, shipped.batch.project_id, "https://firm.example/x", EVERY)
    shipping.accept(shipped.lot_id)
    [message] = messages(shipping)

    def never(_request: httpx.Request) -> httpx.Response:
        raise AssertionError("it was called")

    for found in (["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["fe80::1%eth0"], ["::ffff:169.254.169.254"]):
        with pytest.raises(NotTaken, match="AddressPrivate"):
            send_message(
                shipping.installation,
                message.id,
                resolve=lambda _host, _port, found=found: found,  # type: ignore[misc]  # bound in the loop
                transport=httpx.MockTransport(never),
            )


def test_the_connection_goes_to_the_address_that_was_looked_at(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    add(shipping, shipped.organisation_id, shipped.batch.project_id, "https://firm.example:8443/x?a=1", EVERY)
    shipping.accept(shipped.lot_id)
    [message] = messages(shipping)
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    send_message(
        shipping.installation,
        message.id,
        resolve=lambda _host, _port: ["2606:4700::1111"],
        transport=httpx.MockTransport(answer),
    )
    [request] = seen
    assert str(request.url) == "https://[2606:4700::1111]:8443/x?a=1"
    assert request.headers["host"] == "firm.example:8443"
    assert request.extensions["sni_hostname"] == "firm.example"
    send_message(shipping.installation, message.id, resolve=nowhere)
    [message] = messages(shipping)
    assert (message.state, message.status, message.tries) == (MessageState.TAKEN, 204, 1)


def test_a_host_that_is_not_there_is_a_problem_in_words(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    add(shipping, shipped.organisation_id, shipped.batch.project_id, "https://firm.example/x", EVERY)
    shipping.accept(shipped.lot_id)
    [message] = messages(shipping)

    def lost(_host: str, _port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(NotTaken):
        send_message(shipping.installation, message.id, resolve=lost)
    assert messages(shipping)[0].problem == "OSError: no such host"


def test_bad_addresses_and_too_many_are_refused_and_secrets_renewed(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    path = f"/api/v1/projects/{shipped.batch.project_id}/webhooks"
    script, webhook = add(shipping, shipped.organisation_id, shipped.batch.project_id, "https://a.example/", EVERY)
    for body in (
        {"address": "http://a.example/", "events": EVERY},
        {"address": "https://u:p@a.example/", "events": EVERY},
        {"address": "https://a.example/", "events": []},
        {"address": "https://a.example/", "events": ["lot.lost"]},
    ):
        assert script.post(path, json=body).status_code == 422
    for number in range(9):
        add(shipping, shipped.organisation_id, shipped.batch.project_id, f"https://a.example/{number}", EVERY)
    assert script.post(path, json={"address": "https://a.example/", "events": EVERY}).status_code == 409
    renewed = script.post(f"/api/v1/webhooks/{webhook['id']}/secret").json()
    assert renewed["secret"] != webhook["secret"]
    stranger = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipping.firm()).person_id)
    assert stranger.get(f"/api/v1/webhooks/{webhook['id']}/messages").status_code == 404
    qa = shipping.script(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    assert qa.get(path).status_code == 403


def test_the_page_adds_shows_repeats_and_ends(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, shipped.organisation_id).person_id)
    path = f"/partner/projects/{shipped.batch.project_id}/webhooks"
    assert f'href="{path}"' in browser.get(f"/partner/projects/{shipped.batch.project_id}").text
    refused = browser.post(path, address="http://a.example/", events=["lot.accepted"])
    assert refused.status_code == 422
    assert "网址要像" in refused.text
    assert 'value="http://a.example/"' in refused.text
    assert "请至少选一件" in browser.post(path, address="https://a.example/").text
    assert browser.post(path, address="https://a.example/", events=["lot.accepted"]).status_code == 303
    assert "还没有发过消息" in browser.get(path).text
    shipping.accept(shipped.lot_id)
    [message] = messages(shipping)
    assert "在发" in browser.get(path).text
    send_message(
        shipping.installation,
        message.id,
        resolve=lambda _host, _port: ["1.1.1.1"],
        transport=httpx.MockTransport(lambda _request: httpx.Response(200)),
    )
    page = browser.get(path).text
    assert "对方收了" in page
    assert browser.post(f"{path}/messages/{message.id}").status_code == 303
    assert "，重发的" in browser.get(path).text
    assert len(messages(shipping)) == 2
    webhook_id = message.webhook_id
    assert browser.post(f"{path}/{webhook_id}", deed="renew").status_code == 303
    assert browser.post(f"{path}/{webhook_id}", deed="end").status_code == 303
    assert "https://a.example/" not in browser.get(path).text
