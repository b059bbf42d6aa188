"""`python -m training.lineage`: the shipped weights from nothing, one recipe after the other.

Weights were trained in stages, each beginning with what the one before had shipped. The recipe of a stage stands in the
history of this repository beside the code that ran it, so each runs in a checkout of its own revision, with what the
stage before it made here and not with what is in history. Hours each; a stage that has ended is not run again, one that
was interrupted goes on. Needs what `make train` brings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from training.train import CONFIG

HOME = Path("build/lineage")
SHARED = ("kokoro", "gnuspeech")  # of build/: downloads that every stage may use
ENDED = "probe.json"  # the last that a recipe writes
BEGAN = ("model.safetensors", "tokenizer.json")
KOKORO_CLIPS = 1283  # where a recipe left their number to its command


def reproduce(lineage: Sequence[str], here: Path, home: Path, out: Path) -> None:
    """Runs the recipes of `lineage`, newest first as recipes name it, and then that of `here`, into `out`.

    Raises CalledProcessError for a revision that history lacks, and where a recipe fails.
    """
    made: Path | None = None
    for revision in reversed(lineage):
        tree = home / revision
        if not tree.exists():
            subprocess.run(["git", "worktree", "add", "--detach", tree.resolve(), revision], cwd=here, check=True)
        made = _run(tree, tree / "build" / "weights", made, here)
    _run(here, out, made, here)


def _run(tree: Path, out: Path, began: Path | None, here: Path) -> Path:
    """One recipe in its own checkout; where its weights are."""
    if tree != here and (out / ENDED).exists():
        return out
    if began is not None:
        inherited = tree / "build" / "inherited"
        inherited.mkdir(parents=True, exist_ok=True)
        for name in BEGAN:
            shutil.copyfile(began / name, inherited / name)
    for name in SHARED:
        if (here / "build" / name).exists() and not (tree / "build" / name).exists():
            (tree / "build").mkdir(exist_ok=True)
            (tree / "build" / name).symlink_to((here / "build" / name).resolve())
    recipe = (tree / "training" / "run.py").read_text()
    kokoro = ["--kokoro", str(KOKORO_CLIPS)] if '"--kokoro"' in recipe else []
    paths = os.pathsep.join(str(path.resolve()) for path in (tree, tree / "protos"))
    command = [sys.executable, "-m", "training.run", "--out", str(out.resolve()), *kokoro]
    subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": paths}, check=True)
    return out


def main() -> None:
    lineage = tomllib.loads(CONFIG.read_text())["train"]["lineage"]
    reproduce(lineage, Path.cwd(), HOME, HOME / "shipped")


if __name__ == "__main__":
    main()
