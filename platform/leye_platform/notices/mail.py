"""Mail by SMTP (RFC 5321), step by step, so that it is known whether a message was taken when something breaks."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from leye_platform.clock import Clock
from leye_platform.notices.channel import ChannelAway, MaybeSent, PutOff, SendRefused
from leye_platform.notices.mail_server import MailServer, Tls
from leye_platform.settings import Settings

PATIENCE_SECONDS = 20
LONGEST_ANSWER = 300  # characters of the server's words that are kept
_LINE_THAT_BEGINS_WITH_A_DOT = re.compile(rb"^\.", re.MULTILINE)
GO_AHEAD, FAILED_FOR_GOOD = 354, 500


@dataclass(frozen=True)
class MailChannel:
    """Hands each message in on a connection of its own."""

    server: MailServer
    sender: str
    clock: Clock

    def send(self, address: str, subject: str, text: str, *, reference: UUID) -> None:
        """Raises ChannelAway, PutOff, SendRefused, MaybeSent."""
        message = self._message(address, subject, text, reference, self.clock.now())
        with self._connection() as smtp:
            _expect(*_answer(smtp, "mail", self.sender))
            _expect(*_answer(smtp, "rcpt", address))
            code, words = _answer(smtp, "data")
            if code != GO_AHEAD:
                _expect(code, words)
            _hand_over(smtp, message)

    def check(self) -> None:
        """Whether the server lets us in. Raises ChannelAway."""
        with self._connection():
            pass

    def _message(self, address: str, subject: str, text: str, reference: UUID, now: datetime) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self.sender, address, subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{reference}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        written = message.as_bytes()
        ended = written if written.endswith(b"\r\n") else written + b"\r\n"
        return _LINE_THAT_BEGINS_WITH_A_DOT.sub(b"..", ended)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """A connection on which messages can be handed in. Raises ChannelAway."""
        server = self.server
        try:
            if server.tls is Tls.ALWAYS:
                context = ssl.create_default_context()
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=PATIENCE_SECONDS, context=context
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, timeout=PATIENCE_SECONDS)
            smtp.ehlo_or_helo_if_needed()
            if server.tls is Tls.STARTTLS:
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelAway(f"{server.host}:{server.port} {_said(error)}") from None
        try:
            yield smtp
        finally:
            smtp.close()


def _answer(smtp: smtplib.SMTP, step: str, address: str = "") -> tuple[int, str]:
    """What the server says to a step before the message itself; nothing is sent yet. Raises ChannelAway."""
    try:
        if step == "data":
            code, words = smtp.docmd("DATA")
        else:
            code, words = smtp.mail(address) if step == "mail" else smtp.rcpt(address)
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelAway(_said(error)) from None
    return code, words.decode("utf-8", "replace")[:LONGEST_ANSWER]


def _expect(code: int, words: str) -> None:
    """Raises PutOff (4xx) and SendRefused (5xx)."""
    if 200 <= code < 300:
        return
    raise (SendRefused if code >= FAILED_FOR_GOOD else PutOff)(f"{code} {words}")


def _hand_over(smtp: smtplib.SMTP, message: bytes) -> None:
    try:
        smtp.send(message + b".\r\n")
        code, words = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise MaybeSent(_said(error)) from None
    _expect(code, words.decode("utf-8", "replace")[:LONGEST_ANSWER])


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        told = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        return f"{error.smtp_code} {told}"[:LONGEST_ANSWER]
    return f"{type(error).__name__}: {error}"[:LONGEST_ANSWER]


def mail_channel(settings: Settings, clock: Clock) -> MailChannel | None:
    """The mail channel that the settings describe; None without LEYE_MAIL_URL."""
    if not settings.mail_url:
        return None
    host = urlsplit(settings.base_url).hostname or "localhost"
    return MailChannel(MailServer.parse(settings.mail_url), settings.mail_from or f"leye@{host}", clock)
