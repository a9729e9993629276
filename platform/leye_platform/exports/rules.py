"""The states of a file of labels that was asked for. Pure."""

from enum import StrEnum


class ExportState(StrEnum):
    WAITING = "waiting"
    WRITING = "writing"
    READY = "ready"


_E = ExportState
EXPORT_MOVES: dict[ExportState, frozenset[ExportState]] = {
    _E.WAITING: frozenset({_E.WRITING}),
    _E.WRITING: frozenset({_E.READY}),
    _E.READY: frozenset(),
}
