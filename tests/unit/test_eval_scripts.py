"""Scripts are made when they are run, and a bounded number of them stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.errors import ConfigError
from evals.harness.script import script_of
from evals.harness.scripts import Scripts
from evals.items import Item

SECOND = 32_000  # bytes of silence


def items(*names: str) -> list[Item]:
    return [Item(id=name, duration_s=1.1) for name in names]


def test_nothing_is_read_before_it_is_run_and_an_absent_file_is_named_then(tmp_path: Path) -> None:
    (asked,) = Scripts(side=0).of(tmp_path, [Item(id="a", duration_s=1.1, audio="a.wav")])
    assert (asked.id, asked.turns) == ("a", 6)
    with pytest.raises(ConfigError, match=r"item a: .*a\.wav"):
        asked.open()


def test_a_script_is_as_long_as_was_said_before_it_was_made(tmp_path: Path) -> None:
    for seconds in (0.2, 1.0, 1.0001, 24.4260625):
        item = Item(id="a", duration_s=seconds)
        (asked,) = Scripts(side=0).of(tmp_path, [item])
        assert asked.turns == asked.open().turns == script_of(item, tmp_path).turns


def test_what_was_run_last_is_not_made_again(tmp_path: Path) -> None:
    scripts = Scripts(side=0, kept_bytes=3 * SECOND)
    a, b, c = scripts.of(tmp_path, items("a", "b", "c"))  # 1.2 s each: two fit
    first, second = a.open(), b.open()
    assert a.open() is first
    third = c.open()
    assert (a.open(), c.open()) == (first, third)
    assert a.open() is first
    assert b.open() is not second


def test_an_item_of_another_set_with_the_same_id_is_another(tmp_path: Path) -> None:
    scripts = Scripts(side=0)
    (one,), (other,) = scripts.of(tmp_path / "x", items("a")), scripts.of(tmp_path / "y", items("a"))
    assert one.open() is not other.open()
    assert one.open() is one.open()
