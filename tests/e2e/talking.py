"""A client that talks to a served cluster and keeps what it got, as a user's would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from counterpoint.client import Closed, Disconnected, InteractionClient, Patience, Resumed, Session, Turn, send_paced
from counterpoint.v1 import interaction_pb2 as v1

RATE = 16_000
PATIENT = Patience(grant_s=60.0, silent_s=60.0, resume_s=60.0)  # who waits out a crowded machine and sees what stays
SAMPLES_OUT = 4_800  # of one micro-turn at the voice's 24 kHz


@dataclass(slots=True)
class Talk:
    turns: list[Turn] = field(default_factory=list)
    disconnected: int = 0
    resumed: int = 0
    closed: str = ""
    held: dict[str, bytes] = field(default_factory=dict)  # what the cluster held of it at the end

    @property
    def ks(self) -> list[int]:
        return [turn.k for turn in self.turns]

    @property
    def degradations(self) -> set[str]:
        return {each.what for turn in self.turns for each in turn.message.degradations}

    @property
    def sounded(self) -> list[tuple[int, int]]:
        """(first, after last) sample of every piece of output, in the order received."""
        return [
            (turn.message.first_sample, turn.message.first_sample + len(turn.audio) // 2)
            for turn in self.turns
            if turn.audio
        ]


def noise(seconds: float, seed: int = 1) -> bytes:
    """What random weights have much to say about."""
    return np.random.default_rng(seed).normal(0, 3_000, int(RATE * seconds)).astype("<i2").tobytes()


def audio(**more: object) -> v1.Configure:
    track_in = v1.AudioInput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=RATE, channels=1)
    track_out = v1.AudioOutput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=24_000)
    return v1.Configure(audio_in=track_in, audio_out=track_out, **more)


async def converse(
    target: str,
    seconds: float,
    *,
    at_k: int = -1,
    then: Callable[[Session], Awaitable[None]] | None = None,
    patience: Patience | None = None,
    export: bool = False,
    **configure: object,
) -> Talk:
    """One session from grant to close; `then` happens once, when the result of micro-turn `at_k` is here.

    export: ask in the end for all that is held of it.
    """
    talk = Talk()
    async with InteractionClient(target, patience=patience) as client:
        session = await client.start(audio(**configure))
        sender = asyncio.create_task(_send(session, seconds))
        async for event in session:
            match event:
                case Turn():
                    talk.turns.append(event)
                    if then is not None and event.k == at_k:
                        await then(session)
                case Disconnected():
                    talk.disconnected += 1
                case Resumed():
                    talk.resumed += 1
                case Closed():
                    talk.closed = event.message.reason
        await sender
        if export:
            talk.held = await client.export(session.session_id, session.granted.resume_token)
    return talk


async def _send(session: Session, seconds: float) -> None:
    await send_paced(session, noise(seconds))
    session.end_input()
