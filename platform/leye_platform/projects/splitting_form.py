"""What a project cuts, as a form has it: texts, the size of pictures in ten thousands of pixels."""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, Overflow
from typing import Annotated

from fastapi import Form

from leye_platform.projects.splitting import Splitting, problems_of_splitting
from leye_quality.passages import COMFORTABLE

Field = Annotated[str, Form()]
TEN_THOUSAND = 10_000
USUAL = Splitting()
ASKED_ABOUT = (8000, 6000)
"""The picture, in pixels, of which the form says how many parts it would have."""
LONG_TEXT = 10_000
"""The text, in characters, of which it says the same."""


@dataclass(frozen=True)
class SplittingForm:
    """Every field as text; an empty one cuts nothing."""

    texts_above: Field = ""
    pictures_above: Field = ""
    tile: Field = str(USUAL.tile)
    tile_overlap: Field = str(USUAL.tile_overlap)

    @classmethod
    def of(cls, splitting: Splitting) -> "SplittingForm":
        """A setting as its form shows it."""
        above = splitting.pictures_above
        return cls(
            texts_above="" if splitting.texts_above is None else str(splitting.texts_above),
            pictures_above="" if above is None else f"{Decimal(above) / TEN_THOUSAND:f}",
            tile=str(splitting.tile),
            tile_overlap=str(splitting.tile_overlap),
        )

    def meant(self) -> dict[str, object]:
        """What the fields come to; whether that can be is for `problems_of_splitting` to say."""
        given = {name: whole_number(getattr(self, name)) for name in ("texts_above", "tile", "tile_overlap")}
        given["pictures_above"] = _pixels(self.pictures_above)
        return {name: value for name, value in given.items() if value != ""}

    @property
    def tiles(self) -> int | None:
        """How many tiles the picture that it speaks of would have; None where the numbers cannot be."""
        sizes = {name: value for name, value in self.meant().items() if name in {"tile", "tile_overlap"}}
        if problems_of_splitting(sizes):
            return None
        return Splitting.model_validate(sizes | {"pictures_above": 1_000_000}).tiles_of(*ASKED_ABOUT)

    @property
    def passages(self) -> int | None:
        """About how many passages the text that it speaks of would have; None where it is not cut."""
        above = self.meant().get("texts_above")
        if not isinstance(above, int) or problems_of_splitting({"texts_above": above}) or above >= LONG_TEXT:
            return None
        return -(-LONG_TEXT // int(above * COMFORTABLE))


def _pixels(text: str) -> int | str:
    """Ten thousands of pixels as pixels, or the text itself."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        pixels = Decimal(plain) * TEN_THOUSAND
    except (InvalidOperation, Overflow):
        return plain
    return int(pixels) if pixels.is_finite() and abs(pixels) < 10**12 and pixels == int(pixels) else plain


def whole_number(text: str) -> int | str:
    """A whole number, or the text itself, which the rules then refuse by name; empty where nothing was typed."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return int(plain) if plain.isdecimal() and len(plain) < 10 else plain
