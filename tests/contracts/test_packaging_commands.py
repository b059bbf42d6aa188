"""The commands the cluster's distribution brings: each one it declares is there, and none is declared unknown."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from counterpoint.commands import GROUP, KNOWN

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
DECLARED: dict[str, str] = PROJECT["entry-points"][GROUP]


@pytest.mark.parametrize(("name", "value"), DECLARED.items())
def test_a_declared_command_loads_and_its_help_has_an_example(name: str, value: str) -> None:
    loaded = EntryPoint(name=name, value=value, group=GROUP).load()
    app = loaded if isinstance(loaded, typer.Typer) else typer.Typer(add_completion=False)
    if app is not loaded:
        app.command(name)(loaded)
    assert f"counterpoint {name}" in (get_command(app).help or ""), "show an example of use in its docstring"


def test_every_declared_command_is_known_to_the_client() -> None:
    """So that a client without the cluster can say what to install."""
    assert DECLARED.keys() <= KNOWN.keys()


def test_both_distributions_have_the_same_version() -> None:
    client = tomllib.loads((Path(__file__).parents[2] / "protos" / "pyproject.toml").read_text())["project"]
    assert PROJECT["version"] == client["version"]
    assert f"counterpoint=={client['version']}" in PROJECT["dependencies"]
