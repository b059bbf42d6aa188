"""`python -m training.lineage`: the shipped weights from nothing, one recipe after the other.

Weights were trained in stages, each beginning with what the one before had shipped. The recipe of a stage stands in the
history of this repository beside the code that ran it, so each runs in a checkout of its own revision, with what the
stage before it made here and not with what is in history. Hours each; a stage that has ended is not run again, one that
was interrupted goes on. What is not committed takes no part. Needs what `make train` brings.
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
KOKORO_CLIPS = {"5c88f4f": 620, "fb50e6c": 480}  # where a recipe left their number to its command, about


def reproduce(revisions: Sequence[str], here: Path, home: Path) -> Path:
    """Runs the recipes of `revisions` of the repository at `here`, oldest first; where the last one left its weights.

    Raises CalledProcessError for a revision that history lacks, and where a recipe fails.
    """
    made: Path | None = None
    last = ""
    subprocess.run(["git", "worktree", "prune"], cwd=here, check=True)
    for revision in revisions:
        tree = home / revision
        if not tree.exists():
            subprocess.run(["git", "worktree", "add", "--detach", tree.resolve(), revision], cwd=here, check=True)
        made, last = _run(revision, tree, made, last, here), revision
    assert made is not None
    return made


def _run(revision: str, tree: Path, began: Path | None, before: str, here: Path) -> Path:
    """One recipe in its own checkout, beginning with what the revision `before` made; where its weights are."""
    out = tree / "build" / "weights"
    if (out / ENDED).exists():
        return out
    inherited = tree / "build" / "inherited"
    inherited.mkdir(parents=True, exist_ok=True)
    for name in BEGAN if began is not None else ():
        shutil.copyfile(began / name, inherited / name)
    if began is not None:
        (inherited / "revision").write_text(before)  # so that it is not taken from history
    for name in SHARED:
        if (here / "build" / name).exists() and not (tree / "build" / name).exists():
            (tree / "build" / name).symlink_to((here / "build" / name).resolve())
    paths = os.pathsep.join(str(path.resolve()) for path in (tree, tree / "protos"))
    command = [sys.executable, "-m", "training.run", "--out", str(out.resolve())]
    if revision in KOKORO_CLIPS:
        command += ["--kokoro", str(KOKORO_CLIPS[revision])]
    subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": paths}, check=True)
    return out


def main() -> None:
    here = Path.cwd()
    lineage = tomllib.loads(CONFIG.read_text())["train"]["lineage"]  # newest first
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True)
    print(reproduce([*reversed(lineage), head.stdout.strip()], here, here / HOME))


if __name__ == "__main__":
    main()
