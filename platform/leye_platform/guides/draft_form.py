"""The form of a guide being written: what was typed, as it was typed, and what each button does to it."""

from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import Form

from leye_platform.guides.rules import MOST_EXAMPLES, Example, GuideText, PlacedPicture

Field = Annotated[str, Form()]
Fields = Annotated[list[str] | None, Form()]
GOOD, BAD = "good", "bad"


@dataclass(frozen=True)
class DraftForm:
    """The text, and for each example and picture its fields in a row. `do`: the button, with the row it stands in."""

    do: Field = "save"
    revision: Field = "0"
    body: Field = ""
    example_content: Fields = None
    example_answer: Fields = None
    example_verdict: Fields = None
    example_why: Fields = None
    picture_id: Fields = None
    picture_number: Fields = None
    picture_description: Fields = None

    @property
    def button(self) -> tuple[str, int]:
        """The button's name, and the number of its row (0: none)."""
        name, _, row = self.do.partition(":")
        return name, int(row) if row.isdecimal() and len(row) < 5 else 0

    @property
    def seen_revision(self) -> int:
        """Which save of the draft the page showed."""
        return int(self.revision) if self.revision.isdecimal() and len(self.revision) < 10 else 0

    def text(self) -> GuideText:
        """What was typed, with the row taken out whose button was pressed."""
        name, row = self.button
        text = GuideText(self.body, tuple(self._examples()), tuple(self._pictures()))
        if name == "remove-example":
            text = replace(text, examples=text.examples[: row - 1] + text.examples[row:]) if row else text
        if name == "remove-picture":
            text = replace(text, pictures=tuple(one for one in text.pictures if one.number != row))
        return text

    def _examples(self) -> list[Example]:
        rows = zip(
            self.example_content or (),
            self.example_answer or (),
            self.example_verdict or (),
            self.example_why or (),
            strict=False,
        )
        return [
            Example(content, answer, verdict != BAD, why)
            for content, answer, verdict, why in list(rows)[:MOST_EXAMPLES]
        ]

    def _pictures(self) -> list[PlacedPicture]:
        rows = zip(self.picture_id or (), self.picture_number or (), self.picture_description or (), strict=False)
        found = []
        for identity, number, description in rows:
            try:
                found.append(PlacedPicture(UUID(identity), int(number), description))
            except ValueError:
                continue  # no field of ours
        return found
