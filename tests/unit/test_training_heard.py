"""What training has heard is told by engine and voice, and so is what it mishears."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from training import run
from training.clips import Clip, write_shard
from training.hearing import rates, wrong
from training.layers import ModelConfig
from training.manifest import _heard
from training.model import Micro
from training.readings import parse


def clip(voice: str, words: str) -> Clip:
    return Clip(utterance=parse(words), voice=voice, mel=np.full((30, 40), 100, np.uint8))


def test_voices_are_told_by_their_engines(tmp_path: Path) -> None:
    words = "remind me to stretch every five seconds"
    voices = ("espeak:en-us+Alex", "gnuspeech", "pico:en-GB", "rhvoice:bdl", "rhvoice:clb")
    write_shard(tmp_path / "espeak" / "000", [clip(voice, words) for voice in voices])
    told = _heard(tmp_path)
    assert told["engines"] == ["espeak", "gnuspeech", "pico", "rhvoice"]
    assert told["espeak_variants"] == ["Alex"]
    assert told["other_voices"] == ["pico:en-GB", "rhvoice:bdl", "rhvoice:clb"]
    assert told["clips"] == {"every": 5}


@pytest.mark.parametrize(
    ("said", "words", "errors"),
    [
        ("close car", "close car", 0),
        ("close car", "close dog", 1),
        ("close car", "car", 1),
        ("close car", "please close the car", 2),
        ("", "one two", 2),
        ("one two three", "", 3),
        ("a b c d", "b c d e", 2),
    ],
)
def test_words_heard_wrong_are_those_to_change_drop_or_add(said: str, words: str, errors: int) -> None:
    assert wrong(said.split(), words.split()) == errors


def test_words_heard_wrong_are_told_by_voice_and_by_engine() -> None:
    torch.manual_seed(0)
    said = {"rhvoice:bdl": "say hello every five seconds", "rhvoice:clb": "stop", "gnuspeech": "stop"}
    clips = [clip(voice, words) for voice, words in said.items()]
    told = rates(Micro(ModelConfig()).eval(), clips)
    assert {name: (each["clips"], each["words"]) for name, each in told.items()} == {
        "gnuspeech": (1, 1),
        "rhvoice": (2, 6),
        "rhvoice:bdl": (1, 5),
        "rhvoice:clb": (1, 1),
    }
    assert all(each["wrong"] > 0 for each in told.values())  # weights that were never trained


def test_training_begins_with_the_revision_it_names_also_where_another_one_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def show(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        shown.append(command[-1])
        return subprocess.CompletedProcess(command, 0, stdout=command[-1].encode())

    monkeypatch.setattr(run.subprocess, "run", show)
    recipe = {"inherit": str(tmp_path), "inherit_from": "aaaaaaa"}
    (tmp_path / "model.safetensors").write_text("of an earlier recipe")
    run.inherited(recipe)
    run.inherited(recipe)
    folder = "models/counterpoint-micro"
    assert shown == [f"aaaaaaa:{folder}/tokenizer.json", f"aaaaaaa:{folder}/model.safetensors"]
    run.inherited(recipe | {"inherit_from": "bbbbbbb"})
    assert (tmp_path / "model.safetensors").read_text() == f"bbbbbbb:{folder}/model.safetensors"
