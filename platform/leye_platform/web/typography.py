"""How Chinese texts of pages are set: a number stays in the line of its unit."""

import re
from functools import lru_cache

from leye_platform.web.formats import NBSP
from leye_platform.web.translations import Catalogue, catalogue

HAN = "\u3400-\u9fff"
_APART = re.compile(rf"(?<=[\d}}%]) (?=[{HAN}])|(?<=第) (?=[\d{{])")
"""The space of `59 条`, `{count} 条` and `第 {number} 批`; that of `共 {items}` is one to break the line at."""


def joined(text: str) -> str:
    """The text with its numbers and units joined by no-break spaces; also one that holds `{names}` of numbers."""
    return _APART.sub(NBSP, text)


class PageCatalogue(Catalogue):
    """A catalogue's texts as pages show them."""

    def gettext(self, message: str) -> str:
        return _joined_once(super().gettext(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _joined_once(super().ngettext(msgid1, msgid2, n))


_joined_once = lru_cache(maxsize=4096)(joined)


@lru_cache
def page_catalogue(language: str) -> PageCatalogue:
    """All messages of `zh` or `en`, for pages."""
    return PageCatalogue(catalogue(language).messages)
