"""Hold one conversation: feed the source, gather what comes back, leave the files."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

import grpc

from counterpoint.client import InteractionClient, Session, Turn
from counterpoint.score.command import write_score
from counterpoint.talk.conversation import Conversation
from counterpoint.talk.source import Source, level
from counterpoint.talk.summary import summarise
from counterpoint.talk.wav import peak, write_stereo
from counterpoint.v1 import interaction_pb2 as v1


class View(Protocol):
    def begin(self, conversation: Conversation) -> None: ...

    def show(self, record: dict[str, Any], conversation: Conversation) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to ask of the cluster at `target`."""

    target: str
    title: str = "A session"  # heading of its score
    text: str = ""
    instructions: str = ""
    lockstep: bool = False
    due_ms: int = 0
    tenant: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    credentials: grpc.ChannelCredentials | None = None

    def configure(self, source: Source) -> v1.Configure:
        """One rate both ways, so that nothing has to be resampled here."""
        pcm, rate = v1.AUDIO_CODEC_PCM_S16LE, source.sample_rate_hz
        return v1.Configure(
            tenant=self.tenant,
            audio_in=v1.AudioInput(codec=pcm, sample_rate_hz=rate, channels=source.channels),
            audio_out=v1.AudioOutput(codec=pcm, sample_rate_hz=rate),
            instructions=self.instructions,
            due_ms=self.due_ms,
            lockstep=self.lockstep,
        )


async def converse(wanted: Wanted, source: Source, view: View, out: Path, stop: asyncio.Event) -> dict[str, Any]:
    """Talk until the source ends or `stop` is set; returns the summary, also left in `out/summary.json`.

    `out` exists. Writes `out.wav` (left: input, right: heard output, on the media clock) and `session.jsonl` beside it
    also when the session fails half-way, `summary.json` and `score.html` when it ended well. Raises ClientError.
    """
    async with InteractionClient(wanted.target, credentials=wanted.credentials, metadata=wanted.metadata) as client:
        session = await client.start(wanted.configure(source), models_playback=not source.plays)
        conversation = Conversation(session.granted, session.timeline, wanted.lockstep)
        view.begin(conversation)
        feeding = asyncio.create_task(feed(session, source, wanted.text, stop))
        try:
            with (out / "session.jsonl").open("w") as file:
                write_line(file, conversation.opening(target=wanted.target, text=wanted.text))
                async for event in session:
                    record = conversation.receive(event)
                    if isinstance(event, Turn):
                        source.hear(event)
                        record |= levels(event, source, session.timeline.period_ms)
                    write_line(file, record)
                    view.show(record, conversation)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            await session.abandon()
            write_stereo(out / "out.wav", source.sent(), conversation.output_track(), source.sample_rate_hz)
        feeding.cancelled() or feeding.result()
        report = session.ledger.report(0, conversation.micro_turns)
    write_score(out, title=wanted.title)
    heard_s = len(source.sent()) / 2 / source.sample_rate_hz
    summary = summarise(conversation, report, audio_in_s=heard_s, dropped_ms=session.dropped_ms)
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


async def feed(session: Session, source: Source, text: str, stop: asyncio.Event) -> None:
    if text:
        session.send_text(text)
    feeding, stopping = asyncio.create_task(source.feed(session)), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({feeding, stopping}, return_when=asyncio.FIRST_COMPLETED)
        session.end_input()
        if feeding.done():
            feeding.result()
    finally:
        feeding.cancel()
        stopping.cancel()


def levels(turn: Turn, source: Source, period_ms: int) -> dict[str, float]:
    """Peaks of what went in and what came out in this micro-turn, for whoever draws it."""
    heard = level(source.sent(), source.sample_rate_hz, period_ms * turn.k, period_ms * (turn.k + 1))
    return {"in_peak": round(heard, 3), "out_peak": round(peak(turn.audio), 3)}


def write_line(file: TextIO, record: dict[str, Any]) -> None:
    file.write(json.dumps(record) + "\n")
