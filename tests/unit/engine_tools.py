"""Conversations for engine tests: seeded micro-turns, and helpers that feed them to an engine."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from cluster.engine import Engine
from cluster.model.config import ModelConfig
from cluster.model.dispatch import Exchange
from cluster.model.presets import MICRO
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.types import ContextTurn, Dtype, MicroTurn, Prefill, SlotResult, SlotWork, StepResult, TickBatch

torch.set_num_threads(1)

SHALLOW = replace(MICRO, num_hidden_layers=3)
SIL_BIAS = 2.0  # the random checkpoint then speaks in some micro-turns and is silent in others
PREFIX = (7, 8, 9)


def checkpoint(folder: Path, config: ModelConfig = SHALLOW, sil_bias: float = SIL_BIAS) -> Path:
    return write_random_checkpoint(folder, config=config, seed=3, sil_bias=sil_bias)


def conversation(seed: int, count: int, config: ModelConfig = SHALLOW, first_k: int = 0) -> list[MicroTurn]:
    """Speech-like noise, silence, some text, patches where the checkpoint has eyes."""
    rng = random.Random(seed)
    turns = []
    for k in range(first_k, first_k + count):
        loud = rng.random() < 0.6
        codes = bytes(rng.randrange(config.audio.levels) if loud else 0 for _ in range(config.audio_bytes))
        text = tuple(rng.randrange(6, config.vocab_size) for _ in range(rng.choice((0, 0, 0, 1, 3))))
        eyes = config.vision is not None and rng.random() < 0.5
        patches = rng.randbytes(2 * config.vision.patch_bytes) if eyes and config.vision else b""
        turn = MicroTurn(k=k, audio=codes, text=text, patches=patches, num_patches=2 if eyes else 0)
        turns.append(replace(turn, since_output=1 + k % 7, since_kept=k % 3))
    return turns


class Driver:
    """Steps an engine tick by tick for several sessions."""

    def __init__(self, engine: Engine, engine_epoch: int = 1) -> None:
        self.engine, self.engine_epoch, self.n = engine, engine_epoch, 0

    def tick(self, *work: SlotWork) -> StepResult:
        self.n += 1
        return self.engine.step(TickBatch(n=self.n, engine_epoch=self.engine_epoch, work=work))

    def opening(self, slot: int, prefix: tuple[int, ...] = PREFIX) -> Prefill:
        return Prefill(slot=slot, reset=True, prefix=prefix)

    def open(self, session: str, slot: int, prefix: tuple[int, ...] = PREFIX, epoch: int = 1) -> SlotResult:
        work = SlotWork(session=session, epoch=epoch, slot=slot, prefills=(self.opening(slot, prefix),))
        return self.only(self.tick(work))

    def turn_work(self, session: str, slot: int, *turns: MicroTurn, passes: int = 5, epoch: int = 1) -> SlotWork:
        return SlotWork(session=session, epoch=epoch, slot=slot, turns=turns, max_passes=passes)

    def say(self, session: str, slot: int, *turns: MicroTurn, passes: int = 5, epoch: int = 1) -> SlotResult:
        return self.only(self.tick(self.turn_work(session, slot, *turns, passes=passes, epoch=epoch)))

    def only(self, result: StepResult) -> SlotResult:
        assert not result.rejected, self.engine.refusals
        return result.results[0]


def live(driver: Driver, session: str, slot: int, groups: Iterable[Sequence[MicroTurn]]) -> list[ContextTurn]:
    """Enter micro-turns, coalesced as grouped; return them with what was said."""
    heard: list[ContextTurn] = []
    for group in groups:
        result = driver.say(session, slot, *group)
        heard += [ContextTurn(turn=turn, out=out.tokens) for turn, out in zip(group, result.outputs, strict=True)]
    return heard


def kv(engine: Engine, slot: int, rows: int | None = None) -> torch.Tensor:
    held = engine.slots[slot].context.rows if rows is None else rows
    return torch.stack(engine.cache.context(slot, held))


def new_engine(
    folder: Path,
    exchange: Exchange | None = None,
    *,
    deterministic: bool = True,
    slots: int = 4,
    dtype: Dtype = Dtype.F32,
) -> Engine:
    return Engine(folder, num_slots=slots, exchange=exchange, deterministic=deterministic, dtype=dtype)
