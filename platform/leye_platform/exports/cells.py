"""Cells of a table that a spreadsheet program may open. Pure.

A text that begins with = + - @, their full-width forms, a tab or a line break could be run as a formula (OWASP, "CSV
injection"); it gets an apostrophe before it, which such programs do not show. NUL becomes U+FFFD. Signs that turn the
direction of writing are closed at the cell's end, so that they never reach into the next one.
"""

import re

FORMULA = frozenset("=+-@＝＋－＠\t\r\n")
_OPENS, _CLOSES = "\u202a\u202b\u202d\u202e", "\u202c"
_ISOLATES, _ENDS = "\u2066\u2067\u2068", "\u2069"
_ODD = re.compile(f"[\x00{_OPENS}{_ISOLATES}]")


def safe_cell(text: str) -> str:
    """A text as its cell holds it."""
    if _ODD.search(text):
        text = _closed(text.replace("\x00", "\ufffd"))
    return f"'{text}" if text[:1] in FORMULA and text else text


def _closed(text: str) -> str:
    """The text with what it opens closed again, the innermost first (Unicode annex 9, X1 to X8)."""
    open_signs: list[str] = []
    for sign in text:
        if sign in _OPENS:
            open_signs.append(_CLOSES)
        elif sign in _ISOLATES:
            open_signs.append(_ENDS)
        elif sign == _CLOSES and open_signs and open_signs[-1] == _CLOSES:
            open_signs.pop()
        elif sign == _ENDS and _ENDS in open_signs:
            # The end of an isolate also ends what was opened within it.
            while open_signs.pop() != _ENDS:
                pass
    return text + "".join(reversed(open_signs))
