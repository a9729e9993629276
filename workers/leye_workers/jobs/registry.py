"""Every job by name: what runs it, and in which queue it waits.

Three queues, so that neither a large upload nor a mail server that does not answer holds up lots and invoices.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from leye_platform.installation import Installation
from leye_platform.outbox import JobName
from leye_platform.webhooks.rules import RETRY_AFTER as WEBHOOK_RETRY_AFTER
from leye_workers.jobs.erasures import erase_batch
from leye_workers.jobs.exports import write_export
from leye_workers.jobs.gold import renew_gold
from leye_workers.jobs.ingest import ingest_addition, ingest_batch, read_on
from leye_workers.jobs.invoices import issue_invoice
from leye_workers.jobs.lots import assemble_lot, count_lot, deliver_lot
from leye_workers.jobs.mail import send_mail
from leye_workers.jobs.skills import refit_skills
from leye_workers.jobs.store import sweep_store
from leye_workers.jobs.webhooks import send_webhook

RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (1, 10, 30, 120, 600))
ERASURE_RETRY_AFTER = (*RETRY_AFTER, *[timedelta(minutes=10)] * 12)
"""So that it outlasts its longest wait for answers in hand (`retention/erasing.py:LONGEST_WAIT`)."""
MAIL_RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""Mail servers are away for hours (RFC 5321, section 4.5.4.1, asks for tries over days)."""
Handler = Callable[[Installation, UUID, dict[str, Any]], None]


class QueueName(StrEnum):
    FILES = "files"
    WORK = "work"
    MAIL = "mail"


@dataclass(frozen=True)
class Job:
    """A handler takes the installation, the job's id and its arguments; running it twice is harmless.

    retry_after: how long it waits after its first, second … failure; after one more it has failed for good.
    """

    handler: Handler
    queue: QueueName = QueueName.WORK
    retry_after: tuple[timedelta, ...] = RETRY_AFTER


JOBS: Mapping[JobName, Job] = {
    JobName.INGEST_BATCH: Job(ingest_batch, QueueName.FILES),
    JobName.INGEST_ADDITION: Job(ingest_addition, QueueName.FILES),
    JobName.READ_ON: Job(read_on, QueueName.FILES),
    JobName.REFIT_SKILLS: Job(refit_skills),
    JobName.ASSEMBLE_LOT: Job(assemble_lot),
    JobName.DELIVER_LOT: Job(deliver_lot),
    JobName.COUNT_LOT: Job(count_lot),
    JobName.ISSUE_INVOICE: Job(issue_invoice),
    JobName.WRITE_EXPORT: Job(write_export, QueueName.FILES),
    JobName.SEND_WEBHOOK: Job(send_webhook, QueueName.MAIL, WEBHOOK_RETRY_AFTER),
    JobName.SWEEP_STORE: Job(sweep_store, QueueName.FILES),
    JobName.ERASE_BATCH: Job(erase_batch, QueueName.FILES, ERASURE_RETRY_AFTER),
    JobName.RENEW_GOLD: Job(renew_gold),
    JobName.SEND_MAIL: Job(send_mail, QueueName.MAIL, MAIL_RETRY_AFTER),
}


def queue_names(text: str) -> tuple[list[QueueName], list[str]]:
    """The queues named in a list parted by commas, and the names that are none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {queue.value: queue for queue in QueueName}
    return [known[name] for name in dict.fromkeys(names) if name in known], [n for n in names if n not in known]
