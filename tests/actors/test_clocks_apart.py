"""Ingest, scheduler and engine on hosts with clocks of their own: a live session does not notice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from actors.ingest import Ingest
from actors.wire_down import response
from cluster.clock import MonotonicClock, ShiftedClock
from cluster.config import load
from cluster.media.egress import Done, Result
from cluster.media.speech import Spoken
from cluster.model.presets import MICRO
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.session.store import MemoryStore
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.scrape import Scrape
from cluster.types import Timing
from counterpoint.client import InteractionClient, Turn, send_paced
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import OneScheduler
from tests.actors.scheduler_rig import engine_shell, scheduling
from tests.e2e.talking import noise

S = 10**9
SECONDS = 2.0
AWAY_S = 1.5  # far below the shifts, far above what a loaded machine adds


@pytest.mark.parametrize(("scheduler_s", "engine_s"), [(7, -4), (-9, 3)])
async def test_a_session_is_served_in_its_time_whatever_the_clocks_say(
    scheduler_s: int, engine_s: int, tmp_path: Path
) -> None:
    checkpoint = write_random_checkpoint(tmp_path, config=replace(MICRO, num_hidden_layers=2), sil_bias=2.0)
    overrides = {"engine.checkpoint": checkpoint, "experts.exchange": "local", "serve.voice": ""}
    config = load(env={}, overrides={**overrides, "scheduler.max_sessions": 2, "serve.data_dir": tmp_path})
    ours, metrics = MonotonicClock(), Metrics()
    engine = engine_shell(config, ShiftedClock(ours, engine_s * S))
    clock = ShiftedClock(ours, scheduler_s * S)
    async with scheduling(config, await engine.start(), MemoryStore(), lockstep=False, clock=clock) as (_, edge):
        ingest = Ingest(config, OneScheduler(edge), None, ours, metrics=metrics)
        turns = await talk(await ingest.start())
        error_s = Scrape.of(metrics.text().decode()).get(m.CLOCK_ERROR, peer="scheduler")
        await ingest.stop()
    await engine.stop()
    assert [turn.k for turn in turns] == list(range(int(SECONDS * 5)))
    waited_s = [(turn.entry.received_ns - turn.entry.cutoff_ns) / S for turn in turns]
    assert min(waited_s) >= 0
    assert max(waited_s) < AWAY_S
    for turn in turns:  # what the server says of it, by the clock of the ingest
        assert abs(turn.message.lateness_us) / 1e6 < AWAY_S
        assert turn.message.stages.queue_us / 1e6 < AWAY_S
        assert turn.message.timing in (v1.TIMING_ON_TIME, v1.TIMING_LATE, v1.TIMING_COALESCED)
    assert 0 < error_s < AWAY_S


async def talk(target: str) -> list[Turn]:
    track = v1.AudioInput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=16_000)
    async with InteractionClient(target) as client:
        session = await client.start(v1.Configure(audio_in=track))
        sending = asyncio.create_task(send_paced(session, noise(SECONDS)))
        sending.add_done_callback(lambda _: session.end_input())
        return [event async for event in session if isinstance(event, Turn)]


def test_a_stage_that_a_corrected_clock_made_negative_is_told_as_none() -> None:
    result = Result(k=0, epoch=1, queue_ns=-1, engine_ns=-2, expert_ns=-3)
    done = Done(
        result=result,
        spoken=Spoken(),
        timing=Timing.ON_TIME,
        lateness_ns=0,
        first_sample=0,
        ingest_ns=-599_000,
        voice_ns=-4_000,
        egress_ns=-5_000,
    )
    stages = response(done, epoch=1).micro_turn.stages
    assert {getattr(stages, f"{name}_us") for name in ("ingest", "queue", "engine", "experts", "voice", "egress")} == {
        0
    }
