"""Brings the catalogues up to date with the code: `make translations`. Running it again changes nothing.

Python files name messages by `_`, `gettext`, `ngettext` and `N_`; templates by `_` and `ngettext`; JavaScript
modules by `t`. A task type's messages go to the catalogues in its own folder, all others to the site's.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

import leye_platform
from leye_platform.web.static_files import MODULES
from leye_platform.web.translations import LOCALES, read_catalogue, site_file

ROOT = Path(leye_platform.__file__).parents[2]
PACKAGES = ("platform", "task_templates", "workers")
MARKS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    ".py": ("python", MARKS),
    ".html": ("jinja2.ext:babel_extract", MARKS),
    ".mjs": ("javascript", {"t": None}),
}
OPTIONS = {"parse_template_string": "true"}
HEADER = "# Leye's texts. The source is Chinese; `make translations` brings this file up to date with the code."


@dataclass(frozen=True)
class Domain:
    """The messages of some files, and where their catalogues lie."""

    sources: tuple[Path, ...]
    catalogues: dict[str, Path]


def domains() -> list[Domain]:
    """The site, and each task type."""
    types = [
        Domain(tuple(_sources(folder)), {locale: folder / f"{locale}.po" for locale in LOCALES.values()})
        for folder in MODULES
    ]
    taken = {path for domain in types for path in domain.sources}
    rest = (path for package in PACKAGES for path in _sources(ROOT / package) if path not in taken)
    return [Domain(tuple(rest), {locale: site_file(locale) for locale in LOCALES.values()}), *types]


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in KINDS and "__pycache__" not in path.parts:
            yield path


def extract(sources: Collection[Path]) -> Catalog:
    """All messages that the files name, with the files that name them."""
    found = Catalog()
    for path in sources:
        method, keywords = KINDS[path.suffix]
        name = path.relative_to(ROOT).as_posix()
        for line, message, _comments, _context in extract_from_file(method, path, keywords=keywords, options=OPTIONS):
            if message:
                found.add(message, locations=[(name, line)])
    return found


def update(catalogue: Catalog, found: Catalog) -> None:
    """Take in what is new, keep what was translated, drop what nobody names any more."""
    catalogue.update(found, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()


def update_catalogues() -> dict[Path, int]:
    """Rewrite every catalogue; how many messages of each still lack a translation (of Chinese: none can)."""
    lacking = {}
    for domain in domains():
        found = extract(domain.sources)
        for locale, path in domain.catalogues.items():
            catalogue = read_catalogue(path, locale) if path.is_file() else _new(locale)
            update(catalogue, found)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=110, include_lineno=False, sort_by_file=True)
            lacking[path] = 0 if locale == "zh_CN" else sum(1 for m in catalogue if m.id and not _translated(m.string))
    return lacking


def _new(locale: str) -> Catalog:
    """An empty catalogue whose header stays the same whenever it is written."""
    born = datetime(2026, 11, 24, tzinfo=UTC)
    return Catalog(
        locale=locale,
        header_comment=HEADER,
        project="leye",
        version="1",
        msgid_bugs_address="leye",
        last_translator="leye",
        language_team=locale,
        creation_date=born,
        revision_date=born,
        fuzzy=False,
    )


def _translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)


if __name__ == "__main__":
    for path, number in update_catalogues().items():
        print(f"{path.relative_to(ROOT)}: {number} untranslated")
