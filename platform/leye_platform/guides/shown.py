"""A guide as HTML: on its own page, beside a task, in a review. Pictures stand where the text says."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.orm import Session

from leye_platform.errors import N_
from leye_platform.guides.models import GuidePicture
from leye_platform.guides.queries import answered_for_all, pictures_of
from leye_platform.guides.rules import PLACE, GuideText, PlacedPicture
from leye_platform.web.rendering import markdown, render

Translate = Callable[[str], str]
FIGURE = Markup(
    '<figure><img src="/guides/pictures/{id}" alt="{description}" width="{width}" height="{height}" loading="lazy">'
    '<figcaption>{caption} <a class="link-button" href="/guides/pictures/{id}">{larger}</a></figcaption></figure>'
)


class Figures:
    """The pictures of a text, each shown once: where the text says, or after it."""

    def __init__(self, session: Session, text: GuideText, translate: Translate) -> None:
        self.placed = {picture.number: picture for picture in text.pictures}
        self.stored: Mapping[UUID, GuidePicture] = pictures_of(session, text.pictures)
        self.translate = translate
        self.shown: set[int] = set()

    def in_place_of(self, line: str) -> Markup | None:
        """The picture that a line of its own names."""
        found = PLACE.match(line.strip())
        picture = self.placed.get(int(found[1])) if found else None
        return self._figure(picture) if picture else None

    def left(self) -> list[Markup]:
        """Those that no line has named."""
        found = (self._figure(picture) for number, picture in self.placed.items() if number not in self.shown)
        return [figure for figure in found if figure]

    def _figure(self, picture: PlacedPicture) -> Markup | None:
        stored = self.stored.get(picture.id)
        if stored is None:
            return None
        self.shown.add(picture.number)
        return FIGURE.format(
            id=picture.id,
            description=picture.description,
            width=stored.width,
            height=stored.height,
            caption=self.translate(N_("图 {number}")).format(number=picture.number),
            larger=self.translate(N_("看大图")),
        )


def guide_html(
    session: Session, text: GuideText, translate: Translate, *, top: int = 2, answers_of: UUID | None = None
) -> Markup:
    """A version's text, examples and pictures, and below them the answered questions of the project `answers_of`.

    top: the level of its highest heading.
    """
    figures = Figures(session, text, translate)
    body = markdown(PLACE.sub(r"\n\g<0>\n", text.body), top, figures.in_place_of)
    examples = [_example(one, figures) for one in text.examples]
    context = {
        "_": translate,
        "body": body,
        "figures": figures.left(),
        "examples": examples,
        "questions": answered_for_all(session, answers_of) if answers_of else [],
        "top": top,
    }
    return Markup(render("guides/panel.html", context))  # noqa: S704 -- the template escapes what it is given


def _example(example: Any, figures: Figures) -> dict[str, Any]:
    """An example with the parts of its content: lines of text, and pictures in their places."""
    parts: list[Markup | str] = []
    lines: list[str] = []
    for line in example.content.split("\n"):
        figure = figures.in_place_of(line)
        if figure is None:
            lines.append(line)
            continue
        parts += ["\n".join(lines).strip("\n"), figure]
        lines = []
    parts.append("\n".join(lines).strip("\n"))
    return {
        "parts": [part for part in parts if part],
        "answer": example.answer,
        "good": example.good,
        "why": example.why,
    }
