"""What the documents say can be followed: links lead somewhere, commands are there with the options they are given."""

from __future__ import annotations

import importlib.util
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperCommand
from typer.main import get_command
from typer.testing import CliRunner

from counterpoint.cli import app
from counterpoint.commands import load

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for folder in ("", "cluster", "deploy", "evals", "helm", "models", "observability", "protos", "tests")
    for path in (ROOT.glob("*.md") if not folder else (ROOT / folder).rglob("*.md"))
)
OURS = ("talk", "score")  # the client's own; the others are found as whoever calls them finds them
RUN = ("plan", "check-config")  # need nothing that runs


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def code(page: Path) -> list[str]:
    """Every line of a block and every span of code."""
    text = page.read_text()
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.S)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    return [line.strip() for block in blocks for line in block.splitlines()] + spans


def commands(page: Path) -> list[list[str]]:
    """Words after `counterpoint`, wherever a line of code calls it."""
    found = []
    for line in code(page):
        line = line.partition(" #")[0].partition("   ")[0].removeprefix("$ ").removesuffix("…").strip()
        if called := re.search(r"(?:^|\.venv/bin/|-- |exec counterpoint )counterpoint ([a-z].*)$", line):
            found.append(shlex.split(called[1]))
    return found


@cache
def command(name: str) -> TyperCommand:
    return get_command(app).commands[name] if name in OURS else load(name)  # type: ignore[union-attr]  # it is a group


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_picture_is_shown_on_some_page_with_words_for_who_cannot_see_it() -> None:
    shown = {
        (page.parent / file).resolve(): words
        for page in PAGES
        for words, file in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", page.read_text())
    }
    pictures = set((ROOT / "observability" / "pictures").glob("*.png"))
    assert pictures
    assert pictures <= set(shown)
    assert all(len(words.split()) > 3 for words in shown.values())
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in shown)


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=name_of)
def test_commands_are_there_with_their_options(page: Path) -> None:
    for name, *rest in commands(page):
        known = {option for parameter in command(name).params for option in parameter.opts} | {"--help"}
        used = {word.partition("=")[0] for word in rest if word.startswith("-")}
        assert used <= known, f"counterpoint {name}: {used - known}"


@pytest.mark.parametrize("page", [page for page in PAGES if "make " in page.read_text()], ids=name_of)
def test_make_has_the_targets(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    asked = {found[1] for line in code(page) if (found := re.match(r"(?:\$ )?make ([a-z-]+)", line))}
    assert asked <= targets


@pytest.mark.parametrize("page", [page for page in PAGES if "python -m " in page.read_text()], ids=name_of)
def test_modules_that_are_to_be_run_are_there(page: Path) -> None:
    for line in code(page):
        for module in re.findall(r"python -m ([a-z_]+(?:\.\w+)*)", line):
            assert importlib.util.find_spec(module), module


def test_what_needs_nothing_that_runs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.toml").write_text("[scheduler]\nmax_sessions = 4\n")
    given = {" ".join(words): words for page in PAGES for words in commands(page) if words[0] in RUN and len(words) > 1}
    monkeypatch.chdir(tmp_path)
    ran = 0
    for name, *rest in given.values():
        theirs = any(word.isupper() for word in rest) or "out/bench.json" in rest
        if theirs or rest[-1].startswith("--"):  # a place for somebody's own, or the mention of an option
            continue
        path = [str(ROOT / word) if (ROOT / word).exists() else word for word in rest]
        done = CliRunner().invoke(app, [name, *path])
        assert done.exit_code == 0, (name, rest, done.output)
        ran += 1
    assert ran >= 2
