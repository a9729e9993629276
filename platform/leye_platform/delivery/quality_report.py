"""A lot's quality report, on a page of its own: how sure the labels are, how they came about, how they spread.

It tells nothing of people, pay or gold items: it is the partner's.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import is_split
from leye_platform.assignments.models import Response
from leye_platform.delivery.models import LotItem
from leye_platform.delivery.queries import LotView
from leye_platform.delivery.rules import LotItemState
from leye_platform.errors import N_
from leye_platform.projects.task_type import task_type
from leye_platform.review.models import Decision
from leye_platform.review.queries import verdict_counts
from leye_platform.review.rules import DecisionMethod, Verdict
from leye_platform.web import formats
from leye_platform.web.rendering import render
from leye_platform.web.typography import page_catalogue

READ_AT_ONCE = 1000
BANDS = ((0.99, N_("99% 以上")), (0.95, N_("95% 到 99%")), (0.9, N_("90% 到 95%")), (0.0, N_("90% 以下")))
"""The confidence that a band begins at, and its words; the highest first."""
VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.ACCEPT: N_("取其中一个答案"),
    Verdict.FIX: N_("由质检员改正"),
    Verdict.SEND_BACK: N_("退回重做"),
    Verdict.UNUSABLE: N_("内容不可用"),
}


@dataclass
class LotQuality:
    """What the report tells. `agreeing`: answers that say what was delivered, each by how much."""

    items: int = 0
    answers: int = 0
    agreeing: float = 0.0
    reviewed: int = 0
    confidence_sum: float = 0.0
    bands: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    guides: set[int] = field(default_factory=set)
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)

    def share(self, count: int) -> float:
        """Of the items."""
        return count / self.items if self.items else 0.0

    @property
    def mean_confidence(self) -> float:
        return self.confidence_sum / self.items if self.items else 0.0

    @property
    def agreement(self) -> float:
        return self.agreeing / self.answers if self.answers else 0.0

    @property
    def answers_an_item(self) -> float:
        return self.answers / self.items if self.items else 0.0


def quality_of(session: Session, shown: LotView) -> LotQuality:
    """The figures of what stands in a lot; answers are read in parts, so that memory stays flat."""
    kind = task_type(shown.project.task_type, shown.project.label_config)
    included = (LotItem.lot_id == shown.lot.id, LotItem.state == LotItemState.INCLUDED)
    quality = LotQuality(verdicts=verdict_counts(session, shown.batch.id))
    rows = select(LotItem.result, LotItem.confidence, LotItem.guide_version).where(*included)
    for result, confidence, guide in session.execute(rows.execution_options(yield_per=READ_AT_ONCE)):
        quality.items += 1
        quality.confidence_sum += confidence
        quality.bands[next(words for start, words in BANDS if confidence >= start)] += 1
        quality.labels.update(kind.template.tally(kind.config, result))
        quality.guides.add(guide)
    for given, delivered in session.execute(_answers().where(*included).execution_options(yield_per=READ_AT_ONCE)):
        quality.answers += 1
        says = kind.template.labels_of
        quality.agreeing += kind.consensus.agreement(says(kind.config, given), says(kind.config, delivered))
    by_review = (
        select(func.count(Decision.item_id.distinct()))
        .join(LotItem, LotItem.item_id == Decision.item_id)
        .where(*included, Decision.method == DecisionMethod.REVIEW)
    )
    quality.reviewed = session.scalar(by_review) or 0
    return quality


def _answers() -> Select[Any]:
    """Each answer with what it is held against: what was delivered; of an item in parts, its own part's decision."""
    newest = (
        select(Decision.result)
        .where(Decision.microtask_id == Response.microtask_id)
        .order_by(Decision.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    delivered = case((is_split(LotItem.item_id), newest), else_=LotItem.result)
    return select(Response.result, delivered).join(LotItem, LotItem.item_id == Response.item_id)


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
    """The main figures of several lots, counted by the database: two queries, whatever stands in them."""
    included = (LotItem.lot_id.in_(lot_ids), LotItem.state == LotItemState.INCLUDED)
    by_review = (
        select(LotItem.lot_id, func.count(Decision.item_id.distinct()))
        .join(LotItem, LotItem.item_id == Decision.item_id)
        .where(*included, Decision.method == DecisionMethod.REVIEW)
        .group_by(LotItem.lot_id)
    )
    reviewed = dict(session.execute(by_review).all()) if lot_ids else {}
    figures = select(LotItem.lot_id, func.count(), func.sum(LotItem.confidence)).where(*included)
    found = session.execute(figures.group_by(LotItem.lot_id)).all() if lot_ids else []
    return {
        lot_id: QualityInBrief(items, reviewed.get(lot_id, 0), confidence or 0.0) for lot_id, items, confidence in found
    }


def render_quality_html(session: Session, shown: LotView, language: str = "zh") -> str:
    """One self-contained printable page: no style sheet, script or picture from elsewhere."""
    context = {
        "_": page_catalogue(language).gettext,
        "lang": "zh-CN" if language == "zh" else "en",
        "shown": shown,
        "quality": quality_of(session, shown),
        "bands": [words for _start, words in BANDS],
        "verdict_words": VERDICT_WORDS,
        "date": formats.date(language),
    }
    return render("delivery/quality_document.html", context)
