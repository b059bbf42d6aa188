"""The store of a laptop: one server for one folder, whatever became of the cluster before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from actors.store import EmbeddedStore
from cluster.errors import ConfigError

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from redis import Redis
from actors.store import EmbeddedStore
store = EmbeddedStore(Path(sys.argv[1]))
with Redis.from_url(store.start()) as redis:
    redis.set("kept", "yes")
print(store.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_that_another_cluster_uses_is_named_and_free_again_when_that_one_stopped(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as first:
        first.start()
        with pytest.raises(ConfigError, match=f"^serve.data_dir: {tmp_path} is in use by another cluster"):
            EmbeddedStore(tmp_path).start()
    with EmbeddedStore(tmp_path) as second:
        second.start()


def test_a_server_whose_cluster_was_killed_ends_before_another_one_writes_its_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    left = Path("/proc") / done.stdout.strip()
    assert left.exists(), done.stderr
    with EmbeddedStore(tmp_path) as store, Redis.from_url(store.start()) as redis:
        assert redis.get("kept") == b"yes"
        assert not left.exists() or " Z " in (left / "stat").read_text()  # nobody may wait for it here
