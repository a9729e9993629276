"""A text cut into the pieces that may be marked: never inside a letter with its marks, an emoji or a line end.

Positions count code points, as Label Studio's do: its editor turns the browser's positions into code points before it
stores them (`charsToCodePoints` in web/libs/editor/src/utils/selection-tools.js of label-studio), so that
`text[start:end]` is the marked text in Python.

The cut serves forms without JavaScript: words of alphabets, and one Chinese character at a time. The browser joins
the pieces to Chinese words where it can (`Intl.Segmenter`).
"""

import unicodedata
from typing import NamedTuple

JOINER, NON_JOINER = "\u200d", "\u200c"


class Piece(NamedTuple):
    """A piece from `start` to `end` in code points. `shown` stands for what cannot be seen; else empty."""

    start: int
    end: int
    shown: str = ""


def pieces(text: str) -> list[Piece]:
    """The pieces of a text, in order, without gaps."""
    found: list[Piece] = []
    for at in range(len(text)):
        if found and _goes_on(text, found[-1], at):
            found[-1] = found[-1]._replace(end=at + 1)
        else:
            found.append(Piece(at, at + 1, sign_of(text[at])))
    return found


def sign_of(character: str) -> str:
    """A name for a character that shows nothing itself but may change how others show, such as U+202E; else empty."""
    if unicodedata.category(character) not in {"Cf", "Cc", "Co", "Cn"} or character in "\t\n\r":
        return ""
    return f"U+{ord(character):04X}"


def visible(text: str) -> str:
    """A text with the signs of what cannot be seen, safe to stand in a sentence."""
    joined = {JOINER, NON_JOINER}
    return "".join(c if c in joined or not (sign := sign_of(c)) else f"[{sign}]" for c in text)


def _goes_on(text: str, piece: Piece, at: int) -> bool:
    """Whether the character at `at` belongs to the piece before it."""
    before, here = text[at - 1], text[at]
    if piece.shown:
        return False
    if before in "\r\n":
        return before == "\r" and here == "\n"
    if here in (JOINER, NON_JOINER) or _extends(here):
        return True
    if before == JOINER and unicodedata.category(here) == "So":
        return True
    if _is_region(before) and _is_region(here):
        return (at - piece.start) % 2 == 1
    return (_in_word(before) and _in_word(here)) or (_is_blank(before) and _is_blank(here))


def _extends(character: str) -> bool:
    """Marks that sit on the letter before them, variation selectors, skin tones, tags, and Hangul's later parts."""
    code = ord(character)
    return (
        unicodedata.category(character) in {"Mn", "Mc", "Me"}
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
        or 0x1160 <= code <= 0x11FF
    )


def _is_region(character: str) -> bool:
    """Half of a flag."""
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _is_blank(character: str) -> bool:
    return character in " \t\u3000\xa0"


def _in_word(character: str) -> bool:
    """Letters and digits of Latin, Greek and Cyrillic, full-width ones too, with the marks that sit on them."""
    code = ord(character)
    alphabetic = code < 0x0530 or 0xFF10 <= code <= 0xFF5A or 0x0300 <= code <= 0x036F
    return alphabetic and (character.isalnum() or _extends(character))
