"""Festival (Debian `festival` and festvox-*): two diphone voices and a statistical one, which keeps its own pace.

One process for each voice stays, since loading a voice takes far longer than speaking.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from pathlib import Path

from cluster.errors import ConfigError
from evals.engines.base import Samples, from_wav

_DONE = "done"


class Diphone:
    voices: tuple[str, ...] = ("kal_diphone", "ked_diphone")
    licence = "festival X11-like, voices kal and ked: University of Edinburgh and CMU, free of charge, unrestricted"
    speeds: tuple[float, ...] = (0.7, 1.0, 1.3)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[str, subprocess.Popen[str]] = {}

    def say(self, text: str, voice: str, speed: float) -> Samples:
        with self._lock, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            if voice not in self._workers:
                self._workers[voice] = self._start()
                self._run(voice, f"(voice_{voice})")
            self._run(voice, f"(Parameter.set 'Duration_Stretch {1 / speed:.4f})")
            words = text.replace("\\", "").replace('"', "")
            self._run(voice, f'(utt.save.wave (utt.synth (Utterance Text "{words}")) "{path}" \'riff)')
            return from_wav(path.read_bytes() if path.exists() else b"", f"festival:{voice}")

    def close(self) -> None:
        for worker in self._workers.values():
            worker.communicate()
        self._workers.clear()

    def _start(self) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                ["festival", "--pipe"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        except FileNotFoundError:
            raise ConfigError("festival", "is not installed; `make eval-tools` brings it") from None

    def _run(self, voice: str, command: str) -> None:
        worker = self._workers[voice]
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(f'{command}\n(format t "\\n{_DONE}\\n")\n(fflush nil)\n')
        worker.stdin.flush()
        said = []
        for line in worker.stdout:
            if line.strip() == _DONE:
                return
            said.append(line)
        raise ConfigError("festival", f"its process ended: {''.join(said)[-200:]}")


class Hts(Diphone):
    voices = ("cmu_us_slt_arctic_hts",)
    licence = "BSD-like (HTS working group, Carnegie Mellon University)"
    speeds = (1.0,)  # the statistical voice ignores Duration_Stretch
