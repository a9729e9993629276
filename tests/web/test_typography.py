"""Chinese pages keep a number in the line of its unit, and leave no hole after a full stop."""

import re

import pytest

from leye_platform.web.catalogue import ROOT, domains
from leye_platform.web.rendering import environment
from leye_platform.web.translations import LOCALES, catalogue, read_catalogue
from leye_platform.web.typography import joined, page_catalogue

NBSP = "\u00a0"
APART = re.compile(r"[\d}%] [\u3400-\u9fff]|第 [\d{]")
FILLED = re.compile(r"\{\w+\}")


@pytest.mark.parametrize(
    ("written", "set_as"),
    [
        ("共 {items} 条，预计{day}完成", "共 {items}~条，预计{day}完成"),
        ("第 {version} 版", "第~{version}~版"),
        ("24 小时 {name} 和 {other}", "24~小时 {name}~和 {other}"),
        ("占 80% 的", "占 80%~的"),
        ("JPEG 或 PNG", "JPEG 或 PNG"),
        ("{count} items on page 3", "{count} items on page 3"),
    ],
)
def test_a_number_is_joined_to_its_unit(written: str, set_as: str) -> None:
    assert joined(written) == set_as.replace("~", NBSP)


@pytest.mark.parametrize("language", LOCALES)
def test_no_text_of_the_catalogues_parts_them_on_a_page(language: str) -> None:
    seen = 0
    for domain in domains():
        for message in read_catalogue(domain.catalogues[LOCALES[language]], LOCALES[language]):
            for name in map(
                str, message.id if isinstance(message.id, (tuple, list)) else [message.id] if message.id else []
            ):
                shown = page_catalogue(language).gettext(name)
                assert not APART.search(shown), shown
                assert not APART.search(FILLED.sub("12", shown)), shown
                assert shown.replace(NBSP, " ") == catalogue(language).gettext(name).replace(NBSP, " ")
                seen += 1
    assert seen > 1000


def test_a_counted_text_is_joined_too() -> None:
    assert page_catalogue("zh").ngettext("{n} 条", "{n} 条", 2) == f"{{n}}{NBSP}条"


@pytest.mark.parametrize(("language", "between"), [("zh-CN", ""), ("en", " ")])
def test_a_notice_has_a_space_between_its_sentences_only_in_english(language: str, between: str) -> None:
    macros = environment().get_template("components.html").make_module({"lang": language, "_": str})
    assert f"<strong>A</strong>{between}B" in macros.notice("good", "A", "B")  # type: ignore[attr-defined]


def test_no_template_puts_a_space_after_a_chinese_sentence() -> None:
    """`gap()` stands between sentences; a link after one may have its space, since it is a box of its own."""
    hole = re.compile(r'[。：；，]"\)(?:\.format\([^{}]*\))? \}\}(?:</strong>)? \{\{ _\(')
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for package in ("platform", "task_templates")
        for path in sorted((ROOT / package).rglob("*.html"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if hole.search(line)
    ]
    assert not found
