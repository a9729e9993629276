"""Sending notices outside the site."""

from typing import Any
from uuid import UUID

from leye_platform.installation import Installation
from leye_platform.notices.mail import mail_channel
from leye_platform.notices.sending import send_waiting


def send_mail(installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
    """Send all mail that waits."""
    send_waiting(installation, job_id, mail_channel(installation.settings, installation.clock))
