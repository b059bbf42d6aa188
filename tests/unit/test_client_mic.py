"""Talking with microphone and loudspeaker: when things sound, and that the model does not hear itself."""

from __future__ import annotations

import asyncio
import math
import random
import threading
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from counterpoint.cli import app
from counterpoint.talk import mic
from counterpoint.talk.duplex import BLOCK_MS, Duplex, Player
from counterpoint.talk.mic import RATE, Microphone, WebRtcCanceller
from counterpoint.talk.run import Wanted, converse
from tests.fakes.interaction_server import FakeServer

BLOCK = RATE // 100


class Transparent:
    def played(self, block: bytes) -> None:
        pass

    def captured(self, block: bytes) -> bytes:
        return block


def ones(num_samples: int, value: int = 1) -> bytes:
    return array("h", [value] * num_samples).tobytes()


def numbers(pcm: bytes) -> list[int]:
    return array("h", pcm).tolist()


def test_an_output_sounds_when_it_is_due_across_blocks() -> None:
    player = Player()
    player.add(ones(5), due=3, first_sample=100, now=0)
    assert [numbers(player.take(now, 4)) for now in (0, 4, 8)] == [[0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0]]
    assert player.played_samples == 105


def test_a_late_output_sounds_at_once_and_pushes_what_follows_instead_of_cutting_it() -> None:
    player = Player()
    player.add(ones(4, 1), due=0, first_sample=0, now=6)
    player.add(ones(4, 2), due=4, first_sample=4, now=6)
    assert numbers(player.take(6, 10)) == [1, 1, 1, 1, 2, 2, 2, 2, 0, 0]


def test_nothing_is_reported_as_played_before_it_has_sounded() -> None:
    player = Player()
    player.add(ones(8), due=4, first_sample=0, now=0)
    reported = []
    for now in range(0, 16, 4):
        player.take(now, 4)
        reported.append(player.played_samples)
    assert reported == [0, 4, 8, 8]


def test_what_was_captured_before_media_time_zero_is_not_sent() -> None:
    duplex = Duplex(Transparent(), starts=BLOCK + 40)
    sent = [duplex.exchange(ones(BLOCK))[1] for _ in range(3)]
    assert [len(block) // 2 for block in sent] == [0, BLOCK - 40, BLOCK]
    assert duplex.now == 2 * BLOCK - 40


def test_the_echo_of_the_models_own_voice_is_cancelled_and_the_users_is_not() -> None:
    """Echo: the played sound 30 ms later at a third of its level; the user speaks in the last second only."""

    noise = random.Random(1)

    def voice(i: int) -> int:
        return round(5_000 * noise.uniform(-1, 1) * abs(math.sin(i / 2_500)))

    seconds, delay = 6, RATE * 30 // 1000
    duplex = Duplex(WebRtcCanceller(30), starts=0)
    duplex.player.add(array("h", map(voice, range(seconds * RATE))).tobytes(), due=0, first_sample=0, now=0)
    room = array("h", bytes(2 * delay))
    kept = array("h")
    for block in range(seconds * 100):
        captured = room[block * BLOCK : (block + 1) * BLOCK]
        if block >= (seconds - 1) * 100:
            user = (round(9_000 * math.sin(0.21 * (block * BLOCK + i))) for i in range(BLOCK))
            captured = array("h", [(a + b) // 2 for a, b in zip(captured, user, strict=True)])
        playing, clean = duplex.exchange(captured.tobytes())
        room.extend(sample // 3 for sample in array("h", playing))
        kept.extend(array("h", clean))

    def power(track: array[int], from_s: float, to_s: float) -> float:
        return sum(sample * sample for sample in track[int(from_s * RATE) : int(to_s * RATE)])

    assert power(kept, 3, 5) < 0.05 * power(room, 3, 5)  # speech comes out better: 28 to 33 dB on the demo recordings
    assert power(kept, 5.2, 6) > 0.2 * 0.8 * RATE * 4_500**2 / 2


def test_a_machine_without_sound_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = CliRunner().invoke(app, ["talk", "--mic"])
    assert result.exit_code == 1
    assert "pip install './protos[mic]'" in result.stderr


class Room:
    """Stands for the sound device: a block every 10 ms, and the microphone hears what played 30 ms before."""

    latency = (0.01, 0.02)

    def __init__(self, *, callback: Callable[..., None], blocksize: int, **_: object) -> None:
        self._callback, self._blocksize = callback, blocksize
        self.played: list[bytes] = []
        self.captured: list[bytes] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Room:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(BLOCK_MS / 1000):
            heard = self.played[-3] if len(self.played) >= 3 else bytes(2 * self._blocksize)
            playing = bytearray(2 * self._blocksize)
            self.captured.append(heard)
            self._callback(heard, playing, self._blocksize, None, None)
            self.played.append(bytes(playing))


class Sound:
    """What `sounddevice` is to a Microphone."""

    def __init__(self) -> None:
        self.rooms: list[Room] = []

    def RawStream(self, **how: object) -> Room:  # noqa: N802 - named by the library
        self.rooms.append(Room(**how))  # type: ignore[arg-type]  # as the library is called
        return self.rooms[-1]


class Heard(Transparent):
    """Remembers what a canceller is given."""

    def __init__(self, delay_ms: int) -> None:
        self.delay_ms, self.reference, self.microphone = delay_ms, list[bytes](), list[bytes]()

    def played(self, block: bytes) -> None:
        self.reference.append(block)

    def captured(self, block: bytes) -> bytes:
        self.microphone.append(block)
        return block


async def test_the_canceller_is_given_what_the_loudspeaker_plays_block_by_block_and_playback_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cancellers: list[Heard] = []
    monkeypatch.setattr(mic, "WebRtcCanceller", lambda delay_ms: cancellers.append(Heard(delay_ms)) or cancellers[-1])
    sound = Sound()
    async with FakeServer(dict.fromkeys(range(4, 30), "water")) as server:
        source = Microphone(sound, seconds=1)
        await converse(Wanted(target=server.target), source, Unseen(), tmp_path, asyncio.Event())
        (session,) = server.sessions.values()
    (room,), (canceller,) = sound.rooms, cancellers
    assert canceller.delay_ms == 30  # of the device, there and back
    assert canceller.reference == room.played
    assert canceller.microphone == room.captured
    assert any(any(block) for block in room.played)
    reports = [message.playback.played_samples for message in session.messages if message.HasField("playback")]
    assert reports == sorted(set(reports))
    assert reports
    assert source.sent() in b"".join(room.captured)


class Unseen:
    def begin(self, conversation: object) -> None:
        pass

    def show(self, record: object, conversation: object) -> None:
        pass
