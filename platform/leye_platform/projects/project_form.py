"""The form of a new project: what was typed, as it was typed, and what it means."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.errors import N_
from leye_platform.projects.new_project import NewProject, problems_of_project
from leye_platform.projects.rules import PipelineKind
from leye_platform.projects.simple_config import SimpleConfig, WorkKind
from leye_platform.projects.splitting_form import USUAL, SplittingForm, whole_number

Field = Annotated[str, Form()]
_COLUMN = re.compile(r"[^\W\d]\w*")
_SETTINGS = {
    PipelineKind.CONSENSUS.value: ("overlap_start", "overlap_limit", "confidence", "gold_share"),
    PipelineKind.SINGLE_CHECK.value: ("check_share", "gold_share"),
}


@dataclass(frozen=True)
class ProjectForm:
    """Every field as text. `key` is the project's id, given out with the empty form; shares are in per cent."""

    key: Field = ""
    title: Field = ""
    organisation: Field = ""
    question: Field = ""
    labels: Field = ""
    work: Field = WorkKind.SINGLE.value
    variable: Field = ""
    label_config: Field = ""
    guide: Field = ""
    unit_price: Field = ""
    answer_pay: Field = ""
    review_pay: Field = ""
    kind: Field = PipelineKind.CONSENSUS.value
    overlap_start: Field = "2"
    overlap_limit: Field = "5"
    confidence: Field = "90"
    check_share: Field = "10"
    gold_share: Field = "5"
    show_proposals: Field = ""
    texts_above: Field = ""
    pictures_above: Field = ""
    tile: Field = str(USUAL.tile)
    tile_overlap: Field = str(USUAL.tile_overlap)

    def meant(self, firm: UUID | None = None) -> NewProject:
        """What the fields come to; whether that can be made is for the service to say.

        firm: the organisation of the partner's person who fills it in; they are not asked for prices.
        """
        config = self.label_config if self.label_config.strip() else self._simple().written()
        return NewProject(
            organisation_id=firm or _id(self.organisation),
            title=self.title,
            label_config=config,
            pipeline=self._pipeline(),
            guide=self.guide,
            unit_price=None if firm else self.unit_price,
            answer_pay=None if firm else self.answer_pay,
            review_pay=None if firm else self.review_pay,
            show_proposals=bool(self.show_proposals),
            splitting={} if firm else self.splitting.meant(),
            id=_id(self.key),
        )

    def problems(
        self, session: Session, actor: Actor, translate: Callable[[str], str], firm: UUID | None = None
    ) -> dict[str, str]:
        """A sentence for each field that wants a change, in the form's order."""
        found = problems_of_project(session, actor, self.meant(firm), translate)
        if "pipeline" in found:
            found["kind"] = found.pop("pipeline")
        if not self.label_config.strip():
            # The list has its own words: its author never sees the config that is written from it.
            told = found.pop("label_config", "")
            found |= self._problems_of_list(translate) or ({"labels": told} if told else {})
        order = list(self.__dataclass_fields__)
        return {name: found[name] for name in sorted(found, key=order.index)}

    @property
    def splitting(self) -> SplittingForm:
        """What is to be cut."""
        return SplittingForm(self.texts_above, self.pictures_above, self.tile, self.tile_overlap)

    def _simple(self) -> SimpleConfig:
        return SimpleConfig(self._work_kind(), self.question, self.labels, self.variable)

    def _work_kind(self) -> WorkKind:
        return WorkKind(self.work) if self.work in set(WorkKind) else WorkKind.SINGLE

    def _problems_of_list(self, translate: Callable[[str], str]) -> dict[str, str]:
        found = {}
        names = [line.replace("｜", "|").partition("|")[0].strip() for line in self.labels.splitlines() if line.strip()]
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if len(names) < self._work_kind().fewest_labels:
            told = N_("至少写两个标签，一行一个。") if names else N_("请写标签，一行一个。")
            found["labels"] = translate(told)
        elif twice is not None:
            found["labels"] = translate(N_("标签“{label}”写了两次。请留下一个。")).format(label=twice[:60])
        if not _COLUMN.fullmatch(self.variable.strip() or self._work_kind().usual_variable):
            found["variable"] = translate(N_("列名只能有文字、数字和下划线，不能以数字开头。"))
        return found

    def _pipeline(self) -> dict[str, object]:
        read: dict[str, Callable[[str], object]] = {"overlap_start": whole_number, "overlap_limit": whole_number}
        settings = {name: read.get(name, _share)(getattr(self, name)) for name in _SETTINGS.get(self.kind, ())}
        return {"kind": self.kind} | settings


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _share(text: str) -> object:
    """Per cent as a share of one, or a text that the pipeline then refuses by name."""
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix("%")
    try:
        return float(Decimal(plain) / 100)
    except (InvalidOperation, OverflowError):
        return "?"
