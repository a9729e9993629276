"""One partner's script, one client, two servers: the same calls, the same answers but for the differences named."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from oracle.conftest import Found
from oracle.differences import NOT_THERE, OTHERWISE, of_their_own

Leaf = tuple[str, Any]


def leaves(told: Any, field: str = "") -> Iterator[Leaf]:
    """Every field of an answer with its value; places in lists do not count."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield from leaves(value, f"{field}.{name}")
    elif isinstance(told, list) and told:
        for value in told:
            yield from leaves(value, f"{field}[]")
    else:
        yield field, told


def names(told: Any, field: str = "") -> set[str]:
    """Every field of an answer, objects and lists too."""
    if isinstance(told, dict):
        deeper = (names(value, f"{field}.{name}") | {f"{field}.{name}"} for name, value in told.items())
        return set().union(*deeper)
    return set().union(*(names(value, f"{field}[]") for value in told)) if isinstance(told, list) else set()


def fields_of(found: Found) -> dict[str, set[str]]:
    """The fields that the answers to each call had, ever."""
    fields: dict[str, set[str]] = defaultdict(set)
    for call in found.answers():
        fields[call["call"]] |= names(call["told"])
    return fields


def calls_of(found: Found) -> list[tuple[str, str, int]]:
    """What was asked, and how it went; which exports there are is compared apart."""
    return [
        (call["step"], call["call"], call["status"]) for call in found.calls if not call["step"].endswith(": export")
    ]


def test_every_call_is_answered_with_the_same_status(theirs: Found, ours: Found) -> None:
    assert calls_of(ours) == calls_of(theirs)
    assert len(calls_of(ours)) > 100


def test_no_field_is_missing_but_those_named(theirs: Found, ours: Found) -> None:
    there, here = fields_of(theirs), fields_of(ours)
    missing = {(call, field) for call, fields in there.items() for field in fields - here[call]}
    unnamed = sorted(place for place in missing if not any(one.covers(*place) for one in NOT_THERE))
    assert not unnamed, unnamed
    mended = [one for one in NOT_THERE if not any(one.covers(*place) for place in missing)]
    assert not mended, f"they are there by now: {mended}"


def test_no_value_differs_but_those_named(theirs: Found, ours: Found) -> None:
    differing: dict[tuple[str, str], tuple[Any, Any]] = {}
    compared = 0
    for one, other in zip(ours.answers(), theirs.answers(), strict=True):
        assert one["call"] == other["call"]
        here, there = by_field(one["told"]), by_field(other["told"])
        for field in here.keys() & there.keys():
            compared += 1
            if here[field] != there[field] and not of_their_own(field):
                differing[one["call"], field] = (there[field], here[field])
    assert compared > 1000
    unnamed = {place: pair for place, pair in differing.items() if not any(one.covers(*place) for one in OTHERWISE)}
    assert not unnamed, "\n".join(f"{place}: theirs {pair[0]!r}, ours {pair[1]!r}" for place, pair in unnamed.items())
    mended = [one for one in OTHERWISE if not any(one.covers(*place) for place in differing)]
    assert not mended, f"they are the same by now: {mended}"


def by_field(told: Any) -> dict[str, list[Any]]:
    """The values of each field, in order."""
    found: dict[str, list[Any]] = defaultdict(list)
    for field, value in leaves(told):
        found[field].append(value)
    return dict(found)


def test_what_was_labelled_is_read_back_alike(theirs: Found, ours: Found) -> None:
    def read(found: Found) -> list[Any]:
        told = [call["told"] for call in found.answers() if call["call"] == "GET /api/annotations/N"]
        return [(one["result"], one["was_cancelled"]) for one in told]

    assert read(ours) == read(theirs)
    assert len(read(ours)) == 6
