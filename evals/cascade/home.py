"""Where the cascade's own environment lies: `make cascade` makes it, apart from everything that serves."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cluster.errors import ConfigError

HOME = Path(__file__).parents[2] / ".venv-cascade"
PYTHON = HOME / "bin" / "python"
NODE_MODULES = HOME / "node_modules"
_HOW = "`make cascade` brings it (Node 20 and npm are needed)"


def model_path(home: Path = HOME) -> Path:
    """SmolLM2-135M-Instruct, 4 bit. Raises ConfigError where it is not installed."""
    found = sorted(home.glob("lib/python3*/site-packages/**/*.gguf"))
    if not found:
        raise ConfigError("cascade", f"no language model below {home}; {_HOW}")
    return found[0]


def check(home: Path = HOME) -> None:
    """Raises ConfigError naming what is missing."""
    model_path(home)
    for part in (home / "bin" / "python", home / "node_modules" / "node-llama-cpp"):
        if not part.exists():
            raise ConfigError("cascade", f"{part} is missing; {_HOW}")


class LineProcess:
    """A program that answers each line of JSON with a line of JSON, and says {"ready": true} first."""

    def __init__(self, command: Sequence[str | Path], *, cwd: Path | None = None) -> None:
        """Raises ConfigError with its own words where it ends instead."""
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, "OMP_NUM_THREADS": "1"},  # one thread is what its seconds are counted of
        )
        self._answer()

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        _, errors = self._process.communicate()
        raise ConfigError("cascade", f"{self._process.args[0]} ended: {errors.strip()[-800:]}")  # type: ignore[index]  # a list
