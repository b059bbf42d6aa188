"""A cluster that somebody started for a measurement ends with him."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHILD = "import signal; print('up', flush=True); signal.pause()"
PARENT = f"""
import os, subprocess, sys
from evals.served import end_with
subprocess.Popen([sys.executable, "-c", {CHILD!r}], preexec_fn=end_with(os.getpid())).wait()
"""


def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        os.kill(parent.pid, signal.SIGKILL)
        assert parent.stdout.read() == ""  # the pipe closes once the child is gone, which would wait for ever
