"""Every test that takes `objects` holds for the chart's own values and for each of ci/."""

from __future__ import annotations

import pytest
from chart_tools import CASES, Object, name_of, rendered


@pytest.fixture(params=CASES, ids=name_of)
def objects(request: pytest.FixtureRequest) -> tuple[Object, ...]:
    return rendered(request.param)
