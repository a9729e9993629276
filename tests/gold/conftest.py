"""What tests of gold made of decided items share."""

import pytest

from leye_platform.installation import Installation
from leye_platform.matching.sealing import KeyRing
from support.clock import MovableClock
from support.renewing import Renewing


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> Renewing:
    """Gold is due at every task but the first three, while there is any."""
    monkeypatch.setattr(KeyRing, "draw", lambda *_: 0.0)
    return Renewing(installation, clock)
