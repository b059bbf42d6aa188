"""The demo over the real thing: it proves something only because it can fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models" / "counterpoint-micro"
RUN = "import typer; from actors.demo import demo; typer.run(demo)"

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def write_wav(path: Path, sound: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
        file.writeframes(sound.astype("<i2").tobytes())


@pytest.fixture
def zeroed(tmp_path: Path) -> Path:
    """The shipped checkpoint with every weight 0."""
    folder = tmp_path / "zeroed"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.safetensors", "demo"))
    weights = load_file(SHIPPED / "model.safetensors")
    save_file({name: np.zeros_like(value) for name, value in weights.items()}, folder / "model.safetensors")
    return folder


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    noise = np.random.default_rng(1).normal(0, 2_000, 16_000 * 4)
    write_wav(folder / "demo.wav", noise)
    write_wav(folder / "control.wav", np.zeros(16_000))
    expected = {"text": "drink water", "from_s": 1.0, "to_s": 4.0}
    (folder / "demo.json").write_text(json.dumps({"expected": expected}))
    return folder


def test_with_zeroed_weights_the_demo_fails_and_only_for_what_was_not_said(
    zeroed: Path, recordings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", RUN, "--out", out, "--checkpoint", zeroed, "--recordings", recordings],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
        env={**os.environ, "COUNTERPOINT_ENGINE__DTYPE": "f32"},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    failed = [check["what"] for check in summary["checks"] if not check["holds"]]
    assert failed == ["“drink water” is said between 1.0 and 4.0 s"], summary["checks"]
    assert summary["micro_turns"] == 20
    assert summary["dispatcher"] == "Grpc"
    assert len({actor["pid"] for actor in summary["actors"]}) == len(summary["actors"]) >= 6
    assert (out / "score.html").exists()
