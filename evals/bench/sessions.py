"""Live sessions as load: each speaks a recording in real time, open loop, and judges what it gets by its own clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from counterpoint.client import InteractionClient, Session
from counterpoint.client.errors import ClientError, Refused
from counterpoint.client.events import Turn
from counterpoint.client.send import send_paced
from counterpoint.v1 import interaction_pb2 as v1
from evals.bench.rows import Row, percentiles

RATE_HZ = 16_000
CHUNK_MS = 100
START_S = 8.0
MS = 1e-6  # of a nanosecond


@dataclass(slots=True)
class Outcome:
    """What one session got in the measured span."""

    turns: list[Turn] = field(default_factory=list)
    rejected: bool = False
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    target: str
    sessions: int
    warm_up_s: float
    seconds: float
    audio: np.ndarray  # int16, RATE_HZ, mono; repeated for as long as it takes

    @property
    def span(self) -> range:
        """The micro-turns that count."""
        return range(round(self.warm_up_s * 5), round((self.warm_up_s + self.seconds) * 5))


async def run(load: Load) -> list[Outcome]:
    """Sessions begin over START_S and hear the recording from different places, as people would not speak in chorus."""
    async with InteractionClient(load.target) as client:
        return await asyncio.gather(*(_session(client, load, index) for index in range(load.sessions)))


async def _session(client: InteractionClient, load: Load, index: int) -> Outcome:
    outcome = Outcome()
    await asyncio.sleep(START_S * index / load.sessions)
    configure = v1.Configure(
        audio_in=v1.AudioInput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=RATE_HZ, channels=1),
        audio_out=v1.AudioOutput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=24_000),
        labels={"kind": "bench"},
    )
    try:
        session = await client.start(configure)
        speaking = asyncio.create_task(_speak(session, load, index / load.sessions))
        try:
            async for event in session:
                if isinstance(event, Turn) and event.k in load.span:
                    outcome.turns.append(event)
        finally:
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await speaking
    except Refused:
        outcome.rejected = True
    except ClientError as error:
        outcome.failed = str(error)
    return outcome


async def _speak(session: Session, load: Load, phase: float) -> None:
    audio = np.roll(load.audio, -round(phase * len(load.audio)))
    seconds = load.warm_up_s + load.seconds + 1 + START_S * (1 - phase)  # nobody ends while others are measured
    pcm = np.resize(audio, round(seconds * RATE_HZ)).astype("<i2").tobytes()
    await send_paced(session, pcm, chunk_ms=CHUNK_MS)
    session.end_input()


def summarise(what: str, load: Load, outcomes: Sequence[Outcome]) -> Row:
    """A k without a result, and every k of a rejected or failed session, is missed. What it cost is not in it yet."""
    turns = [turn for outcome in outcomes for turn in outcome.turns]
    ran = [turn for turn in turns if turn.entry.timing != "skipped"]  # coalesced ones count with their whole delay
    voiced = sum(bool(turn.audio.strip(b"\0")) for turn in turns)
    ticks = [(turn.message.stages.queue_us + turn.message.stages.engine_us) / 1e3 for turn in ran]
    return Row(
        what=what,
        sessions=load.sessions,
        seconds=load.seconds,
        latency_ms=percentiles([(turn.entry.received_ns - turn.entry.cutoff_ns) * MS for turn in ran]),
        on_time_rate=on_time_rate(load, outcomes),
        longest_miss_run=max((_longest(load, outcome) for outcome in outcomes), default=0),
        speaking_share=round(voiced / len(turns), 3) if turns else 0.0,
        rejected=sum(outcome.rejected for outcome in outcomes),
        failed=sum(bool(outcome.failed) for outcome in outcomes),
        extra={
            "tick_ms": percentiles(ticks),
            "stages_ms": _stages(ran),
            "errors": sorted({outcome.failed[:200] for outcome in outcomes if outcome.failed}),
        },
    )


def on_time_rate(load: Load, outcomes: Sequence[Outcome]) -> float:
    whole = [outcome for outcome in outcomes if not (outcome.rejected or outcome.failed)]
    on_time = sum(not turn.entry.missed for outcome in whole for turn in outcome.turns)
    return round(on_time / (len(load.span) * load.sessions), 5)


def _longest(load: Load, outcome: Outcome) -> int:
    if outcome.rejected or outcome.failed:
        return len(load.span)
    good = {turn.k for turn in outcome.turns if not turn.entry.missed}
    longest = run = 0
    for k in load.span:
        run = 0 if k in good else run + 1
        longest = max(longest, run)
    return longest


def _stages(turns: list[Turn]) -> dict[str, object]:
    names = ("ingest_us", "queue_us", "engine_us", "experts_us", "voice_us", "egress_us")
    return {name[:-3]: percentiles([getattr(turn.message.stages, name) / 1e3 for turn in turns]) for name in names}
