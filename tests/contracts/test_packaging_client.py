"""The `counterpoint` distribution stands alone: its wheel and what it declares are enough to talk."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import venv
import wave
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.fakes.interaction_server import FakeServer

PROTOS = Path(__file__).parents[2] / "protos"


def declared_closure(name: str) -> set[str]:
    """The distribution and all it needs, without extras, by what the installed metadata declares."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    todo = [name]
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in found:
            continue
        found.add(name)
        for line in distribution(name).requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                todo.append(requirement.name)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=PROTOS,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def empty_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it, and of everything else only the distributions it declares."""
    home = tmp_path_factory.mktemp("env") / "venv"
    venv.create(home, symlinks=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", home, "install", "-q", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
    )
    (site,) = home.glob("lib/python*/site-packages")
    for name in declared_closure("counterpoint") - {"counterpoint"}:
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            # Several distributions may share a folder (grpc, google): link it once.
            if not (site / top).exists():
                (site / top).symlink_to(distribution(name).locate_file(top))
    return home


def test_the_wheel_holds_the_wire_the_client_and_the_command_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"counterpoint", "counterpoint-0.1.0.dist-info"}
    assert {"counterpoint/py.typed", "counterpoint/v1/interaction.proto", "counterpoint/cli.py"} <= set(names)


async def test_the_wheel_alone_talks_from_an_empty_environment(empty_environment: Path, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "in.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(16_000))
    async with FakeServer({4: "hello"}) as server:
        process = await asyncio.create_subprocess_exec(
            empty_environment / "bin" / "counterpoint",
            *("talk", "in.wav", "--lockstep", "--json", "--target", server.target),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    summary = json.loads(output)
    assert [phrase["text"] for phrase in summary["said"]] == ["hello"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir())[:2] == ["out.wav", "score.html"]


def test_the_empty_environment_has_neither_cluster_nor_its_dependencies(empty_environment: Path) -> None:
    code = """
import counterpoint.cli, counterpoint.client, counterpoint.v1.interaction_pb2_grpc
import importlib.util as u
print([name for name in ("ray", "torch", "redis", "numpy", "cluster", "actors") if u.find_spec(name)])
"""
    done = subprocess.run(
        [empty_environment / "bin" / "python", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
        cwd=empty_environment,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_command_of_a_missing_distribution_says_what_to_install(empty_environment: Path) -> None:
    done = subprocess.run(
        [empty_environment / "bin" / "counterpoint", "serve", "--port", "1"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
        cwd=empty_environment,
    )
    assert done.returncode == 1
    assert "counterpoint serve: this command is not installed" in done.stderr
    assert "It comes with counterpoint-cluster; in a checkout: pip install" in done.stderr
