"""The generated code that is checked in is what the pinned generator gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROTOS = Path(__file__).parents[2] / "protos"


def test_generated_code_is_byte_for_byte_what_the_generator_gives() -> None:
    done = subprocess.run(
        [sys.executable, PROTOS / "generate.py", "--check"], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
