"""A lot's quality report, on a page of its own: how sure the labels are, how they came about, how they spread.

It tells nothing of people, pay or gold items: it is the partner's.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from leye_platform.accounts.models import Organisation
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.quality_figures import BANDS, Quality
from leye_platform.delivery.quality_kept import Reckoned, kept_in_brief, reckon_batch, reckon_lot
from leye_platform.delivery.queries import LotView
from leye_platform.delivery.rules import LotItemState
from leye_platform.errors import N_
from leye_platform.projects.models import Batch, Project
from leye_platform.retention.service import check_kept
from leye_platform.review.models import Decision
from leye_platform.review.rules import DecisionMethod, Verdict
from leye_platform.web import formats
from leye_platform.web.rendering import render
from leye_platform.web.typography import page_catalogue

MATRIX = 8
"""Up to so many classes are shown as a table of which was taken for which; of more, only what was mixed up most."""
VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.ACCEPT: N_("取其中一个答案"),
    Verdict.FIX: N_("由质检员改正"),
    Verdict.SEND_BACK: N_("退回重做"),
    Verdict.UNUSABLE: N_("内容不可用"),
}


BAND_WORDS = [words for _start, words in BANDS]


@dataclass(frozen=True)
class QualityInBrief:
    """What the main sentence of the report says: of so many items, how many a reviewer settled, how sure we are."""

    items: int = 0
    reviewed: int = 0
    confidence_sum: float = 0.0

    @property
    def mean_confidence(self) -> float:
        return self.confidence_sum / self.items if self.items else 0.0

    @property
    def share_reviewed(self) -> float:
        return self.reviewed / self.items if self.items else 0.0

    def __add__(self, other: "QualityInBrief") -> "QualityInBrief":
        return QualityInBrief(
            self.items + other.items, self.reviewed + other.reviewed, self.confidence_sum + other.confidence_sum
        )


def in_brief(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, QualityInBrief]:
    """The main figures of several lots, as they are kept; where they are not, counted by the database."""
    if not lot_ids:
        return {}
    kept = {lot_id: QualityInBrief(*figures) for lot_id, figures in kept_in_brief(session, lot_ids).items()}
    return kept | _count_in_brief(session, [lot_id for lot_id in lot_ids if lot_id not in kept])


def _count_in_brief(session: Session, lot_ids: Sequence[UUID]) -> dict[UUID, QualityInBrief]:
    """Two queries, whatever stands in the lots; none where all of them are kept."""
    if not lot_ids:
        return {}
    included = (LotItem.lot_id.in_(lot_ids), LotItem.state == LotItemState.INCLUDED)
    later = aliased(Decision)
    by_others = (  # of its parts the newest decision of one is not a reviewer's
        select(Decision.id)
        .where(
            Decision.item_id == LotItem.item_id,
            Decision.method != DecisionMethod.REVIEW,
            ~select(later.id)
            .where(later.microtask_id == Decision.microtask_id, later.version > Decision.version)
            .exists(),
        )
        .exists()
    )
    by_review = select(LotItem.lot_id, func.count()).where(*included, ~by_others).group_by(LotItem.lot_id)
    reviewed = dict(session.execute(by_review).all())
    figures = select(LotItem.lot_id, func.count(), func.sum(LotItem.confidence)).where(*included)
    found = session.execute(figures.group_by(LotItem.lot_id)).all()
    return {
        lot_id: QualityInBrief(items, reviewed.get(lot_id, 0), confidence or 0.0) for lot_id, items, confidence in found
    }


@dataclass(frozen=True)
class Report:
    """A quality report with what stands at its head. `name`: the lot's, or the batch's where it is of all its lots."""

    name: str
    organisation: str
    project: str
    batch: str
    delivered_at: datetime | None
    reckoned: Reckoned

    @property
    def quality(self) -> Quality:
        return self.reckoned.quality

    @classmethod
    def of_lot(cls, session: Session, shown: LotView, now: datetime) -> Self:
        """Of what stands in one lot.

        Raises DataGoing and DataErased where its content is erased.
        """
        check_kept(shown.batch)
        figures = reckon_lot(session, shown.lot, now)
        titles = (shown.name, shown.organisation, shown.project.title, shown.batch.name)
        return cls(*titles, shown.lot.delivered_at, figures)

    @classmethod
    def of_batch(cls, session: Session, batch: Batch, now: datetime) -> Self:
        """Of all that was delivered of a batch so far.

        Raises DataGoing and DataErased where its content is erased.
        """
        check_kept(batch)
        project = session.get_one(Project, batch.project_id)
        firm = session.get_one(Organisation, project.organisation_id).name
        last = session.scalar(select(func.max(Lot.delivered_at)).where(Lot.batch_id == batch.id))
        return cls(batch.name, firm, project.title, batch.name, last, reckon_batch(session, batch, project, now))

    @property
    def matrix(self) -> list[str]:
        """The classes of a table of mix-ups, the most frequent first; empty where they are too many or mean nothing."""
        counted = Counter[str]()
        for (wanted, answered), count in self.quality.confusion.items():
            counted[wanted] += count
            counted[answered] += 0
        names = [name for name, _ in sorted(counted.items(), key=lambda one: (-one[1], one[0]))]
        return names if len(names) <= MATRIX else []


def context_of(report: Report) -> dict[str, Any]:
    """What both forms of the report, page and document, are made from."""
    return {"report": report, "quality": report.quality, "bands": BAND_WORDS, "verdict_words": VERDICT_WORDS}


def render_quality_html(report: Report, language: str = "zh") -> str:
    """One self-contained printable page: no style sheet, script or picture from elsewhere."""
    context = context_of(report) | {
        "_": page_catalogue(language).gettext,
        "lang": "zh-CN" if language == "zh" else "en",
        "date": formats.date(language),
    }
    return render("delivery/quality_document.html", context)
