"""What `counterpoint serve` says when it cannot start, and that it serves on a Ray cluster of several nodes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.store import EmbeddedStore
from tests.e2e.conftest import counterpoint, head, serving
from tests.e2e.talking import converse

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    ("options", "env", "says"),
    [
        ((), {"REDIS_URL": "redis://127.0.0.1:1"}, r"redis\.url: the session store does not answer"),
        (("--address", "127.0.0.1:1"), {}, r"redis\.url: a cluster of several nodes needs a store"),
        (("--exchange", "pigeon"), {}, r"experts\.exchange: input should be 'local', 'grpc' or 'alltoall'"),
        ((), {"COUNTERPOINT_SERVE__PROT": "1"}, r"serve\.prot: is not a known key"),
        (("--config", "none.toml"), {}, r"none\.toml: cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_to_do(
    options: tuple[str, ...], env: dict[str, str], says: str, tmp_path: Path
) -> None:
    done = counterpoint("serve", "--data", str(tmp_path), *options, env=env)
    assert done.returncode == 1
    assert re.search(says, done.stderr), done.stderr


def test_a_ray_cluster_that_is_not_there_is_named(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as store:
        done = counterpoint("serve", "--address", "127.0.0.1:1", env={"REDIS_URL": store.start()})
    assert done.returncode == 1
    assert "serve.ray_address: no Ray cluster answers at 127.0.0.1:1" in done.stderr


def test_check_config_reads_what_serve_would_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[scheduler]\nmax_sessions = 7\n")
    bad.write_text("[scheduler]\nmax_sessions = 'many'\n")
    assert '"max_sessions": 7' in counterpoint("check-config", "--json", str(good)).stdout
    done = counterpoint("check-config", str(bad))
    assert done.returncode == 1
    assert "scheduler.max_sessions: input should be a valid integer" in done.stderr


@pytest.fixture
def three_nodes() -> Iterator[str]:
    with head("tests.e2e.three_nodes", {"RAY_AUTH_MODE": "disabled"}) as told:
        address, clocks = told.split()
        if os.geteuid() == 0:
            assert clocks == "apart"
        yield address


async def test_on_several_nodes_with_clocks_of_their_own_copies_of_an_expert_lie_apart_and_nobody_is_late_for_the_clock(
    three_nodes: str, checkpoint: Path, tmp_path: Path
) -> None:
    with EmbeddedStore(tmp_path / "store") as store:
        env = {"REDIS_URL": store.start()}
        with serving(checkpoint, tmp_path, "--address", three_nodes, "--sessions", "2", env=env) as cluster:
            node = {actor["name"]: actor["node"] for actor in cluster.facts["actors"]}
            assert node["expert-0"] != node["expert-1"]
            assert node["ingest-0"] != node["scheduler-0"]
            assert len(set(node.values())) == 2  # the head carries nothing
            talk = await converse(cluster.target, 3.0)
            assert talk.ks == list(range(15))
            assert max(abs(turn.message.lateness_us) for turn in talk.turns) < 30 * 1_000_000  # clocks differ by days
