"""Calendar months and days in the operator's zone, as statements and figures count them. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from leye_platform.billing.errors import MonthMissing
from leye_platform.web.formats import ZONE, local

_NAME = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Month:
    """One month; `name` is yyyy-mm."""

    year: int
    month: int

    @classmethod
    def named(cls, name: str) -> "Month":
        """The month that a path names.

        Raises MonthMissing.
        """
        found = _NAME.fullmatch(name)
        if found is None:
            raise MonthMissing
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        at = local(moment)
        return cls(at.year, at.month)

    @property
    def name(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def began(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=ZONE)

    @property
    def ended(self) -> datetime:
        """The first moment after the month."""
        return self.next.began

    def days(self) -> Iterator[datetime]:
        """The first moment of each day."""
        day = self.began
        while day < self.ended:
            yield day
            day += timedelta(days=1)


def months_between(first: Month, last: Month) -> list[Month]:
    """All months from the first to the last, both included."""
    found = [first]
    while found[-1] < last:
        found.append(found[-1].next)
    return found
