"""Evaluation sets on disk."""

from pathlib import Path

import pytest

from cluster.errors import ConfigError
from evals.items import Event, Expect, Forbid, Item, read_set, set_hash, write_set

ITEM = Item(
    id="a",
    duration_s=3.0,
    audio="a.wav",
    events=(Event(t_s=1.0, kind="cue", text="banana"),),
    expect=(Expect(text="hello", from_s=1.0, to_s=2.5),),
    forbid=(Forbid(from_s=2.6, to_s=3.0),),
    tags={"family": "cue"},
)


def test_a_set_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_set(tmp_path, [ITEM, Item(id="b", duration_s=1.0)])
    assert read_set(tmp_path) == [ITEM, Item(id="b", duration_s=1.0)]


def test_an_unknown_field_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text('{"id": "a", "duration_s": 1}\n{"id": "b", "seconds": 1}\n')
    with pytest.raises(ConfigError, match=r"manifest.jsonl:2: .*seconds"):
        read_set(tmp_path)


def test_the_hash_of_a_set_changes_with_its_media(tmp_path: Path) -> None:
    write_set(tmp_path, [ITEM])
    (tmp_path / "a.wav").write_bytes(b"one")
    before = set_hash(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"two")
    assert set_hash(tmp_path) != before
