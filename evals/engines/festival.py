"""Festival (Debian `festival` and festvox-*): two diphone voices and a statistical one, which keeps its own pace."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from evals.engines.base import Samples, from_wav


class Diphone:
    voices = ("kal_diphone", "ked_diphone")
    licence = "festival X11-like, voices kal and ked: University of Edinburgh and CMU, free of charge, unrestricted"
    speeds = (0.7, 1.0, 1.3)

    def say(self, text: str, voice: str, speed: float) -> Samples:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            stretch = f"(Parameter.set 'Duration_Stretch {1 / speed:.4f})"
            command = ["text2wave", "-eval", f"(voice_{voice})", "-eval", stretch, "-o", str(path)]
            subprocess.run(command, input=text.encode(), check=True, stdout=subprocess.DEVNULL)
            return from_wav(path.read_bytes(), f"festival:{voice}")


class Hts(Diphone):
    voices = ("cmu_us_slt_arctic_hts",)
    licence = "BSD-like (HTS working group, Carnegie Mellon University)"
    speeds = (1.0,)  # the statistical voice ignores Duration_Stretch
