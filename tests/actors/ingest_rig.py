"""An ingest over a real gRPC server with a fake scheduler behind it, and a bare client in front."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import numpy as np
from PIL import Image

from actors.ingest import Ingest
from cluster.clock import MonotonicClock
from cluster.config import load
from cluster.errors import ResyncRequired
from cluster.telemetry.metrics import Metrics
from counterpoint.v1 import interaction_pb2 as v1
from counterpoint.v1.interaction_pb2_grpc import InteractionStub
from tests.actors.fake_scheduler import FakeScheduler

WORDS = ["<sil>", "<keep>", "<unk>", "remind", "me", "to", "drink", "water"]
TURN = 3200  # samples of a micro-turn at 16 kHz


def write_checkpoint(folder: Path) -> Path:
    model = {"type": "WordLevel", "vocab": {word: at for at, word in enumerate(WORDS)}, "unk_token": "<unk>"}
    whole = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"}, "model": model}
    (folder / "tokenizer.json").write_text(json.dumps(whole))
    config = {
        "vision": {"patch": 40, "grid": 2},
        "micro_turn": {"video_in_max": 4, "text_in_max": 4},
        "window": {"prefix_max": 8},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


class Mark:
    def __init__(self, word: str, start: int) -> None:
        self.word, self.start = word, start


class BeepState:
    """Every word is 3000 samples of its own number."""

    def __init__(self) -> None:
        self._sound = np.zeros(0, np.int16)
        self._starts: list[tuple[str, int]] = []

    @property
    def pending_samples(self) -> int:
        return len(self._sound)

    def push(self, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            self._starts.append((word, len(self._sound)))
            self._sound = np.concatenate([self._sound, np.full(3000, WORDS.index(word), np.int16)])
        return ()

    def take(self, samples: int) -> tuple[bytes, tuple[Mark, ...]]:
        piece, self._sound = self._sound[:samples], self._sound[samples:]
        begun = tuple(Mark(word, at) for word, at in self._starts if at < samples)
        self._starts = [(word, at - samples) for word, at in self._starts if at >= samples]
        return piece.astype("<i2").tobytes().ljust(2 * samples, b"\0"), begun

    def clear(self) -> tuple[str, ...]:
        unsaid = tuple(word for word, _ in self._starts)
        self._sound, self._starts = self._sound[:0], []
        return unsaid


class Beeps:
    sample_rate = 24_000

    def session(self) -> BeepState:
        return BeepState()


class OneScheduler:
    """The directory of a cluster with a single pair; `address` may move."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def place(self, *, lockstep: bool, trial: bool) -> str:
        return self.address

    async def find(self, session: str) -> str:
        if not self.address:
            raise ResyncRequired(f"session {session}: nobody owns it")
        return self.address


async def until_media(granted: v1.Granted, k: int) -> None:
    """Until the end of micro-turn k-1, of a session of this host."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    handle = loop.call_later(max(0.0, granted.media_clock_ns / 1e9 + 0.2 * k - loop.time()), done.set_result, None)
    try:
        await done
    finally:
        handle.cancel()


class Client:
    """One stream: messages are numbered, responses are read one by one and remembered."""

    def __init__(self, target: str, metadata: tuple[tuple[str, str], ...] = ()) -> None:
        self._channel = grpc.aio.insecure_channel(target, options=(("grpc.use_local_subchannel_pool", 1),))
        self._call = InteractionStub(self._channel).Interact(metadata=metadata)
        self.seq = 0
        self.seen: list[v1.InteractResponse] = []

    async def send(self, *, seq: int | None = None, **message: object) -> None:
        self.seq = self.seq + 1 if seq is None else seq
        await self._call.write(v1.InteractRequest(seq=self.seq, **message))

    async def audio(self, k: int, value: int = 100, **fields: int) -> None:
        """One whole micro-turn."""
        data = np.full(TURN, value, "<i2").tobytes()
        await self.send(audio=v1.AudioChunk(media_time=k * TURN, data=data), **fields)

    async def speak(self, granted: v1.Granted, first: int, last: int) -> None:
        """Micro-turns first … last-1 in real time, 200 ms a chunk."""
        for k in range(first, last):
            await until_media(granted, k + 1)
            await self.audio(k)

    async def read(self) -> v1.InteractResponse | None:
        response = await self._call.read()
        if response is grpc.aio.EOF:
            return None
        self.seen.append(response)
        return response

    async def next(self, kind: str) -> object:
        """The next message of this kind; others on the way are remembered in `seen`."""
        return await self.next_of(kind)

    async def next_of(self, *kinds: str) -> object:
        while (response := await self.read()) is not None:
            if (kind := response.WhichOneof("message")) in kinds:
                return getattr(response, kind)
        seen = [one.WhichOneof("message") for one in self.seen]
        raise AssertionError(f"the stream ended without {' or '.join(kinds)}; {seen}")

    async def turns(self, count: int) -> list[v1.MicroTurnDone]:
        return [await self.next("micro_turn") for _ in range(count)]

    async def status(self) -> tuple[grpc.StatusCode, str]:
        """Read to the end; how the stream ended."""
        try:
            while await self.read() is not None:
                pass
        except grpc.aio.AioRpcError:
            pass
        return await self._call.code(), await self._call.details()

    async def half_close(self) -> None:
        await self._call.done_writing()

    def vanish(self) -> None:
        self._call.cancel()

    async def close(self) -> None:
        self._call.cancel()
        await self._channel.close()


def configure(**fields: object) -> v1.Configure:
    """A lockstep session with a microphone at 16 kHz and a voice at 24 kHz."""
    values: dict[str, object] = {
        "lockstep": True,
        "audio_in": v1.AudioInput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=16_000),
        "audio_out": v1.AudioOutput(codec=v1.AUDIO_CODEC_PCM_S16LE),
    }
    return v1.Configure(**{name: value for name, value in (values | fields).items() if value is not None})


async def goes_on(client: Client, k: int = 0) -> None:
    """The stream still serves, and everything sent so far is accepted with its next micro-turn."""
    await client.audio(k)
    (turn,) = await client.turns(1)
    assert turn.k == k
    while (accepted := await client.next("accepted")).through < client.seq:
        pass
    assert accepted.through == client.seq


def jpeg(width: int, height: int) -> bytes:
    return picture(width, height, "JPEG")


def png(width: int, height: int) -> bytes:
    return picture(width, height, "PNG")


def picture(width: int, height: int, kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height)).save(stream, kind)
    return stream.getvalue()


class Rig:
    def __init__(self, scheduler: FakeScheduler, directory: OneScheduler, checkpoint: Path) -> None:
        self.scheduler, self.directory, self._checkpoint = scheduler, directory, checkpoint
        self._clients: list[Client] = []
        self._ingests: list[Ingest] = []
        self.metrics = Metrics()
        self.target = ""

    async def another_scheduler(self) -> FakeScheduler:
        """In the place of the one before, which has died; it holds the same sessions."""
        old, fresh = self.scheduler, FakeScheduler()
        fresh.sessions = old.sessions
        old.session.stream = None
        await old.stop()
        self.scheduler = await fresh.start(int(old.address.rpartition(":")[2]))
        return fresh

    async def ingest(self, host: str = "127.0.0.1", **overrides: object) -> Ingest:
        """One more ingest; new clients go to it."""
        given = {"engine.checkpoint": str(self._checkpoint)} | {
            name.replace("__", "."): value for name, value in overrides.items()
        }
        config = load(env={}, overrides=given)
        ingest = Ingest(config, self.directory, Beeps(), MonotonicClock(), metrics=self.metrics, host=host)
        self.target = await ingest.start()
        self._ingests.append(ingest)
        return ingest

    def client(self, metadata: tuple[tuple[str, str], ...] = ()) -> Client:
        client = Client(self.target, metadata)
        self._clients.append(client)
        return client

    async def opened(self, **fields: object) -> tuple[Client, v1.Granted]:
        client = self.client()
        await client.send(configure=configure(**fields))
        return client, await client.next("granted")

    async def resumed(self, granted: v1.Granted, received_k: int, **fields: object) -> tuple[Client, v1.Granted]:
        client = self.client()
        values = {"session_id": granted.session_id, "token": granted.resume_token, "received_k": received_k} | fields
        await client.send(seq=0, resume=v1.Resume(**values))
        again = await client.next("granted")
        client.seq = again.accepted_through
        return client, again

    async def stop(self) -> None:
        for client in self._clients:
            await client.close()
        await asyncio.gather(*(ingest.stop() for ingest in self._ingests))
        await self.scheduler.stop()


@asynccontextmanager
async def rig(
    checkpoint: Path, script: dict[int, tuple[int, ...]] | None = None, **overrides: object
) -> AsyncIterator[Rig]:
    scheduler = await FakeScheduler(script).start()
    made = Rig(scheduler, OneScheduler(scheduler.address), checkpoint)
    try:
        await made.ingest(**overrides)
        yield made
    finally:
        await made.stop()
