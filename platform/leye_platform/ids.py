"""Time-ordered ids: UUID version 7 (RFC 9562), so that rows lie in the index in the order they came."""

import os
import threading
import time
from collections.abc import Iterator
from struct import unpack
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """A UUIDv7. Ids made by one process strictly grow, also within one millisecond.

    The 12 bits after the milliseconds count in 1/4096 ms (RFC 9562, section 6.2, method 3).
    """
    return UUID(int=_with_random(_take_ticks(1), int.from_bytes(os.urandom(8), "big")))


def new_ids(count: int) -> list[UUID]:
    """As many ids at once, growing. The last may be ahead of the clock: by a millisecond for 4096 of them."""
    return [UUID(int=number) for number in _block(count)]


def new_hex_ids(count: int) -> list[str]:
    """The same as 32 hexadecimal digits, as databases take them; a good deal cheaper each."""
    return [f"{number:032x}" for number in _block(count)]


def _block(count: int) -> Iterator[int]:
    first, random = _take_ticks(count), unpack(f">{count}Q", os.urandom(8 * count))
    return map(_with_random, range(first, first + count), random)


def _take_ticks(count: int) -> int:
    """The first of some ticks that nobody else gets."""
    global _last  # noqa: PLW0603 -- the one piece of state that makes ids of a process grow
    with _lock:
        nanoseconds = time.time_ns()
        tick = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 * 4096 // 1_000_000)
        first = max(tick, _last + 1)
        _last = first + count - 1
    return first


def _with_random(tick: int, bits: int) -> int:
    """A tick of 48 + 12 bits and 62 of the random ones, with version and variant between them."""
    return tick >> 12 << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
