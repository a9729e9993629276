"""The exports of the same annotations, made by the same script at both servers."""

import csv
import io
import json
from typing import Any

import pytest
from oracle.conftest import Found
from oracle.differences import (
    EXPORTED_OTHERWISE,
    FORMATS_OF_OURS,
    FORMATS_OF_THEIRS,
    IDS,
    LOST_COLUMNS,
    NEUTRAL_CELLS,
    THEIR_COLUMNS,
    of_their_own,
)
from oracle.jobs import JOBS

TABLES = {"CSV": ",", "TSV": "\t"}
every_job = pytest.mark.parametrize("job", JOBS)


def text(found: Found, job: str, form: str) -> str:
    """An export as it came; our tables begin with a byte order mark."""
    return (found.exports / job / form).read_text(encoding="utf-8-sig")


def tasks(found: Found, job: str) -> list[dict[str, Any]]:
    """The JSON export, in the order of the tasks."""
    rows: list[dict[str, Any]] = json.loads(text(found, job, "JSON"))
    return sorted(rows, key=lambda task: int(task["inner_id"]))


@every_job
def test_both_offer_the_same_formats_but_those_named(theirs: Found, ours: Found, job: str) -> None:
    def offered(found: Found) -> dict[str, bool]:
        [call] = [call for call in found.calls if call["step"] == f"{job}: formats"]
        return {form["name"]: not form.get("disabled") for form in call["told"]}

    there, here = offered(theirs), offered(ours)
    assert there.keys() - here.keys() == FORMATS_OF_THEIRS.keys()
    assert here.keys() - there.keys() == FORMATS_OF_OURS.keys()
    assert {name: here[name] for name in here.keys() & there.keys()} == {
        name: there[name] for name in here.keys() & there.keys()
    }, "which of them fit the project"
    assert {path.name for path in (ours.exports / job).iterdir()} == {name for name, fits in here.items() if fits}


@every_job
def test_json_holds_the_same_results(theirs: Found, ours: Found, job: str) -> None:
    def kept(found: Found) -> list[Any]:
        return [(task["data"], [one["result"] for one in task["annotations"]]) for task in tasks(found, job)]

    assert kept(ours) == kept(theirs)
    assert kept(ours) == [(data, [result]) for data, result in JOBS[job][1]], "and what was sent"


def test_json_differs_in_the_named_fields_alone(theirs: Found, ours: Found) -> None:
    differing = set()
    for job in JOBS:
        for one, other in zip(tasks(ours, job), tasks(theirs, job), strict=True):
            differing |= fields_that_differ(one, other, "[]")
            for here, there in zip(one["annotations"], other["annotations"], strict=True):
                differing |= fields_that_differ(here, there, "[].annotations[]")
    assert differing == EXPORTED_OTHERWISE.keys()


def fields_that_differ(one: dict[str, Any], other: dict[str, Any], at: str) -> set[str]:
    """The fields of theirs that ours lacks or has otherwise."""
    return {
        f"{at}.{name}"
        for name in other
        if name != "annotations" and not of_their_own(f".{name}") and (name not in one or one[name] != other[name])
    } | {f"{at}.{name}" for name in ("unique_id", "updated_by") if name in other and one.get(name) != other[name]}


@every_job
def test_short_json_says_the_same(theirs: Found, ours: Found, job: str) -> None:
    here, there = (json.loads(text(found, job, "JSON_MIN")) for found in (ours, theirs))
    assert len(here) == len(there) == len(JOBS[job][1])
    for one, other in zip(here, there, strict=True):
        wanted = {name: value for name, value in other.items() if name not in THEIR_COLUMNS | IDS}
        assert {name: one.get(name) for name in wanted} == wanted
        assert one.keys() >= IDS


@every_job
@pytest.mark.parametrize("form", TABLES)
def test_tables_say_the_same(theirs: Found, ours: Found, job: str, form: str) -> None:
    here, there = (
        list(csv.DictReader(io.StringIO(text(found, job, form), newline=""), delimiter=TABLES[form]))
        for found in (ours, theirs)
    )
    assert len(here) == len(there) == len(JOBS[job][1])
    lost = there[0].keys() - here[0].keys() - THEIR_COLUMNS - IDS
    assert lost == (LOST_COLUMNS if job == "classes" else set())
    for one, other in zip(here, there, strict=True):
        for name in other.keys() - THEIR_COLUMNS - IDS - lost:
            assert value(one[name]) == value(NEUTRAL_CELLS.get(other[name], other[name])), name


def value(cell: str) -> Any:
    """What a cell holds, however its JSON is spaced."""
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def test_words_carry_the_same_tags(theirs: Found, ours: Found) -> None:
    assert text(ours, "words", "CONLL2003") == text(theirs, "words", "CONLL2003")
    assert "B-Person" in text(ours, "words", "CONLL2003")
