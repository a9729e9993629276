"""The states of a file of labels that was asked for. Pure."""

from enum import StrEnum


class ExportState(StrEnum):
    WAITING = "waiting"
    WRITING = "writing"
    READY = "ready"
    ERASED = "erased"


_E = ExportState
EXPORT_MOVES: dict[ExportState, frozenset[ExportState]] = {
    _E.WAITING: frozenset({_E.WRITING, _E.ERASED}),
    _E.WRITING: frozenset({_E.READY, _E.ERASED}),
    _E.READY: frozenset({_E.ERASED}),
    _E.ERASED: frozenset(),
}
