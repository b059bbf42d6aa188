"""`python -m training.train`: trains until its time is over, resuming from its last checkpoint.

Progress is wall time, not steps: on a shared machine the learning rate still comes down when it should.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import losses, optim
from training.batches import CONVERSATION, DENSE, SHORT, collate, dense_view, random_view, short_view
from training.clips import read_recorded, read_shard
from training.losses import Weights
from training.model import Micro, ModelConfig, Norm
from training.script import Pool
from training.voices import HELD_OUT_STYLES, OUTPUT_STYLE

CONFIG = Path(__file__).with_name("config.toml")
CLIPS = Path("build/clips")
RUN = Path("build/train")


class ClipPool:
    """All clips on disk, read again now and then, since synthesis may still be going on."""

    def __init__(self, folder: Path, kokoro_repeat: int) -> None:
        self._folder, self._repeat = folder, kokoro_repeat
        self._shards: set[str] = set()
        self._recorded = 0
        self.pool = Pool()

    def reload(self) -> int:
        for shard in sorted(self._folder.glob("espeak/[0-9][0-9][0-9]")):
            if shard.name not in self._shards:
                self._shards.add(shard.name)
                for clip in read_shard(shard):
                    self.pool.add(clip)
        kokoro = list(read_recorded(self._folder / "kokoro"))
        for clip in kokoro[self._recorded :]:
            if any(style in clip.voice for style in (*HELD_OUT_STYLES, OUTPUT_STYLE)):
                raise ValueError(f"clips: {clip.voice} is held out; remove it from {self._folder / 'kokoro'}")
            for _ in range(self._repeat):
                self.pool.add(clip)
        self._recorded = len(kokoro)
        return sum(len(clips) for clips in self.pool.by_kind.values())


class Trainer:
    def __init__(self, config: dict[str, Any], run: Path) -> None:
        self._config, self._run = config, run
        self._train = config["train"]
        torch.manual_seed(config["seed"])
        self.model = Micro(ModelConfig())
        for module in self.model.modules():
            if isinstance(module, Norm):
                module.compile(dynamic=False)
        self._optimisers = optim.build(self.model, self._train["muon_lr"], self._train["adam_lr"])
        self._base_lrs = [group["lr"] for each in self._optimisers for group in each.param_groups]
        self._weights = Weights(**config["loss"])
        self.step, self.spent_s = 0, 0.0
        self._sums: dict[str, list[float]] = defaultdict(list)
        run.mkdir(parents=True, exist_ok=True)

    def resume(self) -> None:
        path = self._run / "last.pt"
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.model.load_state_dict(state["model"])
            for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(saved)
            self.step, self.spent_s = state["step"], state["spent_s"]

    def save(self) -> None:
        state = {"model": self.model.state_dict(), "step": self.step, "spent_s": self.spent_s}
        state["optimisers"] = [each.state_dict() for each in self._optimisers]
        torch.save(state, self._run / "last.part")
        (self._run / "last.part").rename(self._run / "last.pt")

    def one_step(self, pool: Pool, progress: float) -> None:
        """One step: at first dense speech only, then a cycle of dense speech, short and whole conversations."""
        rng = np.random.default_rng([self._config["seed"], self.step])
        factor = optim.schedule(progress, self._train["warm_up"], self._train["flat"], self._train["floor"])
        groups = [group for each in self._optimisers for group in each.param_groups]
        for group, base in zip(groups, self._base_lrs, strict=True):
            group["lr"] = base * factor
        turn = self.step % self._train["cycle"]
        if progress < self._train["dense_until"] or turn == 0:
            total, parts = self._dense_loss(rng, pool)
        else:
            short = progress < self._train["short_until"] and turn <= self._train["short_steps"]
            total, parts = self._loss(rng, pool, short)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self._train["clip_norm"])
        for optimiser in self._optimisers:
            optimiser.step()
            optimiser.zero_grad()
        self.step += 1
        for name, value in parts.items():
            self._sums[name].append(value)
        if self.step % 12 == 0:
            self._log(factor)

    def _loss(self, rng: np.random.Generator, pool: Pool, short: bool) -> tuple[torch.Tensor, dict[str, float]]:
        if short:
            batch = collate([short_view(rng, pool) for _ in range(self._train["short_batch"])], SHORT)
        else:
            batch = collate([random_view(rng, pool) for _ in range(self._train["batch"])], CONVERSATION)
        with torch.autocast("cpu", torch.bfloat16):
            total, parts = losses.loss(self.model, batch, self.model(batch), self._weights)
        return total, {f"short_{name}": value for name, value in parts.items()} if short else parts

    def _dense_loss(self, rng: np.random.Generator, pool: Pool) -> tuple[torch.Tensor, dict[str, float]]:
        batch = collate([dense_view(rng, pool) for _ in range(self._train["dense_batch"])], DENSE)
        with torch.autocast("cpu", torch.bfloat16):
            ctc = losses.ctc_loss(self.model.listen(batch), batch)
        return ctc * self._weights.ctc, {"dense_ctc": float(ctc.detach())}

    def _log(self, factor: float) -> None:
        row = {"step": self.step, "minutes": round(self.spent_s / 60, 2), "lr": round(factor, 4)}
        row |= {name: round(float(np.mean(values)), 4) for name, values in self._sums.items()}
        with (self._run / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        self._sums.clear()


def train(config: dict[str, Any], clips: Path, run: Path, minutes: float) -> Trainer:
    """Trains for what is left of `minutes`, saving as it goes."""
    torch.set_num_threads(config["train"]["threads"])
    torch._dynamo.config.recompile_limit = 64  # one Norm serves many shapes, all of them fixed
    trainer = Trainer(config, run)
    trainer.resume()
    source = ClipPool(clips, config["data"]["kokoro_repeat"])
    source.reload()
    reloaded = saved = last = time.monotonic()
    while trainer.spent_s < minutes * 60:
        trainer.one_step(source.pool, trainer.spent_s / (minutes * 60))
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
    parser.add_argument("--minutes", type=float, help="instead of the configured training time")
    parser.add_argument("--run", type=Path, default=RUN)
    args = parser.parse_args()
    config = tomllib.loads(args.config.read_text())
    train(config, CLIPS, args.run, args.minutes or config["train"]["minutes"])


if __name__ == "__main__":
    main()
