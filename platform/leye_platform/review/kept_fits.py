"""A project's fits as they were in force: kept by a refit, read by a replay, dropped once no answer rests on them.

A weighing names the fits that its prior and its skills were read from. A person's skill is that of the newest fit so
far that fitted them, so a fit may be wanted though no weighing names it.
"""

import json
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, column, delete, func, insert, select, true
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import batches, dialect_of, kept_fits, skill_fits
from leye_platform.projects.rules import DataState

BYTES_AT_HAND = 16_000_000
"""Of fits, as JSON, that a replay holds at once. One is held however large it is."""

NEWEST = (
    select(kept_fits.c.prior, kept_fits.c.skills)
    .where(kept_fits.c.project_id == bindparam("project"))
    .order_by(kept_fits.c.number.desc())
    .limit(1)
)
LOCK_FIT = select(skill_fits.c.number).where(skill_fits.c.project_id == bindparam("project")).with_for_update()
NUMBERS = (
    select(kept_fits.c.number, kept_fits.c.fitted_at)
    .where(kept_fits.c.project_id == bindparam("project"))
    .order_by(kept_fits.c.number)
)
OLDEST_BATCH = select(func.min(batches.c.created_at)).where(
    batches.c.project_id == bindparam("project"), batches.c.data_state != DataState.ERASED
)


def is_new(session: Session, project_id: UUID, prior: Sequence[Any], skills: Mapping[str, Any]) -> bool:
    """Whether a refit found anything but what the newest kept fit says. The project's row of `skill_fits` is locked."""
    session.execute(LOCK_FIT, {"project": project_id})
    newest = session.execute(NEWEST, {"project": project_id}).first()
    return newest is None or tuple(newest) != (prior, skills)


def keep_fit(session: Session, project_id: UUID, fit: Mapping[str, Any]) -> None:
    """Keep what a refit found: number, prior, skills and fitted_at."""
    session.execute(insert(kept_fits), {**fit, "project_id": project_id})


def drop_unwanted(session: Session, project_id: UUID) -> int:
    """Drop the fits that no answer rests on any more, because their batches were erased; how many.

    All answers to a batch are younger than it. So what was in force before the oldest batch that is not erased is named
    by no weighing: the last of these fits was still in force then, and the one before it is spared besides, because a
    refit tells its moment before others can read it.
    """
    fits = session.execute(NUMBERS, {"project": project_id}).all()
    oldest = session.scalar(OLDEST_BATCH, {"project": project_id})
    before = [number for number, fitted_at in fits if oldest is None or fitted_at < oldest]
    unnamed = before[:-2]
    if not unnamed:
        return 0
    fitted: dict[int, set[str]] = defaultdict(set)
    kept_on = next(number for number, _ in fits if number > unnamed[-1])
    for number, person in _people(session, project_id, until=kept_on):
        fitted[number].add(person)
    covered, unwanted = fitted[kept_on], []
    for number in reversed(unnamed):
        # Who was fitted here the last time goes by it on.
        if fitted[number] <= covered:
            unwanted.append(number)
        covered |= fitted[number]
    if unwanted:
        these = (kept_fits.c.project_id == project_id, kept_fits.c.number.in_(unwanted))
        session.execute(delete(kept_fits).where(*these))
    return len(unwanted)


def _people(session: Session, project_id: UUID, until: int | None = None) -> Iterator[tuple[int, str]]:
    """Each fit and each person whom it fitted, by number; the database takes the records apart, which are long."""
    keys = func.json_each if dialect_of(session) == "sqlite" else func.jsonb_each
    person = keys(kept_fits.c.skills).table_valued(column("key", Text))
    found = select(kept_fits.c.number, person.c.key).select_from(kept_fits).join(person, true())
    found = found.where(kept_fits.c.project_id == project_id).order_by(kept_fits.c.number)
    if until is not None:
        found = found.where(kept_fits.c.number <= until)
    for row in session.execute(found.execution_options(yield_per=1000)):
        yield row.number, row.key


@dataclass(frozen=True, slots=True)
class _Fit:
    prior: list[Any]
    skills: dict[str, Any]
    size: int


class FitsInForce:
    """A project's fits as they were in force."""

    def __init__(self, session: Session, project_id: UUID, bytes_at_hand: int = BYTES_AT_HAND) -> None:
        self._session, self._project_id, self._most = session, project_id, bytes_at_hand
        self._fitted_in: dict[str, list[int]] = defaultdict(list)
        for number, person in _people(session, project_id):
            self._fitted_in[person].append(number)
        self._at_hand: OrderedDict[int, _Fit] = OrderedDict()

    def prior(self, number: int) -> list[Any] | None:
        """None before the first."""
        return self._fit(number).prior if number else None

    def skill(self, person_id: UUID, number: int) -> dict[str, Any] | None:
        """Of the newest fit so far that fitted the person; None for a stranger."""
        fitted_in = self._fitted_in.get(str(person_id), [])
        at = bisect_right(fitted_in, number)
        skill: dict[str, Any] | None = self._fit(fitted_in[at - 1]).skills[str(person_id)] if at else None
        return skill

    def _fit(self, number: int) -> _Fit:
        if number in self._at_hand:
            self._at_hand.move_to_end(number)
            return self._at_hand[number]
        fit = self._at_hand[number] = self._read(number)
        while len(self._at_hand) > 1 and sum(one.size for one in self._at_hand.values()) > self._most:
            self._at_hand.popitem(last=False)
        return fit

    def _read(self, number: int) -> _Fit:
        of_number = (kept_fits.c.project_id == self._project_id, kept_fits.c.number == number)
        as_text = select(kept_fits.c.prior, cast(kept_fits.c.skills, Text)).where(*of_number)
        prior, text = self._session.execute(as_text).one()
        return _Fit(prior, json.loads(text), len(text))
