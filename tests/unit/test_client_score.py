"""The score: one page that holds everything, drawn from what talk leaves."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from counterpoint.cli import app
from counterpoint.score.layout import System, envelope, rows, systems
from counterpoint.score.page import draw_page
from counterpoint.score.session import UnreadableSession, read_session
from counterpoint.talk.run import Wanted, converse
from counterpoint.talk.source import Recording
from counterpoint.talk.wav import Sound
from tests.fakes.interaction_server import FakeServer

RATE = 16_000


class Unseen:
    def begin(self, conversation: object) -> None:
        pass

    def show(self, record: object, conversation: object) -> None:
        pass


@pytest.fixture
async def left_behind(tmp_path: Path) -> Path:
    tone = array("h", [9_000, -9_000] * RATE).tobytes()
    async with FakeServer({4: "drink", 5: "</script> & water"}, period_ms=200) as server:
        wanted = Wanted(target=server.target, title="A <test>", lockstep=True)
        source = Recording(Sound(pcm=tone, sample_rate_hz=RATE))
        await converse(wanted, source, Unseen(), tmp_path, asyncio.Event())
    return tmp_path


async def test_talk_leaves_a_page_that_needs_nothing_else(left_behind: Path) -> None:
    page = (left_behind / "score.html").read_text()
    assert not re.findall(r"""(?:src|href)=["'](?!data:)|@import|url\((?!["']?data:)""", page)
    assert page.count('<svg class="system"') == 1
    assert page.count('<rect class="took') == 10
    assert page.count('<rect class="took spoke"') == 2
    assert "data:audio/wav;base64," in page


async def test_what_was_said_is_shown_and_cannot_break_out_of_the_page(left_behind: Path) -> None:
    page = (left_behind / "score.html").read_text()
    assert "drink &lt;/script&gt; &amp; water</text>" in page
    assert "<h1>A &lt;test&gt;</h1>" in page
    assert page.count("</script>") == 2
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert json.loads(data)["turns"][5]["said"] == ["</script> & water"]


async def test_misses_lost_connections_and_events_are_marked(left_behind: Path) -> None:
    log = left_behind / "session.jsonl"
    records = [json.loads(line) for line in log.read_text().splitlines()]
    turn = next(record for record in records if record.get("k") == 3)
    turn |= {"missed": True, "timing": "late", "events": [{"what": "keep", "text": ""}]}
    other = next(record for record in records if record.get("k") == 8)
    other["degradations"] = [{"what": "input_missing", "cause": "late"}]
    following = next(record for record in records if record.get("k") == 9)
    following["degradations"] = [{"what": "input_missing", "cause": "late"}]
    records += [{"kind": "disconnected", "t_s": 1.0, "reason": "x"}, {"kind": "resumed", "after_ms": 300}]
    log.write_text("\n".join(map(json.dumps, records)))
    page = draw_page(read_session(left_behind), title="t", sound=False)
    assert page.count('class="took missed"') == 1
    for text in ("keep", "input missing", "connection lost"):
        assert f">{text}</text>" in page
    assert page.count('class="band bad"') == page.count('class="band warn"') == 1
    assert "missed its due time" in page
    assert "<audio" not in page


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (None, "counterpoint talk leaves it in its --out folder"),
        ("not json", "line 1: not a record"),
        ('{"kind": "turn"}', "no line of kind session"),
    ],
)
def test_a_folder_without_a_session_is_one_clear_line(tmp_path: Path, log: str | None, why: str) -> None:
    if log is not None:
        (tmp_path / "session.jsonl").write_text(log)
    with pytest.raises(UnreadableSession, match=re.escape(why)):
        read_session(tmp_path)
    result = CliRunner().invoke(app, ["score", str(tmp_path)])
    assert result.exit_code == 1
    assert why in result.stderr.replace("\n", " ")


@given(st.floats(0.2, 4_000))
def test_systems_cover_all_time_once(seconds: float) -> None:
    found = systems(seconds)
    assert found[0].starts_s == 0
    assert found[-1].ends_s >= seconds
    assert all(a.ends_s == b.starts_s for a, b in itertools.pairwise(found))
    assert all(system.ends_s - system.starts_s <= system.lasts_s <= 20 for system in found)


def test_the_envelope_is_the_extremes_of_each_column_and_silence_beyond_the_sound() -> None:
    system = System(starts_s=0, ends_s=1, lasts_s=1)
    track = array("h", [16_384, -32_768] * 2 + [0] * 4)
    assert envelope(track, 16, system, 4) == [(-1.0, 0.5), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]


def test_labels_that_would_overlap_go_to_the_next_row() -> None:
    assert rows([(0, 50), (20, 50), (60, 10), (71, 10)], 2) == [0, 1, 0, 0]
