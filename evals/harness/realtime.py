"""Items through a served cluster, open loop in real time: media leaves when a microphone would give it, whatever comes
back. An output is heard when it is due or, if it came later, when it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from counterpoint.client import ClientError, InteractionClient, Session
from counterpoint.client.events import SpeechEnded, Turn
from counterpoint.client.send import CHUNK_MS
from counterpoint.client.timeline import MS
from counterpoint.v1 import interaction_pb2 as v1
from evals.harness.heard import TURN_S, Heard
from evals.harness.script import Script
from evals.harness.seat import OUTPUT
from evals.harness.trace import ItemTrace
from evals.items import Said

STAGGER_S = 0.7  # between the beginnings of the first sessions: people do not speak in chorus
Send = Callable[[], None]
Progress = Callable[[int, int], None]  # items done, items in all


@dataclass(slots=True, kw_only=True)
class Live:
    """What one item got. failed: why the session ended early; after that nothing was heard. latency: from cutoff."""

    id: str
    said: tuple[Said, ...] = ()
    latency_ms: list[float] = field(default_factory=list)
    turns: int = 0
    missed: int = 0
    longest_miss_run: int = 0
    timing: Counter[str] = field(default_factory=Counter)
    degradations: Counter[str] = field(default_factory=Counter)
    dropped_ms: int = 0
    failed: str = ""
    trace: ItemTrace | None = None


async def listen_live(
    target: str, scripts: Sequence[Script], *, sessions: int, progress: Progress | None = None
) -> list[Live]:
    """Each script in a session of its own, `sessions` of them at once, the longest first, so that they are as many
    nearly until the end. A rejected or failed session is an outcome.
    """
    films = [[picture.png() for picture in script.pictures] for script in scripts]  # a camera's own work, not ours
    left = iter(sorted(enumerate(scripts), key=lambda each: -each[1].turns))
    found: dict[int, Live] = {}

    async def worker(client: InteractionClient, index: int) -> None:
        await asyncio.sleep(STAGGER_S * index)
        for place, script in left:
            found[place] = await _one(client, script, films[place])
            if progress:
                progress(len(found), len(scripts))

    async with InteractionClient(target) as client:
        await asyncio.gather(*(worker(client, index) for index in range(sessions)))
    return [found[place] for place in range(len(scripts))]


async def _one(client: InteractionClient, script: Script, film: Sequence[bytes]) -> Live:
    """film: the script's pictures as they are sent."""
    sound = script.sound
    configure = v1.Configure(
        audio_in=v1.AudioInput(
            codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=sound.sample_rate_hz, channels=sound.channels
        ),
        audio_out=v1.AudioOutput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=OUTPUT.rate),
        labels={"kind": "eval"},
    )
    if film:
        configure.video_in.codec = v1.VIDEO_CODEC_PNG
    live, heard, turns = Live(id=script.id), Heard(), dict[int, Turn]()
    session: Session | None = None
    try:
        session = await client.start(configure)
        heard.jitter_ms, heard.due_ms = session.timeline.jitter_ms, session.timeline.due_after_ms
        sending = asyncio.create_task(_send(session, script, film))
        try:
            async for event in session:
                _take(event, session, heard, turns)
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
    except ClientError as error:
        live.failed = str(error)
    finally:
        if session is not None:
            live.dropped_ms = session.dropped_ms
            await session.abandon()
    _account(live, script, turns)
    end_s = session.timeline.output_ms(max(turns, default=0)) / 1000 + TURN_S if session else 0.0
    live.said = tuple(heard.said(end_s))
    return live


def _take(event: object, session: Session, heard: Heard, turns: dict[int, Turn]) -> None:
    match event:
        case Turn():
            turns[event.k] = event
            late_s = _late_s(event)
            for happened in event.message.events:
                heard.event(happened.kind, event.output_ms / 1000 + late_s)
            for said in event.said:
                heard.word(said.text.strip(), said.k, said.media_ms / 1000 + late_s, late_s)
        case SpeechEnded(message=message):
            late_s = _late_s(turns[message.k]) if message.k in turns else 0.0
            offset = message.sample - message.k * OUTPUT.turn_rate_samples
            heard.ended(session.timeline.output_ms(message.k) / 1000 + late_s + offset / OUTPUT.rate)


def _late_s(turn: Turn) -> float:
    return max(0, turn.entry.received_ns - turn.entry.due_ns) / 1e9


def _account(live: Live, script: Script, turns: dict[int, Turn]) -> None:
    run = 0
    live.turns = script.turns
    for k in range(script.turns):
        turn = turns.get(k)
        run = run + 1 if turn is None or turn.entry.missed else 0
        live.missed += run > 0
        live.longest_miss_run = max(live.longest_miss_run, run)
        if turn is None:
            continue
        live.timing[turn.entry.timing] += 1
        live.degradations.update(each.what for each in turn.message.degradations)
        if turn.entry.timing != "skipped":
            live.latency_ms.append((turn.entry.received_ns - turn.entry.cutoff_ns) / MS)
    ran = {k: turn for k, turn in turns.items() if turn.entry.timing != "skipped"}
    if ran and not live.failed:
        live.trace = ItemTrace(
            id=script.id,
            n0=min(turn.message.tick - k for k, turn in ran.items()),
            ticks=tuple(ran[k].message.tick if k in ran else -1 for k in range(script.turns)),
            late_ms=tuple(1e3 * _late_s(ran[k]) if k in ran else 0.0 for k in range(script.turns)),
        )


async def _send(session: Session, script: Script, film: Sequence[bytes]) -> None:
    """In real time. After a stall of this process chunks follow at twice real time, as the client's own sender does."""
    last_ns = 0
    for at_ms, paced, send in _leaving(session, script, film):
        due_ns = session.timeline.zero_ns + at_ms * MS
        if paced and last_ns:
            due_ns = max(due_ns, last_ns + CHUNK_MS * MS // 2)
        if (wait_ns := due_ns - time.monotonic_ns()) > 0:
            await asyncio.sleep(wait_ns / 1e9)
        if session.ended:
            return
        send()
        last_ns = time.monotonic_ns() if paced else last_ns
    session.end_input()


def _leaving(session: Session, script: Script, film: Sequence[bytes]) -> Iterator[tuple[int, bool, Send]]:
    """(media time in ms, whether it is sound, how it is sent), in order. A chunk of sound leaves when its last sample
    has been taken; a picture or a text when it was made.
    """
    sound = script.sound
    size = sound.sample_rate_hz * CHUNK_MS // 1000 * 2 * sound.channels
    moves: list[tuple[int, bool, Send]] = []
    for index, start in enumerate(range(0, len(sound.pcm), size)):
        moves.append((CHUNK_MS * (index + 1), True, partial(session.send_audio, sound.pcm[start : start + size])))
    for picture, data in zip(script.pictures, film, strict=True):
        moves.append((picture.at_ms, False, partial(session.send_video, data, at_ms=picture.at_ms)))
    moves += [(each.at_ms, False, partial(session.send_text, each.text, at_ms=each.at_ms)) for each in script.typed]
    yield from sorted(moves, key=lambda move: move[:2])
