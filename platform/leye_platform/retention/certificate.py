"""The proof that a batch's content is gone: a text whose SHA-256 is in the audit log and in the next certificate."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation, Person
from leye_platform.audit import record
from leye_platform.billing.models import InvoiceLine
from leye_platform.delivery.models import Lot
from leye_platform.installation import Installation
from leye_platform.notices.events import data_is_gone
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import DATA_MOVES, DataState
from leye_platform.retention.models import ErasedObject, Erasure
from leye_platform.retention.rules import WORDS_ON_PAPER, ManifestLine, canonical, hash_of, manifest_of
from leye_platform.states import check_move

DEED = "erasure.done"
STAYS = ("counts", "people", "money", "audit", "guide", "backups")
"""What stays of every batch, as codes; retention/words.py says them and why."""


def manifest_lines(session: Session, erasure_id: UUID) -> Iterator[ManifestLine]:
    """The objects of an erasure in the order of their keys, as UTF-8 orders them on either database."""
    rows = session.execute(
        select(ErasedObject.key, ErasedObject.kind, ErasedObject.sha256, ErasedObject.bytes, ErasedObject.fate)
        .where(ErasedObject.erasure_id == erasure_id)
        .order_by(_bytewise(session))
        .execution_options(yield_per=1000)
    )
    for key, kind, sha256, size, fate in rows:
        yield ManifestLine(key, kind.value, sha256, size, fate.value)


def _bytewise(session: Session) -> Any:
    return ErasedObject.key if session.get_bind().dialect.name == "sqlite" else ErasedObject.key.collate("C")


def certify(installation: Installation, erasure_id: UUID) -> None:
    """Write the certificate and its hash, in the transaction in which the batch's content is said to be gone."""
    now = installation.clock.now()
    with installation.database.read() as session:
        manifest = manifest_of(manifest_lines(session, erasure_id))
    with installation.database.write() as session:
        erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
        if erasure.certificate is not None:
            return
        batch = session.get_one(Batch, erasure.batch_id, with_for_update=True)
        erasure.finished_at, erasure.previous = now, _newest(session)
        paper = {
            "version": WORDS_ON_PAPER,
            "certificate": str(erasure.id),
            "number": erasure.number,
            "previous": erasure.previous,
            "installation": installation.settings.base_url,
            "asked_at": erasure.asked_at.isoformat(),
            "asked_by": _who(session, erasure),
            "finished_at": now.isoformat(),
            "rule": {"kind": erasure.rule.value, "retention_days": erasure.retention_days},
            "rows": {name: erasure.facts[name] for name in sorted(erasure.facts)},
            "objects": {
                "removed": manifest.removed,
                "bytes": manifest.removed_bytes,
                "by_kind": manifest.by_kind,
                "shared": manifest.shared,
                "shared_bytes": manifest.shared_bytes,
            },
            "manifest": {"lines": manifest.lines, "sha256": manifest.sha256},
            "stays": list(STAYS) + (["shared"] if manifest.shared else []),
            **_about(session, batch),
        }
        erasure.certificate = canonical(paper)
        erasure.sha256 = hash_of(erasure.certificate)
        batch.data_state = check_move(DATA_MOVES, batch.data_state, DataState.ERASED)
        record(
            session,
            at=now,
            person_id=erasure.asked_by,
            action=DEED,
            subject_id=batch.id,
            sha256=erasure.sha256,
        )
        data_is_gone(session, batch, erasure.asked_by, now)


def _newest(session: Session) -> str | None:
    """The hash of the certificate before this one; two that end at the same moment may name the same."""
    last = select(Erasure.sha256).where(Erasure.sha256.is_not(None))
    return session.scalar(last.order_by(Erasure.finished_at.desc(), Erasure.number.desc()).limit(1))


def _who(session: Session, erasure: Erasure) -> dict[str, Any] | None:
    if erasure.asked_by is None:
        return None
    person = session.get_one(Person, erasure.asked_by)
    return {"number": person.number, "name": person.name}


def _about(session: Session, batch: Batch) -> dict[str, Any]:
    project = session.get_one(Project, batch.project_id)
    firm = session.get_one(Organisation, project.organisation_id)
    lots = select(func.count()).where(Lot.batch_id == batch.id)
    invoices = (
        select(InvoiceLine.invoice_id)
        .join(Lot, Lot.id == InvoiceLine.lot_id)
        .where(Lot.batch_id == batch.id)
        .distinct()
        .subquery()
    )
    return {
        "batch": {"id": str(batch.id), "number": batch.number, "name": batch.name},
        "project": {"id": str(project.id), "number": project.number, "title": project.title},
        "organisation": {"number": firm.number, "name": firm.name},
        "kept": {
            "rows_in": batch.rows_in,
            "rows_refused": batch.rows_refused,
            "lots": session.scalar(lots) or 0,
            "invoices": session.scalar(select(func.count()).select_from(invoices)) or 0,
        },
    }
