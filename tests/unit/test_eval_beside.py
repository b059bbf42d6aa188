"""What stands beside a model: each item is decoded once for all who see it, and no second time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cluster.errors import ConfigError
from evals.cascade import pipeline
from evals.harness import beside as module
from evals.harness import refusal
from evals.harness.beside import Beside, beside
from evals.harness.controls import for_zeroed
from evals.harness.names import NAMES, named
from evals.harness.sets import EvalSet
from evals.items import Item
from evals.media import Media
from tests.unit.eval_tools import VOICE


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the media of each item were decoded."""
    counted = Counter[str]()

    def load(folder: Path, item: Item) -> Media:
        counted[item.id] += 1
        moving = [np.full((48, 48, 3), 40 if k // 10 % 2 else 90, np.uint8) for k in range(60)]
        return Media(audio_N=np.zeros(0, np.float32), pictures=tuple((0.2 * k, each) for k, each in enumerate(moving)))

    monkeypatch.setattr(module, "load", load)
    return counted


def charades(sha256: str = "0" * 64) -> EvalSet:
    items = tuple(
        Item(id=name, duration_s=12.0, video=f"{name}.mp4", tags={"family": "absent", "voice": "flite:slt"})
        for name in ("a", "b")
    )
    return EvalSet(name="charades", folder=Path(), items=items, sha256=sha256, split="dev", known="")


def found(eval_set: EvalSet, told: list[tuple[str, int, int]] | None = None, cascade: int = 60) -> Beside:
    def tell(*what: object) -> None:
        if told is not None:
            told.append(what)  # type: ignore[arg-type]  # stage, done, of

    return beside(named(eval_set.name), eval_set, VOICE, cascade, tell)


def test_media_are_decoded_once_for_all_that_see_them_and_no_second_time(loaded: Counter[str]) -> None:
    told: list[tuple[str, int, int]] = []
    first = found(charades(), told)
    assert first.baselines.keys() == named("charades").baselines(0).keys()
    assert all(each.score < 100 for each in first.baselines.values())  # they spoke where nothing was to be said
    assert loaded == {"a": 1, "b": 1}
    assert ("charades: sighted baselines", 2, 2) in told
    assert found(charades()).baselines == first.baselines
    assert loaded == {"a": 1, "b": 1}
    found(charades(sha256="1" * 64))
    assert loaded == {"a": 2, "b": 2}


def test_the_control_of_a_cascade_without_ears_for_any_item_is_silence(loaded: Counter[str]) -> None:
    told = found(charades())
    assert told.controls[refusal.CASCADE].score == told.controls["silence"].score
    assert told.cascade["without_sound"] == 2
    assert told.missing == []


def test_a_cascade_that_is_not_there_is_said_to_be_missing(
    loaded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise ConfigError("cascade", "`make cascade` brings it")

    monkeypatch.setattr(pipeline, "check", absent)
    spoken = charades()
    spoken = EvalSet(
        name="charades",
        folder=Path(),
        items=(Item(id="a", duration_s=12.0, audio="a.wav", video="a.mp4"), *spoken.items),
        sha256="2" * 64,
        split="dev",
        known="",
    )
    for told in (found(spoken), found(spoken, cascade=0)):
        assert refusal.CASCADE not in told.controls
        assert "the cascade" in told.missing[0]


@pytest.mark.parametrize("name", NAMES)
def test_each_set_has_policies_that_hear_or_see_and_are_given_the_media(name: str) -> None:
    assert named(name).baselines(0)


def test_weights_of_zero_are_tried_on_every_family_as_often_as_it_is_in_the_set() -> None:
    families = {"every": 75, "in": 84, "changed": 30, "decoy": 54, "since": 26}
    items = [
        Item(id=f"{family}{n}", duration_s=9.0, tags={"family": family, "voice": f"v{n % 4}"})
        for family, count in families.items()
        for n in range(count)
    ]
    chosen = Counter(item.tags["family"] for item in for_zeroed(items))
    assert chosen.keys() == families.keys()
    assert chosen.total() == 10
    assert chosen["in"] > chosen["since"]
