"""Simulated people at work at the same time, each in a thread of their own with a session of their own."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

IDLE_SECONDS = 0.3
LEAVE_SECONDS = 5.0
Step = Callable[[], bool]
"""Does one piece of work; False where none waits."""
Begin = Callable[[], Step]
"""Signs in, and gives the step to repeat."""


class AtWork:
    """People who work until they are told to stop; the first trouble that one of them meets is kept."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._troubles: list[Exception] = []

    def check(self) -> None:
        """Raises the first trouble that somebody met."""
        if self._troubles:
            raise self._troubles[0]

    def repeat(self, begin: Begin) -> None:
        """One person's working day."""
        try:
            step = begin()
            while not self.stopping.is_set():
                if not step():
                    self.stopping.wait(IDLE_SECONDS)
        except Exception as trouble:
            self._troubles.append(trouble)


@contextmanager
def at_work(people: Sequence[Begin]) -> Iterator[AtWork]:
    """Have people work for the length of a block."""
    work = AtWork()
    # Daemons: whoever waits for a server that is away must not keep the program from ending.
    threads = [threading.Thread(target=work.repeat, args=(begin,), daemon=True) for begin in people]
    for thread in threads:
        thread.start()
    try:
        yield work
    finally:
        work.stopping.set()
        deadline = time.monotonic() + LEAVE_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
