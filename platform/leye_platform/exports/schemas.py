"""What the API of exports takes and gives."""

from collections.abc import Callable

from pydantic import BaseModel

from leye_platform.exports.format import Format
from leye_platform.exports.losses import LOSS_SENTENCES


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
