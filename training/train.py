"""`python -m training.train`: trains stage after stage, counted in steps, resuming from its last checkpoint.

The learning rate rises, stays, and falls over the last `decay_steps`. A file named `decay` in the run folder lets it
fall from where training is: a run can be brought to its end at any time.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch

from cluster.voice.units import load_units
from training import effects, losses, optim
from training.batches import CONVERSATION, DENSE, SHORT, Batch, collate, dense_view, on, random_view, short_view
from training.clips import Clip, in_recipe, pack, read_recorded, read_shard
from training.drill import DRILL, drill_view
from training.inherit import adopt, inherit
from training.losses import Weights
from training.memory import keep_memory
from training.model import Micro, ModelConfig
from training.precision import autocast
from training.script import Pool
from training.sights.album import Album
from training.sights.batches import DENSE_SIGHTS, LONG, SIGHTS, dense_sight_view, long_sight_view, sight_view
from training.sights.store import Reels
from training.tasks import Kind, Utterance
from training.voices import HELD_OUT_STYLES, OUTPUT_STYLE, SAMPLE_RATE, level

CONFIG = Path(__file__).with_name("config.toml")
CLIPS = Path("build/clips")
RUN = Path("build/train")
VOICE = Path("models/voice")
PORTRAITS = 6  # of each scene
WIDE = 800  # shards from here on hold runs of random words


class ClipPool:
    """All clips on disk, read again now and then, since synthesis may still be going on."""

    def __init__(self, folder: Path, data: dict[str, Any]) -> None:
        self._folder, self._repeat = folder, data["repeat"]
        self._shards: set[str] = set()
        self._recorded = 0
        self.pool = Pool()
        for clip in effects.effects(0, data["effects"]):
            self.pool.add_effect(clip)
        self.pool.music = list(effects.music(0, data["music"]))
        self.pool.voice = own_voice(VOICE)

    def reload(self) -> int:
        for shard in sorted(self._folder.glob("espeak/[0-9][0-9][0-9]")):
            if shard.name not in self._shards:
                self._shards.add(shard.name)
                for clip in filter(lambda clip: in_recipe(clip.utterance), read_shard(shard)):
                    self._add(clip, wide=int(shard.name) >= WIDE)
        for clip in read_recorded(self._folder / "kokoro", after=self._recorded):
            self._recorded += 1
            if any(style in clip.voice for style in (*HELD_OUT_STYLES, OUTPUT_STYLE)):
                raise ValueError(f"clips: {clip.voice} is held out; remove it from {self._folder / 'kokoro'}")
            if in_recipe(clip.utterance):
                self._add(clip)
        return sum(len(clips) for clips in self.pool.by_kind.values())

    def _add(self, clip: Clip, wide: bool = False) -> None:
        for _ in range(self._repeat.get(clip.voice.partition(":")[0], 1)):
            self.pool.add(clip, wide)


class Trainer:
    def __init__(self, config: dict[str, Any], run: Path) -> None:
        self._config, self._run = config, run
        self._train = config["train"]
        torch.manual_seed(config["seed"])
        self._device = torch.device(self._train["device"])
        self.model = Micro(ModelConfig())
        if self._train["inherit"]:
            inherit(self.model, Path(self._train["inherit"]))
        self.model.to(self._device)
        self._optimisers = optim.build(self.model, self._train["muon_lr"], self._train["adam_lr"])
        self._base_lrs = [group["lr"] for each in self._optimisers for group in each.param_groups]
        self._weights = Weights(**config["loss"])
        self.average = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        self.step, self.spent_s = 0, 0.0
        self.steps = sum(stage["steps"] for stage in config["stage"])
        self._reels, self._album = Reels(self._train["reels"]), Album()
        self._sums: dict[str, list[float]] = defaultdict(list)
        run.mkdir(parents=True, exist_ok=True)

    def resume(self) -> None:
        path = self._run / "last.pt"
        if path.exists():
            state = torch.load(path, weights_only=True, map_location=self._device)
            adopt(self.model, state["model"])
            for name, own in self.model.named_parameters():
                self.average[name].copy_(state.get("average", {}).get(name, own.detach()))  # older states have none
            # a state from before there were pictures has no optimisers for what sees, the last ones: they begin anew
            for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=False):
                if _sizes(saved) == _sizes(optimiser.state_dict()):
                    optimiser.load_state_dict(saved)
            self.step, self.spent_s = state["step"], state["spent_s"]
            self.steps = state["ends"] or self.steps

    def save(self) -> None:
        planned = sum(stage["steps"] for stage in self._config["stage"])
        state = {"model": self.model.state_dict(), "step": self.step, "spent_s": self.spent_s}
        state["optimisers"] = [each.state_dict() for each in self._optimisers]
        state["ends"] = self.steps if self.steps != planned else 0
        state["average"] = self.average
        torch.save(state, self._run / "last.part")
        (self._run / "last.part").rename(self._run / "last.pt")

    def come_down(self) -> None:
        """Ends training `decay_steps` from here, unless it ends sooner anyway."""
        self.steps = min(self.steps, self.step + self._train["decay_steps"])

    def settle(self) -> None:
        """The model takes the mean of its weights over the last `average_steps` or so."""
        adopt(self.model, self.average)

    def stage(self) -> dict[str, Any]:
        """Where in the recipe this step is; the last stage goes on."""
        left = self.step
        for stage in self._config["stage"]:
            if left < stage["steps"]:
                return stage
            left -= stage["steps"]
        return self._config["stage"][-1]

    def one_step(self, pool: Pool) -> None:
        """One step on drills, dense speech or sights, short or whole conversations, as the stage shares them out."""
        rng = np.random.default_rng([self._config["seed"], self.step])
        stage, tr = self.stage(), self._train
        factor = optim.schedule(self.step, tr["warm_up_steps"], self.steps, tr["decay_steps"], tr["floor"])
        factor *= stage.get("rate", 1.0)
        groups = [group for each in self._optimisers for group in each.param_groups]
        for group, base in zip(groups, self._base_lrs, strict=True):
            group["lr"] = base * factor
        total, parts = self._losses(rng, pool, _drawn(rng, stage))
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), tr["clip_norm"])
        for optimiser in self._optimisers:
            optimiser.step()
            optimiser.zero_grad()
        share = max(1 / tr["average_steps"], 1 / (self.step + 2))
        own = [p.detach() for p in self.model.parameters()]
        torch._foreach_lerp_(list(self.average.values()), own, share)
        self.step += 1
        for name, value in parts.items():
            self._sums[name].append(value)
        if self.step % 12 == 0:
            self._log(factor)

    def _losses(self, rng: np.random.Generator, pool: Pool, what: str) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss of one batch of a kind of rows, "" for whole conversations, and its parts for the log."""
        if what == "portraits":
            return self._portrait_loss(rng)
        batch = on(self._batch(rng, pool, what), self._device)
        with autocast(self._device):
            if what == "dense":
                ctc = losses.ctc_loss(self.model.listen(batch), batch)
                return ctc * self._weights.ctc, {"dense_ctc": float(ctc.detach())}
            if what == "dense_sights":
                ear_BTD = self.model.ear(batch)
                shown = losses.shown_loss(self.model, ear_BTD, batch)
                ctc = losses.ctc_loss(self.model.heard(ear_BTD, batch), batch)
                parts = losses.shown_parts(shown) | {"ctc": float(ctc.detach())}
                return shown.sum() * self._weights.shown + ctc * self._weights.ctc, _named(what, parts)
            total, parts = losses.loss(self.model, batch, self.model(batch, hears=what != "drill"), self._weights)
        return total, _named(what, parts) if what else parts

    def _portrait_loss(self, rng: np.random.Generator) -> tuple[torch.Tensor, dict[str, float]]:
        """On single pictures, half of them new ones."""
        tr = self._train
        self._renew(rng)
        self._album.add(self._reels.portraits(rng, tr["portrait_scenes"], PORTRAITS))
        drawn = (each.to(self._device) for each in self._album.draw(rng, 2 * PORTRAITS * tr["portrait_scenes"]))
        with autocast(self._device):
            seen = losses.portrait_loss(self.model, *drawn)
        return seen.sum() * self._weights.shown, _named("portraits", losses.shown_parts(seen))

    def _renew(self, rng: np.random.Generator) -> None:
        self.model.vision.trained.fill_(True)
        tr = self._train
        self._reels.renew(rng, tr["new_reels"] if len(self._reels) else tr["reels"])

    def _batch(self, rng: np.random.Generator, pool: Pool, what: str) -> Batch:
        tr = self._train
        if what.endswith("sights"):
            self._renew(rng)
        match what:
            case "dense":
                return collate([dense_view(rng, pool) for _ in range(tr["dense_batch"])], DENSE)
            case "drill":
                return collate([drill_view(rng) for _ in range(tr["drill_batch"])], DRILL)
            case "short":
                return collate([short_view(rng, pool) for _ in range(tr["short_batch"])], SHORT)
            case "dense_sights":
                rows = [dense_sight_view(rng, pool, self._reels) for _ in range(tr["dense_sights_batch"])]
                return collate(rows, DENSE_SIGHTS)
            case "sights":
                return collate([sight_view(rng, pool, self._reels) for _ in range(tr["sights_batch"])], SIGHTS)
            case "long_sights":
                return collate([long_sight_view(rng, pool, self._reels) for _ in range(tr["long_sights_batch"])], LONG)
            case _:
                return collate([random_view(rng, pool) for _ in range(tr["batch"])], CONVERSATION)

    def _log(self, factor: float) -> None:
        row = {"step": self.step, "minutes": round(self.spent_s / 60, 2), "lr": round(factor, 4)}
        row |= {name: round(float(np.mean(values)), 4) for name, values in self._sums.items()}
        with (self._run / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        self._sums.clear()


def _sizes(state: dict[str, Any]) -> list[int]:
    return [len(group["params"]) for group in state["param_groups"]]


def _drawn(rng: np.random.Generator, stage: dict[str, Any]) -> str:
    """Which kind of rows, "" for whole conversations."""
    draw = rng.random()
    for what in ("drill", "dense", "short", "dense_sights", "sights", "long_sights", "portraits"):
        draw -= stage.get(what, 0.0)
        if draw < 0:
            return what
    return ""


def _named(what: str, parts: dict[str, float]) -> dict[str, float]:
    return {f"{what}_{name}": value for name, value in parts.items()}


def own_voice(folder: Path) -> dict[str, Clip]:
    """Every recorded word of the output voice, as a microphone may hear it."""
    units = load_units(folder)
    sounds = {words[0]: unit.sound for words, unit in units.by_words.items() if len(words) == 1}
    return {
        word: Clip(
            utterance=Utterance(kind=Kind.CHATTER, words=""),
            voice="own",
            mel=pack(level(soxr.resample(sound.astype(np.float32) / 32768, units.sample_rate, SAMPLE_RATE))),
        )
        for word, sound in sounds.items()
    }


def train(config: dict[str, Any], clips: Path, run: Path) -> Trainer:
    """Trains what is left of the steps, saving as it goes, or until SIGTERM."""
    torch.set_num_threads(config["train"]["threads"])
    keep_memory()
    trainer = Trainer(config, run)
    trainer.resume()
    source = ClipPool(clips, config["data"])
    source.reload()
    reloaded = saved = last = time.monotonic()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while trainer.step < trainer.steps and not ended.is_set():
        if (run / "decay").exists():
            (run / "decay").unlink()
            trainer.come_down()
        trainer.one_step(source.pool)
        now = time.monotonic()
        trainer.spent_s += now - last
        last = now
        if now - saved > config["train"]["save_every_s"]:
            trainer.save()
            saved = now
        if now - reloaded > config["data"]["reload_every_s"]:
            source.reload()
            reloaded = now
    trainer.save()
    return trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--run", type=Path, default=RUN)
    args = parser.parse_args()
    trainer = train(tomllib.loads(args.config.read_text()), CLIPS, args.run)
    sys.exit(0 if trainer.step == trainer.steps else 3)  # 3: stopped before the end


if __name__ == "__main__":
    main()
