"""Flite (Debian `flite`): one diphone voice and three cluster-unit voices."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from evals.engines.base import Samples, from_wav


class Flite:
    voices = ("kal16", "awb", "rms", "slt")
    licence = "BSD-like (Carnegie Mellon University)"
    speeds = (0.7, 1.0, 1.3)

    def say(self, text: str, voice: str, speed: float) -> Samples:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            stretch = f"duration_stretch={1 / speed:.4f}"
            subprocess.run(["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(path)], check=True)
            return from_wav(path.read_bytes(), f"flite:{voice}")
