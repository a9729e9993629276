"""Time is passed in: nothing below the composition root asks the machine what time it is."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the present moment as an aware datetime in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)
