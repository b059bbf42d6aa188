"""A scheduler core with a real engine behind it, a small one whose contexts are anchored often."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from cluster.engine import Engine
from cluster.model.config import Window
from cluster.session.limits import CheckpointLimits
from cluster.types import StepResult, TickBatch
from tests.unit.core_rig import Rig
from tests.unit.engine_tools import SHALLOW

CONFIG = replace(SHALLOW, window=Window(micro_turns=16, pins_max=4, prefix_max=8))
LIMITS = CheckpointLimits(window=16, pins_max=4, prefix_max=8, audio_bytes=CONFIG.audio_bytes)
TURNS = 36


class EngineRig(Rig):
    """The rig with a real engine behind it, and clients that speak noise."""

    def __init__(self, folder: Path, *sessions: str) -> None:
        self.engine = Engine(folder, num_slots=8, deterministic=True)
        self.sessions = sessions
        super().__init__(limits=LIMITS, versions=self.engine.versions, keep_history=True)

    def step(self, batch: TickBatch, refuse: frozenset[str], took_ns: int) -> StepResult:
        result = self.engine.step(batch)
        assert not self.engine.refusals
        return replace(result, engine_ns=1_000_000)  # always fast: plans must not depend on this machine

    async def talk(self, turns: int, *, fail_at: tuple[int, ...] = (), late_at: tuple[int, ...] = ()) -> None:
        for session in self.sessions:
            await self.open(session, prefix=(7, 8, 9))
        done = 0
        while done < turns:
            done = self.k()
            for session in self.sessions:
                if done >= 0 and done not in late_at:
                    await self.turn(done, session, audio=noise(session, done))
                    if done - 1 in late_at:
                        await self.turn(done - 1, session, audio=noise(session, done - 1))
            if done in fail_at:
                await self.tick(fail="on purpose")
            else:
                await self.tick()


def noise(session: str, k: int) -> bytes:
    rng = random.Random(f"{session} {k}")
    return bytes(rng.randrange(CONFIG.audio.levels) for _ in range(CONFIG.audio_bytes))
