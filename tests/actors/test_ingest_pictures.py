"""Pictures of one stream hold one thread at most, and only the newest waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors import ingest_pictures
from actors.ingest_pictures import Pictures
from cluster.errors import MediaError
from cluster.media.messages import VideoFrame
from cluster.media.spec import Codec, MediaSpec

SPEC = MediaSpec.from_config(
    {
        "vision": {"patch": 40, "grid": 2},
        "micro_turn": {"video_in_max": 4, "text_in_max": 4},
        "window": {"prefix_max": 8},
    }
)
Given = tuple[int, bytes | MediaError | None]


class Stream:
    def __init__(self, executor: ThreadPoolExecutor, *, lockstep: bool) -> None:
        self.given: list[Given] = []
        self.failures: list[Exception] = []
        self.changed = asyncio.Event()
        self.pictures = Pictures(executor, Codec.JPEG, SPEC, self._give, self._failed, lockstep=lockstep)

    def put(self, *seqs: int) -> None:
        for seq in seqs:
            self.pictures.put(VideoFrame(seq=seq, media_time_ms=0, data=b"%d" % seq))

    async def until(self, count: int) -> None:
        while len(self.given) + len(self.failures) < count:
            self.changed.clear()
            await self.changed.wait()

    def _give(self, picture: VideoFrame, patches: bytes | MediaError | None) -> None:
        self.given.append((picture.seq, patches))
        self.changed.set()

    def _failed(self, error: Exception) -> None:
        self.failures.append(error)
        self.changed.set()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """No picture is decoded before it is set; two at once are an error."""
    opened, one = threading.Event(), threading.Lock()

    def decode(data: bytes, codec: Codec, spec: MediaSpec) -> bytes:
        assert one.acquire(blocking=False)
        opened.wait()
        one.release()
        if data == b"13":
            raise ValueError("unlucky")
        return data

    monkeypatch.setattr(ingest_pictures, "decode_frame", decode)
    return opened


async def test_one_is_decoded_one_waits_and_older_ones_are_dropped(
    executor: ThreadPoolExecutor, gate: threading.Event
) -> None:
    stream = Stream(executor, lockstep=False)
    stream.put(2, 3, 4, 5)
    assert stream.given == [(3, None), (4, None)]
    gate.set()
    await stream.until(4)
    assert stream.given[2:] == [(2, b"2"), (5, b"5")]


async def test_in_lockstep_none_is_dropped_and_their_order_stays(
    executor: ThreadPoolExecutor, gate: threading.Event
) -> None:
    stream = Stream(executor, lockstep=True)
    stream.put(2, 3, 4)
    gate.set()
    await stream.until(3)
    assert stream.given == [(2, b"2"), (3, b"3"), (4, b"4")]


async def test_a_fault_of_the_decoder_is_told(executor: ThreadPoolExecutor, gate: threading.Event) -> None:
    gate.set()
    stream = Stream(executor, lockstep=True)
    stream.put(13)
    await stream.until(1)
    assert [str(error) for error in stream.failures] == ["unlucky"]
