"""Which objects a row names."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot
from leye_platform.exports.models import ExportFile
from leye_platform.exports.rules import ExportState
from leye_platform.holdings.contents import used
from leye_platform.holdings.rules import Kind, Named
from leye_platform.projects.models import Addition, Batch
from leye_platform.projects.rules import DataState
from leye_platform.uploads.rules import SENT_IN_AFTER
from leye_platform.uploads.service import wanted_subjects

_KEPT = Batch.data_state != DataState.ERASED
"""Objects of an erased batch are nobody's: should one be left, a sweep takes it."""
Find = Callable[[Session, Collection[UUID], datetime], set[UUID]]


def _batches(session: Session, ids: Collection[UUID], _now: datetime) -> set[UUID]:
    return set(session.scalars(select(Batch.id).where(Batch.id.in_(ids), _KEPT)))


def _uploads(session: Session, ids: Collection[UUID], now: datetime) -> set[UUID]:
    return _batches(session, ids, now) | wanted_subjects(session, ids, now - SENT_IN_AFTER)


def _additions(session: Session, ids: Collection[UUID], now: datetime) -> set[UUID]:
    made = set(
        session.scalars(
            select(Addition.id).join(Batch, Batch.id == Addition.batch_id).where(Addition.id.in_(ids), _KEPT)
        )
    )
    return made | wanted_subjects(session, ids, now - SENT_IN_AFTER)


def _lots(session: Session, ids: Collection[UUID], _now: datetime) -> set[UUID]:
    return set(session.scalars(select(Lot.id).join(Batch, Batch.id == Lot.batch_id).where(Lot.id.in_(ids), _KEPT)))


def _exports(session: Session, ids: Collection[UUID], _now: datetime) -> set[UUID]:
    return set(
        session.scalars(select(ExportFile.id).where(ExportFile.id.in_(ids), ExportFile.state != ExportState.ERASED))
    )


FINDERS: dict[Kind, Find] = {
    Kind.UPLOADS: _uploads,
    Kind.ADDITIONS: _additions,
    Kind.LISTINGS: _batches,
    Kind.LOTS: _lots,
    Kind.EXPORTS: _exports,
}


def named_ones(session: Session, asked: Iterable[Named], now: datetime) -> set[Named]:
    """Which of these a row names at this moment: a question for each kind, however many they are."""
    ids: defaultdict[Kind, set[UUID]] = defaultdict(set)
    hashes: set[str] = set()
    for one in asked:
        if one.sha256 is not None:
            hashes.add(one.sha256)
        elif one.id is not None:
            ids[one.kind].add(one.id)
    found = {Named(kind, one) for kind, mine in ids.items() for one in FINDERS[kind](session, mine, now)}
    shown = used(session, hashes) if hashes else set()
    return found | {Named(Kind.PICTURES, sha256=sha256) for sha256 in shown}
