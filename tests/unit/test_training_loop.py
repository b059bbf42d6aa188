"""The training loop counts in steps, can be brought to its end at any time, and goes on where it stopped."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.export import load
from training.script import Pool
from training.train import CONFIG, Trainer


@pytest.fixture
def config() -> dict[str, Any]:
    recipe = tomllib.loads(CONFIG.read_text())
    recipe["train"] |= {"inherit": "", "decay_steps": 20}
    recipe["stage"] = [
        {"name": "listen", "steps": 50, "dense": 1.0, "short": 0.0},
        {"name": "converse", "steps": 100, "dense": 0.1, "short": 0.5},
    ]
    return recipe


def test_stages_follow_each_other_by_steps_and_the_last_goes_on(config: dict[str, Any], tmp_path: Path) -> None:
    trainer = Trainer(config, tmp_path)
    names = []
    for trainer.step in (0, 49, 50, 149, 500):
        names.append(trainer.stage()["name"])
    assert names == ["listen", "listen", "converse", "converse", "converse"]


def test_a_run_brought_down_early_ends_there_after_it_was_resumed_too(config: dict[str, Any], tmp_path: Path) -> None:
    trainer = Trainer(config, tmp_path)
    trainer.step = 60
    trainer.come_down()
    assert trainer.steps == 80
    trainer.save()
    resumed = Trainer(config, tmp_path)
    resumed.resume()
    assert (resumed.step, resumed.steps) == (60, 80)
    assert torch.equal(resumed.model.embed_tokens, trainer.model.embed_tokens)


def test_coming_down_near_the_end_does_not_make_a_run_longer(config: dict[str, Any], tmp_path: Path) -> None:
    trainer = Trainer(config, tmp_path)
    trainer.step = 140
    trainer.come_down()
    assert trainer.steps == 150


def test_what_ships_is_the_mean_of_the_weights_over_the_last_steps(config: dict[str, Any], tmp_path: Path) -> None:
    config["train"]["average_steps"] = 4
    config["stage"] = [{"name": "look", "steps": 20, "portraits": 1.0}]
    config["train"] |= {"reels": 4, "new_reels": 1, "portrait_scenes": 2}
    trainer, seen = Trainer(config, tmp_path), []
    mean = trainer.model.vision.up_proj.weight.detach().clone()
    for step in range(3):
        trainer.one_step(Pool())
        seen.append(trainer.model.vision.up_proj.weight.detach().clone())
        mean.lerp_(seen[-1], max(1 / 4, 1 / (step + 2)))
    assert torch.allclose(trainer.average["vision.up_proj.weight"], mean)
    trainer.save()
    resumed = Trainer(config, tmp_path)
    resumed.resume()
    assert torch.equal(resumed.average["vision.up_proj.weight"], trainer.average["vision.up_proj.weight"])
    assert torch.equal(load(tmp_path).vision.up_proj.weight, trainer.average["vision.up_proj.weight"])
    assert load(tmp_path).vision.trained
    resumed.settle()
    assert torch.equal(resumed.model.vision.up_proj.weight, trainer.average["vision.up_proj.weight"])
    assert not torch.equal(mean, seen[-1])


def test_a_run_from_before_there_were_pictures_goes_on_and_learns_to_see(
    config: dict[str, Any], tmp_path: Path
) -> None:
    config["train"] |= {"reels": 4, "new_reels": 1, "dense_sights_batch": 2, "portrait_scenes": 2}
    config["stage"] = [
        {"name": "look", "steps": 100, "dense": 0.0, "short": 0.0, "dense_sights": 0.5, "portraits": 0.5}
    ]
    trainer = Trainer(config, tmp_path)
    trainer.step = 7
    trainer.save()
    old = torch.load(tmp_path / "last.pt", weights_only=True)
    old["model"] = {name: each for name, each in old["model"].items() if not name.startswith(("vision.", "sights."))}
    del old["optimisers"][2:], old["average"]
    torch.save(old, tmp_path / "last.pt")
    resumed = Trainer(config, tmp_path)
    resumed.resume()
    assert resumed.step == 7 and not resumed.model.vision.trained
    assert torch.equal(resumed.model.embed_tokens, trainer.model.embed_tokens)
    assert torch.equal(resumed.average["embed_tokens"], trainer.model.embed_tokens)
    before = resumed.model.vision.up_proj.weight.clone()
    resumed._losses(np.random.default_rng(0), Pool(), "portraits")[0].backward()
    resumed.one_step(Pool())
    assert resumed.model.vision.trained and not torch.equal(before, resumed.model.vision.up_proj.weight)
