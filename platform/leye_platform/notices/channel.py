"""The port through which a notice leaves the site. Mail is one adapter; SMS and chat robots are others."""

from typing import Protocol
from uuid import UUID


class ChannelAway(Exception):
    """The way out is closed just now, for all messages: nothing was sent. The text says why, for the administrator."""


class PutOff(Exception):
    """This one message was not taken just now; it may be taken later."""


class SendRefused(Exception):
    """This one message will never be taken; the text says why."""


class MaybeSent(Exception):
    """It broke off after all was said and before the answer came: it is not sent again."""


class Channel(Protocol):
    """Sends plain text to an address of its own kind."""

    def send(self, address: str, subject: str, text: str, *, reference: UUID) -> None:
        """Send one message. reference: the same for each try, so that receivers know a double.

        Raises ChannelAway, PutOff, SendRefused, MaybeSent.
        """
