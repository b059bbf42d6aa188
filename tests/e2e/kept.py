"""What is left of a session once it is over: its input as the journal holds it, its history as it can be run again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from actors.replay import replay
from cluster.media.audio_track import AudioTrack
from cluster.media.spec import AudioFormat, Codec, MediaSpec
from cluster.session.record import RECORDS
from cluster.types import MicroTurn
from counterpoint.client.send import CHUNK_MS, chunks
from tests.e2e.talking import RATE, Talk


def made_of(pcm: bytes, checkpoint: Path) -> list[MicroTurn]:
    """The micro-turns an ingest makes of a whole track that came in order."""
    spec = MediaSpec.from_config(json.loads((checkpoint / "config.json").read_text()))
    pcm16 = AudioFormat(codec=Codec.PCM_S16LE, rate=RATE)
    track = AudioTrack(pcm16, spec, start=0, window_ms=0, horizon_ms=60_000)
    for i, piece in enumerate(chunks(pcm, sample_rate_hz=RATE)):
        track.take(i * RATE * CHUNK_MS // 1000, piece, arrival_ns=None)
    return [MicroTurn(k=k, audio=cut.codes) for k, cut in enumerate(iter(track.cut, None))]


def entered(talk: Talk) -> list[MicroTurn]:
    """What the journal holds of the input, without what the scheduler told each micro-turn, as it must have."""
    records = [RECORDS.decode(line) for line in talk.held["journal.jsonl"].splitlines()]
    turns = [turn for record in records for turn in record.turns]
    assert all(turn.since_output > 0 for turn in turns)
    return [replace(turn, since_output=0, since_kept=0) for turn in turns]


async def assert_replays(talk: Talk, checkpoint: Path, folder: Path) -> None:
    """Machine and model, with experts of their own, run its history again and say the same bit for bit."""
    history = folder / "history.jsonl"
    history.write_bytes(talk.held["history.jsonl"])
    for machine in (True, False):  # a difference is printed and raises
        await asyncio.to_thread(replay, history, machine=machine, model=not machine, checkpoint=checkpoint)
