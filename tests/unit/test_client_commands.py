"""Commands of other distributions: found by entry point, loaded when called, clear when they cannot be."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
import typer
from typer.testing import CliRunner

from counterpoint import commands
from counterpoint.cli import app

many = typer.Typer()


@many.command()
def one(times: int = 1) -> None:
    typer.echo("one " * times)


def plain(name: str, loud: bool = False) -> None:
    typer.echo(name.upper() if loud else name)


@pytest.fixture(autouse=True)
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "serve": f"{__name__}:many",
        "greet": f"{__name__}:plain",
        "bench": "a_package_that_is_not_there:app",
        "demo": f"{__name__}:nothing_of_that_name",
    }
    points = {name: EntryPoint(name=name, value=value, group=commands.GROUP) for name, value in values.items()}
    monkeypatch.setattr(commands, "installed", lambda: points)


def test_an_entry_point_may_be_a_typer_app_or_a_plain_function() -> None:
    assert CliRunner().invoke(app, ["serve", "--times", "2"]).stdout.split() == ["one", "one"]
    assert CliRunner().invoke(app, ["greet", "anna", "--loud"]).stdout == "ANNA\n"


def test_a_command_nobody_knew_of_is_listed_too() -> None:
    assert " greet " in CliRunner().invoke(app, ["--help"]).stdout


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bench", "No module named 'a_package_that_is_not_there'"),
        ("demo", "nothing_of_that_name"),
        ("replay", "not installed"),
    ],
)
def test_a_broken_or_missing_command_says_why_and_what_to_install(name: str, why: str) -> None:
    result = CliRunner().invoke(app, [name])
    assert result.exit_code == 1
    assert why in result.stderr
    assert "It comes with counterpoint-cluster; in a checkout: pip install -e" in result.stderr


def test_a_word_that_is_no_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["sing"]).exit_code == 2
