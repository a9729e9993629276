"""Gettext catalogues: Chinese is the source text, English is written anew. Read from .po, once a process.

The site's texts have a catalogue for each language; a task type brings its own in its folder. The same
catalogues serve JavaScript: a page carries the few messages that its modules name.
"""

from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from leye_platform.web.static_files import TASK_TYPES

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = {"zh": "zh-CN", "en": "en"}
"""Our short names and the `lang` attribute of pages."""
LOCALES = {"zh": "zh_CN", "en": "en"}
"""Our short names and the catalogues' locales."""


@dataclass(frozen=True)
class Translation:
    """How a message reads: one form, or one for each grammatical number; and whether a module shows it."""

    forms: tuple[str, ...]
    in_scripts: bool


class Catalogue(NullTranslations):
    """Messages of one language; what has no translation stays as the code has it."""

    def __init__(self, messages: dict[str, Translation]) -> None:
        super().__init__()
        self.messages = messages

    def gettext(self, message: str) -> str:
        found = self.messages.get(message)
        return found.forms[0] if found else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        found = self.messages.get(msgid1)
        if found is None:
            return msgid1 if n == 1 else msgid2
        return found.forms[0] if n == 1 else found.forms[-1]


def site_file(locale: str) -> Path:
    """The site's catalogue."""
    return FOLDER / locale / "LC_MESSAGES" / "leye.po"


def task_type_files(locale: str) -> list[Path]:
    """The task types' own catalogues."""
    return sorted(TASK_TYPES.glob(f"*/{locale}.po"))


def read_catalogue(path: Path, locale: str) -> Catalog:
    """One .po file as Babel reads it."""
    with path.open("rb") as file:
        return read_po(file, locale=locale)


@cache
def catalogue(language: str) -> Catalogue:
    """All messages of `zh` or `en`."""
    locale = LOCALES[language]
    messages: dict[str, Translation] = {}
    for path in [*task_type_files(locale), site_file(locale)]:
        for message in read_catalogue(path, locale):
            forms = message.string if isinstance(message.string, tuple) else (message.string or "",)
            name = message.id if isinstance(message.id, str) else message.id[0]
            if name and all(forms):
                # A text may stand in a task type's module and in the site's pages: it stays a script's text.
                known = name in messages and messages[name].in_scripts
                in_scripts = known or any(file.endswith(".mjs") for file, _ in message.locations)
                messages[name] = Translation(tuple(str(form) for form in forms), in_scripts)
    return Catalogue(messages)


@cache
def messages_for_scripts(language: str) -> dict[str, str]:
    """What a page hands to its modules; in Chinese nothing, since the source text stands in the module."""
    found = catalogue(language).messages
    return {name: one.forms[0] for name, one in found.items() if one.in_scripts and one.forms[0] != name}
