"""A set whose requests are typed tells hearing from understanding."""

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cluster.errors import ConfigError
from evals.items import Event, Expect, Item, read_set, write_set
from evals.typed import copy

ASKED = Item(
    id="a",
    duration_s=3.0,
    audio="a.wav",
    events=(
        Event(t_s=0.5, kind="request", text="say so in one second"),
        Event(t_s=1.5, kind="request end"),
        Event(t_s=2.0, kind="speech", text="well"),
    ),
    expect=(Expect(text="so", from_s=2.2, to_s=2.9),),
)
TALK = Item(id="b", duration_s=1.0, audio="b.wav", events=(Event(t_s=0.1, kind="speech", text="well"),))


def test_requests_are_typed_so_that_they_are_over_when_their_sound_was_and_nothing_else_changes(tmp_path: Path) -> None:
    for name, seconds in (("a.wav", 3), ("b.wav", 1)):
        (tmp_path / "set").mkdir(exist_ok=True)
        with wave.open(str(tmp_path / "set" / name), "wb") as file:
            file.setparams((1, 2, 1000, 0, "NONE", ""))
            file.writeframes(np.full(1000 * seconds, 7, "<i2").tobytes())
    write_set(tmp_path / "set", [ASKED, TALK])

    assert copy(tmp_path / "set", tmp_path / "typed") == 1

    asked, talk = read_set(tmp_path / "typed")
    assert asked.events == (*ASKED.events, Event(t_s=1.3, kind="text", text="say so in one second"))
    assert (asked.expect, talk) == (ASKED.expect, TALK)
    with wave.open(str(tmp_path / "typed" / "a.wav")) as file:
        heard = np.frombuffer(file.readframes(3000), "<i2")
    assert np.flatnonzero(heard == 0).tolist() == list(range(500, 1500))
    assert (tmp_path / "typed" / "b.wav").read_bytes() == (tmp_path / "set" / "b.wav").read_bytes()


def test_a_copy_in_its_own_folder_and_a_request_without_an_end_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path, [replace(ASKED, audio="", events=ASKED.events[:1])])
    with pytest.raises(ConfigError, match="overwrite"):
        copy(tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="no `request end`"):
        copy(tmp_path, tmp_path / "typed")
