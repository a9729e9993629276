"""What the API of exports takes and gives."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from leye_platform.exports.asking import AskedFile
from leye_platform.exports.format import Format
from leye_platform.exports.losses import LOSS_SENTENCES, told_in
from leye_platform.exports.rules import ExportState
from leye_platform.exports.service import Names


class LossOut(BaseModel):
    """What a format could not hold. `count`: how often, null where of every item; `items`: the first of them."""

    code: str
    sentence: str
    count: int | None
    items: list[int]


class FormatOut(BaseModel):
    """A format that fits the project. `never_holds`: what it has no place for."""

    name: str
    title: str
    extension: str
    content_type: str
    never_holds: list[LossOut]

    @classmethod
    def of(cls, form: Format, translate: Callable[[str], str]) -> "FormatOut":
        """In the reader's language."""
        return cls(
            name=form.name,
            title=translate(form.title),
            extension=form.extension,
            content_type=form.content_type,
            never_holds=[
                LossOut(code=loss.value, sentence=translate(LOSS_SENTENCES[loss]), count=None, items=[])
                for loss in form.always
            ],
        )


class ExportIn(BaseModel):
    """What to write. `since`: a lot's name (`L-02`) or id; then only what later lots hold."""

    format: str = Field(default="JSON", max_length=40)
    since: str = Field(default="", max_length=40)
    names: Names = Names.WANTED


class ReportOut(BaseModel):
    """What the file holds, and what its format could not."""

    items: int
    losses: list[LossOut]


class ExportOut(BaseModel):
    """A file that was asked for. `url` works without signing in, for a quarter of an hour; ask again for a fresh one.

    `failed`: it could not be written; the administrator sees why. `since`: the lot after which it begins.
    """

    id: UUID
    project: UUID
    format: str
    names: Names
    since: str | None
    state: ExportState
    failed: bool
    items: int
    items_total: int | None
    size: int | None
    sha256: str | None
    url: str | None
    report: ReportOut | None
    asked_at: datetime
    ready_at: datetime | None

    @classmethod
    def of(cls, asked: AskedFile, url: str | None, translate: Callable[[str], str]) -> "ExportOut":
        """In the reader's language."""
        file = asked.file
        return cls(
            id=file.id,
            project=file.project_id,
            format=file.format,
            names=Names.ORIGINAL if file.original_names else Names.WANTED,
            since=f"L-{file.after_lot:02}" if file.after_lot else None,
            state=file.state,
            failed=asked.failed,
            items=file.items,
            items_total=file.items_total,
            size=file.size,
            sha256=file.sha256,
            url=url,
            report=None if file.report is None else ReportOut.model_validate(told_in(file.report, translate)),
            asked_at=file.asked_at,
            ready_at=file.ready_at,
        )
