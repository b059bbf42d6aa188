"""Floors, baselines and figures of the audio sets, and the hashes that fix the sets."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from eval_voices import oracle, said, tone

from evals import hashes, stage, vad
from evals.dialogue.score import judge as judge_dialogue
from evals.dialogue.score import summary
from evals.engines.voices import Split
from evals.items import Event, Expect, Item

SETS = ("timespeak", "cuespeak", "dialogue")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("sets")
    for name in SETS:
        importlib.import_module(f"evals.{name}.build").build(home / name, Split.TEST, seed=4, items=14, say=tone)
    return {name: home / name for name in SETS}


@pytest.mark.parametrize("name", SETS)
def test_no_policy_without_understanding_comes_near_the_oracle(name: str, folders: dict[str, Path]) -> None:
    judge = importlib.import_module(f"evals.{name}.score").judge
    items = list(hashes.read_set(folders[name]))
    floors = importlib.import_module(f"evals.{name}.floors").policies(items, seed=0)
    hearing = importlib.import_module(f"evals.{name}.baselines").policies(seed=0)
    assert len(floors) >= 4
    for policy in floors.values():
        assert sum(judge(item, policy(item)).score for item in items) < 0.6 * len(items)
    heard = {item.id: SimpleNamespace(audio_N=stage.read(folders[name] / item.audio)) for item in items}
    for policy in hearing.values():
        assert sum(judge(item, policy(item, heard[item.id])).score for item in items) < 0.6 * len(items)


def test_a_policy_says_the_same_each_time(folders: dict[str, Path]) -> None:
    floors = importlib.import_module("evals.cuespeak.floors")
    items = hashes.read_set(folders["cuespeak"])
    once, again, other = (floors.policies(items, seed)["the answer at the rate of cues"] for seed in (1, 1, 2))
    assert [once(item) for item in items] == [again(item) for item in items] != [other(item) for item in items]


def test_speech_is_found_where_it_is() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.001, 5 * 16000).astype(np.float32)
    samples[16000:32000] += tone("v", "a" * 26, 1.0)[:16000]
    assert [(round(span.from_s, 1), round(span.to_s, 1)) for span in vad.energy(samples)] == [(1.0, 2.0)]


def test_nobody_speaks_in_an_item_without_sound() -> None:
    assert vad.energy(np.zeros(0, np.float32)) == []


def test_a_run_is_summed_up_with_what_a_median_hides() -> None:
    question = Item(
        id="q",
        duration_s=30.0,
        events=(Event(t_s=1.0, kind="request"), Event(t_s=3.0, kind="request end")),
        expect=(Expect(text="cold", from_s=3.0, to_s=5.0),),
        tags={"family": "question"},
    )
    aside = Item(id="a", duration_s=30.0, tags={"family": "aside"})
    outcomes = [
        judge_dialogue(question, said((3.4, "cold"))),
        judge_dialogue(question, said((2.0, "cold"))),
        judge_dialogue(question, []),
        judge_dialogue(aside, []),
        judge_dialogue(aside, said((2.0, "yes"))),
    ]
    figures = summary(outcomes)
    assert figures["answer_onset_ms p50"] == -300.0
    assert figures["answers that begin too early"] == 50.0
    assert figures["turns taken"] == pytest.approx(100 / 3)
    assert figures["false starts a minute"] == pytest.approx(60 / 90)
    assert (figures["takeover"], figures["spoke when not addressed"]) == (0.0, 50.0)
    assert not {"stop_ms p50", "backchannels ignored"} & set(figures)


def test_the_oracle_yields_and_ignores_backchannels(folders: dict[str, Path]) -> None:
    items = hashes.read_set(folders["dialogue"])
    figures = summary([judge_dialogue(item, oracle(item)) for item in items])
    assert figures["stop_ms p95"] <= 1000
    assert (figures["score"], figures["backchannels ignored"], figures["never stopped"]) == (100.0, 100.0, 0.0)


@pytest.mark.parametrize("name", SETS)
def test_a_summary_counts_every_item_and_every_family_alike(name: str, folders: dict[str, Path]) -> None:
    score = importlib.import_module(f"evals.{name}.score")
    items = hashes.read_set(folders[name])
    figures = score.summary([score.judge(item, []) for item in items])
    assert figures["score"] == pytest.approx(100 * sum(not item.expect for item in items) / len(items))
    families = [value for key, value in figures.items() if key.startswith("family ")]
    assert figures["macro"] == pytest.approx(sum(families) / len(families))
    assert figures["recall"] == 0.0


def test_a_set_that_is_not_the_frozen_one_is_told_from_it(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "PATH", tmp_path / "hashes.json")
    folder = folders["dialogue"]
    assert "no set of this name" in hashes.compare("dialogue", folder)
    hashes.freeze("dialogue", folder, seed=4)
    assert "this is the frozen set" in hashes.compare("dialogue", folder)
    assert "NOT the frozen set" in hashes.compare("dialogue", folders["cuespeak"])
    rows = json.loads((tmp_path / "hashes.json").read_text())
    rows["dialogue"]["sha256"] = "0"
    (tmp_path / "hashes.json").write_text(json.dumps(rows))
    assert "labels are those of the frozen set" in hashes.compare("dialogue", folder)
