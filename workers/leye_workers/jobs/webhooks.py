"""Telling partners' own programs."""

from typing import Any
from uuid import UUID

from leye_platform.installation import Installation
from leye_platform.webhooks.sending import send_message


def send_webhook(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Send one message, once more where the receiver did not take it."""
    send_message(installation, UUID(arguments["message_id"]))
