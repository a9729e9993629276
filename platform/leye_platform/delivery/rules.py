"""The states of a lot. Pure."""

from enum import StrEnum


class LotState(StrEnum):
    ASSEMBLING = "assembling"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    INVOICED = "invoiced"
    REWORK = "rework"


_L = LotState
LOT_MOVES: dict[LotState, frozenset[LotState]] = {
    _L.ASSEMBLING: frozenset({_L.DELIVERED}),
    _L.DELIVERED: frozenset({_L.ACCEPTED, _L.REWORK}),
    _L.ACCEPTED: frozenset({_L.INVOICED}),
    _L.INVOICED: frozenset(),
    _L.REWORK: frozenset(),
}


class LotItemState(StrEnum):
    INCLUDED = "included"
    SENT_BACK = "sent_back"
