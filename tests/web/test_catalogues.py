"""Every text that people read is in both catalogues, and nothing else is."""

import re
import string

import pytest

from leye_platform.web.catalogue import ROOT, Domain, domains, extract, update
from leye_platform.web.translations import (
    LOCALES,
    Catalogue,
    Translation,
    catalogue,
    messages_for_scripts,
    read_catalogue,
)

DOMAINS = [pytest.param(domain, id=next(iter(domain.catalogues.values())).parent.name) for domain in domains()]


def forms(message_string: object) -> tuple[str, ...]:
    return tuple(message_string) if isinstance(message_string, (tuple, list)) else (str(message_string or ""),)


def ids(message_id: object) -> tuple[str, ...]:
    return forms(message_id)


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_message_is_missing_from_a_catalogue_and_none_is_obsolete(domain: Domain) -> None:
    named = {ids(message.id) for message in extract(domain.sources) if message.id}
    assert named
    for locale, path in domain.catalogues.items():
        kept = {ids(message.id) for message in read_catalogue(path, locale) if message.id}
        assert kept == named, f"run `make translations`; {path.relative_to(ROOT)} differs by {kept ^ named}"


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_message_has_an_english_translation(domain: Domain) -> None:
    english = read_catalogue(domain.catalogues["en"], "en")
    lacking = [message.id for message in english if message.id and not all(forms(message.string))]
    assert not lacking


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_translation_takes_the_same_arguments_as_its_source(domain: Domain) -> None:
    for message in read_catalogue(domain.catalogues["en"], "en"):
        if not message.id or "python-brace-format" not in message.flags:
            continue
        wanted = _arguments(ids(message.id)[0])
        for form in forms(message.string):
            assert _arguments(form) == wanted, message.id


def _arguments(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("domain", DOMAINS)
def test_english_is_english(domain: Domain) -> None:
    """Only the language's own name, 中文, stays Chinese."""
    for message in read_catalogue(domain.catalogues["en"], "en"):
        for form in forms(message.string) if message.id else ():
            assert not re.search(r"[\u4e00-\u9fff]", form.replace("中文", "")), form


def test_a_text_in_two_catalogues_reads_the_same() -> None:
    read: dict[tuple[str, ...], tuple[str, ...]] = {}
    for domain in domains():
        for message in read_catalogue(domain.catalogues["en"], "en"):
            if message.id:
                assert read.setdefault(ids(message.id), forms(message.string)) == forms(message.string)


def test_updating_again_changes_nothing() -> None:
    for domain in domains():
        found = extract(domain.sources)
        for locale, path in domain.catalogues.items():
            before = {message.id: message.string for message in read_catalogue(path, locale)}
            updated = read_catalogue(path, locale)
            update(updated, found)
            assert {message.id: message.string for message in updated} == before


def test_updating_takes_in_what_is_new_and_drops_what_nobody_names() -> None:
    domain = domains()[0]
    found = extract(domain.sources)
    known = read_catalogue(domain.catalogues["en"], "en")
    known.add("没有人再用的句子", "a sentence that nobody uses")
    found.add("刚写的句子")
    update(known, found)
    assert "刚写的句子" in known
    assert "没有人再用的句子" not in known
    assert not known.obsolete


def test_modules_get_their_texts_from_the_same_catalogue() -> None:
    messages = messages_for_scripts("en")
    assert messages["已保存"] == "Saved"
    assert messages["还没有选，请选一个再提交"].startswith("Nothing is chosen")
    assert "首页" not in messages, "a text that no module shows travels with the page"
    assert messages_for_scripts("zh") == {}


def test_what_is_not_translated_stays_as_the_code_has_it() -> None:
    for language in LOCALES:
        assert catalogue(language).gettext("从来没有人写过的句子") == "从来没有人写过的句子"


def test_english_counts_one_and_many() -> None:
    words = Catalogue({"{n} 条": Translation(("{n} item", "{n} items"), in_scripts=False)})
    assert [words.ngettext("{n} 条", "{n} 条", n) for n in (1, 2)] == ["{n} item", "{n} items"]
    assert catalogue("zh").ngettext("{n} 条", "{n} 条", 2) == "{n} 条"
