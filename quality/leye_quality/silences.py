"""Long sound cut where nobody speaks; where somebody speaks without a pause, in the quietest place, with an overlap.

Sound is one channel of samples (any numeric kind), positions count samples. Speech and silence are told apart by energy
against the recording's own floor, as in L. R. Rabiner, M. R. Sambur, An Algorithm for Determining the Endpoints of
Isolated Utterances, Bell System Technical Journal 54, 1975; the place of a cut in running speech is the lowest point of
the smoothed energy, as VAD-based chunking of long recordings does (M. Bain et al., WhisperX, Interspeech 2023).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FRAME = 0.01
"""Seconds of one reading of the energy."""

FLOOR, SPEECH = 10, 95
"""Per cent of the readings below the floor, and below loud speech."""

BETWEEN = 0.25
"""Of the way from the floor to loud speech, in decibels: below lies silence."""

LEAST_RANGE = 6.0
"""Decibels between floor and speech; with less, nothing of the recording can be called silent."""

SMOOTH = 0.1
"""Seconds over which energy is averaged before its lowest point is looked for."""


class Segment(NamedTuple):
    """A part of a recording, in samples. It begins before the last one ends where running speech was cut."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds. longest, shortest: of a segment; silence: a pause that is long enough to cut in; overlap: of two
    segments where there was none. What is said in less than the overlap is heard whole in one of the two."""

    longest: float = 30.0
    shortest: float = 5.0
    silence: float = 0.3
    overlap: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.shortest or not self.shortest + self.overlap < self.longest:
            raise ValueError("overlap < shortest, and shortest + overlap < longest")


def segments(samples: NDArray[Any], rate: int, lengths: Lengths | None = None) -> list[Segment]:
    """Cut a recording into segments of at most `longest`; one where that is all. Together they are the recording."""
    wanted = lengths or Lengths()
    level = loudness(samples, rate)
    pauses = _pauses(level, wanted.silence)
    found, start, total = [], 0, len(samples)
    while total - start > wanted.longest * rate:
        cut, paused = _cut(level, pauses, start / rate, wanted)
        half = 0.0 if paused else wanted.overlap / 2
        found.append(Segment(start, round((cut + half) * rate)))
        start = round((cut - half) * rate)
    found.append(Segment(start, total))
    return found


def loudness(samples: NDArray[Any], rate: int) -> NDArray[np.float64]:
    """The energy of each frame, in decibels."""
    size = max(1, round(FRAME * rate))
    count = max(1, -(-len(samples) // size))
    padded = np.zeros(count * size)
    padded[: len(samples)] = samples
    power = np.mean(padded.reshape(count, size) ** 2, axis=1)
    loudest = float(power.max()) or 1.0
    return np.asarray(10.0 * np.log10(np.maximum(power / loudest, 1e-9)))


def _pauses(level: NDArray[np.float64], least: float) -> list[tuple[float, float]]:
    """Begin and end of each pause, in seconds."""
    floor, speech = np.percentile(level, (FLOOR, SPEECH))
    if speech - floor < LEAST_RANGE:
        return []
    quiet = np.concatenate(([False], level < floor + BETWEEN * (speech - floor), [False]))
    changes = np.flatnonzero(quiet[1:] != quiet[:-1])
    spans = [(begin * FRAME, end * FRAME) for begin, end in zip(changes[::2], changes[1::2], strict=True)]
    return [(float(begin), float(end)) for begin, end in spans if end - begin >= least]


def _cut(
    level: NDArray[np.float64], pauses: list[tuple[float, float]], start: float, wanted: Lengths
) -> tuple[float, bool]:
    """Where the segment that begins at `start` is cut, in seconds, and whether that is a pause: the last one there."""
    first, last = start + wanted.shortest, start + wanted.longest
    middles = [(begin + end) / 2 for begin, end in pauses]
    in_reach = [middle for middle in middles if first <= middle <= last]
    if in_reach:
        return in_reach[-1], True
    width = max(1, round(SMOOTH / FRAME))
    smooth = np.convolve(10 ** (level / 10), np.ones(width) / width, mode="same")
    begin, end = round(first / FRAME), round((last - wanted.overlap / 2) / FRAME)
    window = smooth[begin:end]
    # The last of equally quiet places, so that there are few segments.
    lowest = len(window) - 1 - int(np.argmin(window[::-1]))
    return (begin + lowest) * FRAME, False
