"""`counterpoint drain` as the chart's preStop hook runs it: in a Ray that asks for a token, without a configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.store import EmbeddedStore
from tests.chart.chart_tools import environments, rendered
from tests.e2e.conftest import counterpoint, head, serving

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(240)]

OF_THE_OPERATOR = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef0123456789abcdef"}


@pytest.fixture
def token_head() -> Iterator[str]:
    with head("tests.e2e.token_head", OF_THE_OPERATOR) as address:
        yield address


def test_the_hook_of_a_pod_reaches_a_cluster_that_asks_for_a_token(
    token_head: str, checkpoint: Path, tmp_path: Path
) -> None:
    objects = rendered(None, "--set", "ray.namespace=elsewhere")
    pod = environments(objects)["ingest", "ray-worker"] | OF_THE_OPERATOR
    with EmbeddedStore(tmp_path / "store") as store:
        env = pod | {"REDIS_URL": store.start(), "COUNTERPOINT_EXPERTS__EXCHANGE": "local"}
        with serving(checkpoint, tmp_path, "--address", token_head, "--sessions", "2", env=env):
            done = counterpoint("drain", "--address", token_head, "--wait", "0", "--json", env=pod)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"drained": ["ingest-0"]}
