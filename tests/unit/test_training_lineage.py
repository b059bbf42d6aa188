"""From nothing to the shipped weights: each recipe in its own revision, with what the one before it made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from training.lineage import ENDED, KOKORO_CLIPS, reproduce

# Writes how its weights came about: those it began with, and which recipe this is.
RUN = """
import sys
from pathlib import Path

from training import NAME

arguments = sys.argv[1:]
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
    """A repository with the recipes a, b and c, and their revisions."""
    folder = tmp_path / "house"
    (folder / "training").mkdir(parents=True)
    git(folder, "init", "-q")
    revisions = []
    for name in "abc":
        (folder / "training" / "__init__.py").write_text(f'NAME = "{name}"\n')
        (folder / "training" / "run.py").write_text(RUN)
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", name)
        revisions.append(git(folder, "rev-parse", "--short", "HEAD"))
    return folder, revisions


def test_each_recipe_runs_in_its_revision_and_begins_with_what_the_one_before_made(
    house: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, revisions = house
    monkeypatch.setitem(KOKORO_CLIPS, revisions[0], 7)
    out = reproduce(revisions, folder, tmp_path / "stages")
    assert (out / "model.safetensors").read_text() == "a--kokoro7 > b > c"
    assert not (folder / "runs").exists()


def test_a_stage_that_ended_is_not_run_again_and_one_that_did_not_is(
    house: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, revisions = house
    stages = tmp_path / "stages"
    reproduce(revisions, folder, stages)
    (stages / revisions[1] / "build" / "weights" / ENDED).unlink()
    reproduce(revisions, folder, stages)
    assert [(stages / revision / "runs").read_text() for revision in revisions] == ["a", "bb", "c"]


def test_it_begins_anew_where_its_folder_was_removed(house: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, revisions = house
    reproduce(revisions[:1], folder, tmp_path / "stages")
    shutil.rmtree(tmp_path / "stages")
    out = reproduce(revisions[:1], folder, tmp_path / "stages")
    assert (out / "model.safetensors").read_text() == "a"


def test_a_revision_that_history_lacks_ends_it(house: tuple[Path, list[str]], tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        reproduce(["0000000"], house[0], tmp_path / "stages")
