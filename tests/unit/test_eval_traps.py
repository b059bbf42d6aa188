"""Traps of published scorers: the page that lists them names tests that exist, and those that belong to no one set."""

import importlib
import re
from pathlib import Path

import pytest

from evals.dialogue.episodes import episodes
from evals.dialogue.recorded import JOIN_S
from evals.engines.voices import Split
from evals.harness.heard import TURN_S
from evals.harness.names import AUDIO, VIDEO
from evals.items import Item, Said
from tests.unit.eval_tools import tone

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(test_\w+)`", (ROOT / "evals" / "TRAPS.md").read_text())
    tests = "".join(file.read_text() for file in (ROOT / "tests").rglob("*.py"))
    assert len(named) > 40
    assert not set(named) - set(re.findall(r"def (test_\w+)", tests))


@pytest.mark.parametrize("name", [*AUDIO, *VIDEO])
def test_no_window_is_narrower_than_two_ticks(tmp_path: Path, name: str) -> None:
    more = {"film": lambda *_: None} if name in VIDEO else {}
    builder = importlib.import_module(f"evals.{name}.build")
    items: list[Item] = builder.build(tmp_path / name, Split.TEST, seed=5, items=8, say=tone, **more)
    widths = [due.to_s - due.from_s for item in items for due in item.expect]
    assert widths
    assert min(widths) >= 2 * TURN_S - 1e-9


def test_gaps_up_to_half_a_second_belong_to_the_speech_around_them() -> None:
    def stretches(gap_s: float) -> int:
        said = [Said(onset_s=1.0, text="well", end_s=1.5), Said(onset_s=1.5 + gap_s, text="then", end_s=3.0)]
        return len(episodes(said, JOIN_S))

    assert (stretches(0.5), stretches(0.6)) == (1, 2)
