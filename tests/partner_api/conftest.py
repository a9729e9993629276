"""A site that speaks Label Studio."""

import pytest

from leye_platform.installation import Installation
from support.clock import MovableClock
from support.label_studio import Face


@pytest.fixture
def face(installation: Installation, clock: MovableClock) -> Face:
    return Face(installation, clock)
