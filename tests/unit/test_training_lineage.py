"""From nothing to the shipped weights: each recipe in its own revision, with what the one before it made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from training.lineage import ENDED, reproduce

# Writes how its weights came about: those it began with, and which recipe this is.
RUN = """
import sys
from pathlib import Path

from training import NAME

arguments = sys.argv[1:]  # "--kokoro" HERE
out = Path(arguments[arguments.index("--out") + 1])
out.mkdir(parents=True, exist_ok=True)
began = Path("build/inherited/model.safetensors")
told = began.read_text() + " > " if began.exists() else ""
(out / "model.safetensors").write_text(told + NAME + "".join(arguments[2:]))
(out / "tokenizer.json").write_text("{}")
(out / "probe.json").write_text("{}")
with open("runs", "a") as runs:
    runs.write(NAME)
"""


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def house(tmp_path: Path) -> tuple[Path, list[str]]:
    """A repository whose recipes are called a, b and, in the tree itself, c; the first two revisions, newest first."""
    folder = tmp_path / "house"
    (folder / "training").mkdir(parents=True)
    git(folder, "init", "-q")
    revisions = []
    for name in "abc":
        (folder / "training" / "__init__.py").write_text(f'NAME = "{name}"\n')
        option = '"--kokoro"' if name == "a" else "none"
        (folder / "training" / "run.py").write_text(RUN.replace('"--kokoro" HERE', option))
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", name)
        revisions.append(git(folder, "rev-parse", "--short", "HEAD"))
    return folder, revisions[1::-1]


def test_each_recipe_runs_in_its_revision_and_begins_with_what_the_one_before_made(
    house: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, lineage = house
    reproduce(lineage, folder, tmp_path / "stages", tmp_path / "shipped")
    assert (tmp_path / "shipped" / "model.safetensors").read_text() == "a--kokoro1283 > b > c"


def test_a_stage_that_ended_is_not_run_again_and_one_that_did_not_is(
    house: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, lineage = house
    stages, out = tmp_path / "stages", tmp_path / "shipped"
    reproduce(lineage, folder, stages, out)
    (stages / lineage[0] / "build" / "weights" / ENDED).unlink()
    reproduce(lineage, folder, stages, out)
    ran = [(stages / revision / "runs").read_text() for revision in lineage]
    assert ran == ["bb", "a"]


def test_a_revision_that_history_lacks_ends_it(house: tuple[Path, list[str]], tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        reproduce(["0000000"], house[0], tmp_path / "stages", tmp_path / "shipped")
