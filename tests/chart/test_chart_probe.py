"""The probe of the chart against servers that answer as a pod would."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from chart_tools import CHART

PROBE = CHART / "files" / "probe.py"


class Pod:
    """Both ports of a pod on this machine."""

    def __init__(self) -> None:
        self.node_status, self.metrics = 200, "counterpoint_progress 7.0\n"
        self._servers = [self._serve(self._node), self._serve(self._actor)]
        self.ports = [server.server_address[1] for server in self._servers]

    def _node(self, path: str) -> tuple[int, str]:
        return (self.node_status, "success") if path == "/api/local_raylet_healthz" else (404, "")

    def _actor(self, path: str) -> tuple[int, str]:
        return (200, self.metrics) if path == "/metrics" else (404, "")

    @staticmethod
    def _serve(answer) -> ThreadingHTTPServer:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer(self.path)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    def close(self, *which: int) -> None:
        for index in which or range(len(self._servers)):
            self._servers[index].shutdown()
            self._servers[index].server_close()


@pytest.fixture
def pod() -> Iterator[Pod]:
    pod = Pod()
    yield pod
    pod.close()


def ask(pod: Pod, question: str, state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    node, metrics = map(str, pod.ports)
    command = [sys.executable, "-I", "-S", str(PROBE), question, "--node-port", node, "--metrics-port", metrics]
    return subprocess.run(
        [*command, "--state", str(state / "seen"), *options], capture_output=True, text=True, timeout=20, check=False
    )


def test_a_pod_whose_actor_answers_is_ready_and_live(pod: Pod, tmp_path: Path) -> None:
    assert [ask(pod, question, tmp_path).returncode for question in ("node", "ready", "live")] == [0, 0, 0]


def test_a_pod_without_an_actor_is_live_and_not_ready(pod: Pod, tmp_path: Path) -> None:
    pod.close(1)
    assert ask(pod, "live", tmp_path).returncode == 0
    refused = ask(pod, "ready", tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "no actor serves here yet\n")


def test_a_pod_whose_ray_node_is_unwell_is_not_live(pod: Pod, tmp_path: Path) -> None:
    pod.node_status = 503
    refused = ask(pod, "live", tmp_path)
    assert refused.returncode == 1
    assert "503" in refused.stdout


def test_a_count_that_stands_is_a_freeze_and_one_that_rises_is_life(pod: Pod, tmp_path: Path) -> None:
    def live() -> subprocess.CompletedProcess[str]:
        return ask(pod, "live", tmp_path, "--rises", "counterpoint_progress")

    assert live().returncode == 0
    frozen = live()
    assert (frozen.returncode, frozen.stdout) == (1, "counterpoint_progress: stands at 7.0\n")
    pod.metrics = "counterpoint_progress 8.0\n"
    assert live().returncode == 0
    pod.metrics = "counterpoint_progress 1.0\n"
    assert live().returncode == 0, "a new actor counts from the start"


def test_a_pod_whose_actor_says_that_it_is_not_ready_is_not(pod: Pod, tmp_path: Path) -> None:
    def ready() -> subprocess.CompletedProcess[str]:
        return ask(pod, "ready", tmp_path, "--is", "counterpoint_ready=1")

    pod.metrics = "counterpoint_ready 0.0\n"
    refused = ready()
    assert (refused.returncode, refused.stdout) == (1, "counterpoint_ready: is 0.0, not 1\n")
    pod.metrics = "counterpoint_ready 1.0\n"
    assert ready().returncode == 0


def test_a_count_that_is_not_exported_is_said_by_name(pod: Pod, tmp_path: Path) -> None:
    refused = ask(pod, "live", tmp_path, "--rises", "counterpoint_ticks")
    assert refused.stdout == "counterpoint_ticks: not among the metrics of this pod\n"
