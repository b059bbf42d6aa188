"""`counterpoint talk`: what it reads, what it leaves behind, what it says when it cannot."""

from __future__ import annotations

import asyncio
import json
import struct
import wave
from array import array
from pathlib import Path

import pytest
from typer.testing import CliRunner

from counterpoint.cli import app
from counterpoint.client import Failed, Said
from counterpoint.commands import KNOWN
from counterpoint.talk.command import choose_source
from counterpoint.talk.run import Wanted, converse
from counterpoint.talk.source import Recording
from counterpoint.talk.terminal import miss_line, other_line
from counterpoint.talk.transcript import Transcript
from counterpoint.talk.wav import Sound, UnreadableSound, peak, read_wav
from tests.fakes.interaction_server import FakeServer

RATE = 16_000


class Silent:
    def begin(self, conversation: object) -> None:
        pass

    def show(self, record: object, conversation: object) -> None:
        pass


def write(path: Path, data: bytes, *, width: int = 2, channels: int = 1, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", "not compressed"))
        file.writeframes(data)
    return path


async def test_a_conversation_leaves_a_summary_a_stereo_recording_and_a_log(tmp_path: Path) -> None:
    tone = array("h", [8_000, -8_000] * (RATE // 4)).tobytes()
    source = Recording(Sound(pcm=tone, sample_rate_hz=RATE))
    async with FakeServer({4: "drink", 5: "water"}) as server:
        wanted = Wanted(target=server.target, lockstep=True, text="hello")
        summary = await converse(wanted, source, Silent(), tmp_path, asyncio.Event())
        assert server.sessions["s0"].messages[0].text.text == "hello"
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    assert summary["micro_turns"] == 30
    assert summary["on_time_rate"] == 1
    assert summary["said"] == [{"t_s": 0.19, "text": "drink water"}]
    assert summary["audio_out_s"] == pytest.approx(0.04)
    assert summary["actors"] is None
    assert "processes" in summary["unknown"]["actors"]
    lines = [json.loads(line) for line in (tmp_path / "session.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["session", *["turn"] * 30, "closed"]
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        both = array("h", file.readframes(file.getnframes()))
    assert both[0::2][: RATE // 2].tobytes() == tone
    sounding = [index for index, sample in enumerate(both[1::2]) if sample]
    assert (sounding[0], sounding[-1] + 1) == (190 * RATE // 1000, 230 * RATE // 1000)


@pytest.mark.parametrize(
    ("width", "data"),
    [
        (1, bytes([0x80, 0xFF, 0x00])),
        (2, struct.pack("<3h", 0, 0x7F00, -0x8000)),
        (3, b"\x11\0\0" + b"\x11\x00\x7f" + b"\0\0\x80"),
        (4, struct.pack("<3i", 0x1234, 0x7F00_0000, -0x8000_0000)),
    ],
)
def test_wav_of_every_width_becomes_sixteen_bits(tmp_path: Path, width: int, data: bytes) -> None:
    assert array("h", read_wav(write(tmp_path / "a.wav", data, width=width)).pcm).tolist() == [0, 0x7F00, -0x8000]


def test_two_channels_are_mixed_down_and_the_end_is_filled_to_a_whole_micro_turn() -> None:
    sound = Sound(pcm=struct.pack("<4h", 100, 300, -100, -300), sample_rate_hz=RATE, channels=2)
    assert array("h", sound.mono()).tolist() == [200, -200]
    assert Recording(sound).seconds == 0.2
    assert Recording(sound, seconds=1.3).seconds == 1.4


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_bytes(b"ID3 not a wav"), "not a PCM wav file"),
        (lambda path: write(path, bytes(60), channels=3), "3 channels, at most 2"),
        (lambda path: write(path, bytes(60), rate=96_000), "96000 Hz, only 8000 to 48000"),
    ],
)
def test_a_file_that_cannot_be_sent_says_why_and_how_to_convert_it(tmp_path: Path, make: object, why: str) -> None:
    assert callable(make)
    make(tmp_path / "a.wav")
    with pytest.raises(UnreadableSound, match=why) as error:
        read_wav(tmp_path / "a.wav")
    assert "ffmpeg -i a.wav" in str(error.value)


def test_what_is_no_file_is_not_to_be_converted(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "a.wav", "no such file"), (tmp_path, "Is a directory")):
        with pytest.raises(UnreadableSound, match=rf"{why}; give .* file") as error:
            read_wav(path)
        assert "ffmpeg" not in str(error.value)


def test_peaks_are_between_nothing_and_one() -> None:
    assert peak(b"") == 0
    assert peak(struct.pack("<2h", 3, -0x8000)) == 1


def test_words_that_follow_closely_are_one_phrase_and_a_silence_begins_another() -> None:
    transcript = Transcript()
    for text, at in (("drink", 1_000), (" water", 1_400), ("drink", 3_000)):
        transcript.say(Said(text=text, media_ms=at))
    transcript.end()
    transcript.say(Said(text="water", media_ms=3_300))
    assert [(phrase.text, phrase.starts_ms) for phrase in transcript.phrases] == [
        ("drink water", 1_000),
        ("drink", 3_000),
        ("water", 3_300),
    ]


def test_text_alone_is_listened_to_over_silence() -> None:
    source = choose_source(None, mic=False, text="hello", max_seconds=2)
    assert isinstance(source, Recording)
    assert source.seconds == 2


def test_no_cluster_at_the_target_is_one_clear_line(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", bytes(6_400))
    result = CliRunner().invoke(app, ["talk", str(file), "--target", "127.0.0.1:1", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert result.stderr.startswith("counterpoint talk: 127.0.0.1:1: ")
    assert "is a cluster serving there?" in result.stderr


def test_nothing_to_send_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["talk"])
    assert result.exit_code == 2
    assert "give a wav file, --mic or --text" in result.stderr


def test_the_help_lists_every_command_and_imports_none_of_them() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for name in ("talk", *KNOWN):
        assert f" {name} " in result.stdout


def test_misses_in_a_row_are_told_in_one_line() -> None:
    def record(out_s: float, timing: str, lateness_ms: float, *degradations: str) -> dict[str, object]:
        dropped = [{"what": what, "cause": "experts"} for what in degradations]
        return {"out_s": out_s, "timing": timing, "lateness_ms": lateness_ms, "degradations": dropped}

    run = [record(4.39, "late", 40), record(4.59, "coalesced", 160, "expert_dropped")]
    assert miss_line(run).plain == "   4.39 s  missed 2: 1 late, 1 coalesced, worst +160 ms (expert dropped)"


def test_words_the_model_does_not_know_are_told_while_one_talks() -> None:
    message = "text.text: 1 of 3 words are not in the vocabulary of this checkpoint"
    line = other_line({"kind": "notice", "code": "unknown_words", "field": "text.text", "message": message})
    assert line is not None
    assert line.plain.strip() == message


def test_what_a_complaint_is_about_is_named_once() -> None:
    message = "text.text: 5000 characters exceed 4096; send it in parts"
    line = other_line({"kind": "error", "code": "invalid_input", "field": "text.text", "message": message})
    assert line is not None
    assert line.plain.strip() == f"invalid_input: {message}"
    assert str(Failed("invalid_input", message, "text.text")) == f"invalid_input: {message}"
    assert str(Failed("invalid_input", "is empty", "text.text")) == "invalid_input: text.text: is empty"


async def test_an_interrupted_conversation_keeps_what_was_sent_until_then(tmp_path: Path) -> None:
    stop = asyncio.Event()

    class Impatient(Silent):
        def show(self, record: dict[str, object], conversation: object) -> None:
            if record.get("k") == 5:
                stop.set()

    source = Recording(Sound(pcm=bytes(RATE * 2 * 30), sample_rate_hz=RATE))
    async with FakeServer() as server:
        summary = await converse(Wanted(target=server.target), source, Impatient(), tmp_path, stop)
    assert 6 * 0.02 <= summary["audio_in_s"] < 10
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert file.getnframes() == len(source.sent()) // 2
