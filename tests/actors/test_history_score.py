"""The score of a server's session, drawn from its history."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actors.history_score import draw, read
from cluster.config import load
from cluster.session.history import Entry, Header, read_history
from counterpoint.cli import app
from counterpoint.score.page import draw_page
from counterpoint.score.session import DrawnSession, UnreadableSession

HISTORIES = Path(__file__).parents[1] / "histories"


def drawn(name: str) -> DrawnSession:
    with (HISTORIES / name).open("rb") as lines:
        return draw(read_history(lines), load())


def results(name: str) -> list[dict[str, object]]:
    with (HISTORIES / name).open("rb") as lines:
        entries = [found for found in read_history(lines) if isinstance(found, Entry)]
    return [command for entry in entries for command in entry.commands if command["kind"] == "Result"]


def test_every_result_of_a_history_is_drawn_where_it_is_heard() -> None:
    session, found = drawn("pins.jsonl"), results("pins.jsonl")
    with (HISTORIES / "pins.jsonl").open("rb") as lines:
        header = next(read_history(lines))
    assert isinstance(header, Header)
    assert [turn["k"] for turn in session.turns] == sorted(result["k"] for result in found)
    after = (header.terms.jitter_ms + header.terms.due_ms) / 1000
    assert all(turn["out_s"] == pytest.approx(0.2 * (turn["k"] + 1) + after) for turn in session.turns)


def test_the_words_of_a_history_sound_and_are_written() -> None:
    session = drawn("pins.jsonl")  # its tokens are words of the shipped vocabulary
    assert session.words_s
    assert max(session.right.samples) > 0


def test_a_detached_stretch_is_marked() -> None:
    assert any(mark.text == "connection lost" for mark in drawn("detach_long.jsonl").marks)


def test_the_page_of_a_history_is_whole_and_needs_no_sound() -> None:
    page = draw_page(drawn("pins.jsonl"), title="A session", sound=False)
    assert page.rstrip().endswith("</html>")
    assert "<audio" not in page


@pytest.mark.parametrize("by", ["config", "data"])
def test_a_session_is_found_by_the_configuration_of_its_server_or_by_its_folder(tmp_path: Path, by: str) -> None:
    (tmp_path / "history").mkdir()
    shutil.copy(HISTORIES / "pins.jsonl", tmp_path / "history" / "default.12ab.jsonl")
    page = tmp_path / "score.html"
    if by == "config":
        given = tmp_path / "server.toml"
        given.write_text(f'[serve]\ndata_dir = "{tmp_path}"\n')
    else:
        given = tmp_path
    done = CliRunner().invoke(app, ["score", "default.12ab", f"--{by}", str(given), "--to", str(page)])
    assert done.exit_code == 0, done.output
    assert page.read_text() == draw_page(drawn("pins.jsonl"), title="A session", sound=False)


def test_a_last_line_that_is_torn_is_told_and_what_comes_before_it_is_drawn(tmp_path: Path) -> None:
    whole = (HISTORIES / "pins.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    torn, page = tmp_path / "torn.jsonl", tmp_path / "score.html"
    torn.write_bytes(whole + lines[-1][:40])
    done = CliRunner().invoke(app, ["score", str(torn), "--to", str(page)])
    assert done.exit_code == 0, done.output
    assert f"line {len(lines) + 1} is torn" in done.stderr
    assert page.read_text() == draw_page(drawn("pins.jsonl"), title="A session", sound=False)
    torn.write_bytes(lines[0] + lines[1][:40] + b"\n" + lines[2])
    with pytest.raises(UnreadableSession, match="line 2: is not JSON"):
        read(str(torn))


def test_a_configuration_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSession, match=r"none\.toml: cannot be read"):
        read("default.12ab", tmp_path / "none.toml")


def test_a_session_that_nobody_knows_says_where_was_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERPOINT_SERVE__DATA_DIR", str(tmp_path))
    with pytest.raises(UnreadableSession, match=r"default\.12ab.*history"):
        read("default.12ab")
