"""A mail server on a port of its own, which takes, puts off, refuses or drops what is handed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from support.servers import free_port

TAKEN = "250 taken"


@dataclass
class PostOffice:
    """`messages`: what was taken. answers: what it says to a recipient; `at_the_end`: to a whole message."""

    url: str = ""
    messages: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    at_the_end: str = TAKEN
    hangs_up_at_the_end: bool = False
    signed_in: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.get(address, TAKEN)
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hangs_up_at_the_end:
            assert server.transport is not None
            server.transport.close()
        if self.at_the_end == TAKEN:
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
        return self.at_the_end

    def admit(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.signed_in.append(f"{data.login.decode()}:{data.password.decode()}")
        return AuthResult(success=data.password == b"p@ss", handled=False)

    def to(self) -> list[str]:
        return [str(message["To"]) for message in self.messages]


@contextmanager
def post_office(*, sign_in: bool = False) -> Iterator[PostOffice]:
    """Serve until the block ends."""
    office, port = PostOffice(), free_port()
    more: dict[str, Any] = (
        {"auth_required": True, "auth_require_tls": False, "authenticator": office.admit} if sign_in else {}
    )
    controller = Controller(office, hostname="127.0.0.1", port=port, **more)
    office.url = f"smtp://127.0.0.1:{port}?tls=none"
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
