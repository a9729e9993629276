"""Looks whether a certificate is what was written, and whether what it names is gone. Changes nothing."""

from dataclasses import dataclass, field
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.audit import AuditRecord
from leye_platform.holdings.contents import used
from leye_platform.holdings.models import Content
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import DataState
from leye_platform.retention.certificate import DEED, manifest_lines
from leye_platform.retention.content_rows import content_left
from leye_platform.retention.erased_objects import prefixes_of
from leye_platform.retention.errors import ErasureMissing
from leye_platform.retention.models import ErasedObject, Erasure
from leye_platform.retention.rules import Fate, hash_of, manifest_of

EXAMPLES = 20


@dataclass
class Proof:
    """What a look has come to. problems: sentences; none where all holds.

    came_again: contents that were removed and that somebody has sent since: they are others' now. checked: objects
    looked for in the store.
    """

    erasure: UUID
    batch: str
    sha256: str
    checked: int = 0
    came_again: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems


def erasure_named(session: Session, wanted: str) -> Erasure:
    """A finished erasure by its own id, its batch's id, or its number.

    Raises ErasureMissing.
    """
    query = select(Erasure).where(Erasure.certificate.is_not(None))
    try:
        wanted_id = UUID(wanted)
        query = query.where((Erasure.id == wanted_id) | (Erasure.batch_id == wanted_id))
    except ValueError:
        query = query.where(Erasure.number == (int(wanted) if wanted.isdecimal() and len(wanted) < 18 else -1))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise ErasureMissing
    return found


def prove(installation: Installation, wanted: str) -> Proof:
    """Look at the certificate, its place in the audit log, its manifest, the rows, and the store.

    Raises ErasureMissing.
    """
    with installation.database.read() as session:
        erasure = erasure_named(session, wanted)
        batch = session.get_one(Batch, erasure.batch_id)
        proof = Proof(erasure.id, batch.name, erasure.sha256 or "")
        proof.problems += _on_paper(session, erasure)
        if batch.data_state is not DataState.ERASED:
            proof.problems.append("the batch's row does not say that its content is gone")
        if left := content_left(session, batch.id):
            proof.problems.append(f"{left} rows of the batch say something still")
        prefixes = [prefix for prefix, _ in prefixes_of(session, batch)]
    for prefix in prefixes:
        for key in installation.objects.keys(prefix):
            _found(proof, key)
    _look_for_objects(installation, proof)
    return proof


def _on_paper(session: Session, erasure: Erasure) -> list[str]:
    """What does not hold of the text and its hashes."""
    text, problems = erasure.certificate or "", list[str]()
    if hash_of(text) != erasure.sha256:
        problems.append("the certificate is not the text that was hashed")
    records = session.scalars(
        select(AuditRecord).where(AuditRecord.subject_id == erasure.batch_id, AuditRecord.action == DEED)
    ).all()
    if [found.detail.get("sha256") for found in records] != [erasure.sha256]:
        problems.append("the audit log does not hold the certificate's hash, once")
    if erasure.previous is not None:
        before = session.scalar(select(Erasure.certificate).where(Erasure.sha256 == erasure.previous))
        if before is None or hash_of(before) != erasure.previous:
            problems.append("the certificate before this one is not what this one says")
    paper = orjson.loads(text) if text.startswith("{") else {}
    manifest = manifest_of(manifest_lines(session, erasure.id))
    if paper.get("manifest") != {"lines": manifest.lines, "sha256": manifest.sha256}:
        problems.append("the manifest is not the one that the certificate names")
    return problems


def _look_for_objects(installation: Installation, proof: Proof) -> None:
    """Each object that was removed must not be there, unless somebody has sent the same since."""
    last = ""
    while True:
        with installation.database.read() as session:
            removed = (ErasedObject.erasure_id == proof.erasure, ErasedObject.fate != Fate.SHARED)
            rows = session.scalars(
                select(ErasedObject).where(*removed, ErasedObject.key > last).order_by(ErasedObject.key).limit(500)
            ).all()
            pictures = [row.sha256 for row in rows if row.key.startswith("pictures/") and row.sha256]
            wanted = used(session, pictures) if pictures else set()
            held = set(session.scalars(select(Content.sha256).where(Content.sha256.in_(pictures))))
        for row in rows:
            proof.checked += 1
            folder = row.key.startswith("pictures/")
            if next(iter(installation.objects.keys(f"{row.key}/" if folder else row.key)), None) is None:
                continue
            if folder and row.sha256 in wanted | held:
                proof.came_again += 1
            else:
                _found(proof, row.key)
        if len(rows) < 500:
            return
        last = rows[-1].key


def _found(proof: Proof, key: str) -> None:
    problem = f"{key} lies in the store still"
    if problem not in proof.problems and len(proof.problems) < EXAMPLES:
        proof.problems.append(problem)
