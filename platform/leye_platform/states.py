"""States are enums with one table of allowed moves each; anything else is a named error."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from leye_platform.errors import MoveNotAllowed

State = TypeVar("State", bound=StrEnum)


def check_move(moves: Mapping[State, frozenset[State]], current: State, wanted: State) -> State:
    """Return `wanted` where the table allows it.

    Raises MoveNotAllowed otherwise.
    """
    if wanted not in moves.get(current, frozenset()):
        raise MoveNotAllowed(current=current.value, wanted=wanted.value)
    return wanted
