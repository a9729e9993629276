"""Both servers, started once for all comparisons, and what the partner's script found at each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from oracle.running import label_studio, leye, run_partner


@dataclass(frozen=True)
class Found:
    """A server's answers to the partner's calls, and the folder of its exports."""

    calls: list[dict[str, Any]]
    exports: Path

    def answers(self, *, exports: bool = False) -> list[dict[str, Any]]:
        """The calls that were answered as asked; exports are files and are left out unless asked for."""
        good = [call for call in self.calls if call["status"] < 300]
        return [call for call in good if exports or not call["step"].endswith(": export")]


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """What Label Studio answered."""
    folder = tmp_path_factory.mktemp("label-studio")
    with label_studio(folder) as server:
        yield Found(run_partner(server, folder / "partner"), folder / "partner")


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """What Leye answered."""
    folder = tmp_path_factory.mktemp("leye")
    with leye(folder) as server:
        yield Found(run_partner(server, folder / "partner"), folder / "partner")
