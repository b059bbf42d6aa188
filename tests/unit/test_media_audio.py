"""A microphone track end to end: payloads of any codec, rate and split become the same micro-turns."""

from __future__ import annotations

import av
import numpy as np
import pytest

from cluster.errors import MediaError
from cluster.media.audio_track import AudioTrack, TurnAudio
from cluster.media.codecs import OpusDecoder, PcmDecoder
from cluster.media.dmel import DMelConfig, dmel, from_s16
from cluster.media.encode import OpusEncoder, PcmEncoder
from cluster.media.resample import TurnResampler
from cluster.media.spec import AudioFormat, Codec, MediaSpec
from cluster.media.timeline import MediaOutcome

SPEC = MediaSpec.from_config({})
PCM16 = AudioFormat(codec=Codec.PCM_S16LE, rate=16_000)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(0, 0.05, samples) * 32768).astype("<i2")


def tone(rate: int, seconds: float, hz: float = 440.0) -> np.ndarray:
    return (0.3 * 32767 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype("<i2")


def audio_track(track: AudioFormat = PCM16, start: int = 0) -> AudioTrack:
    return AudioTrack(track, SPEC, start=start, window_ms=30, horizon_ms=2200)


def turns_of(track: AudioTrack, pcm: np.ndarray, chunk: int, *, start: int = 0) -> list[TurnAudio]:
    turns = []
    for at in range(0, len(pcm), chunk):
        assert track.take(start + at, pcm[at : at + chunk].tobytes(), None).outcome is None
        track.fill()
        while (turn := track.cut()) is not None:
            turns.append(turn)
    return turns


def test_micro_turns_at_16_khz_are_the_features_of_the_clip_bit_for_bit() -> None:
    pcm = noise(3200 * 5)
    turns = turns_of(audio_track(), pcm, 640)
    whole = dmel(from_s16(pcm.tobytes()), DMelConfig())
    codes = np.stack([np.frombuffer(turn.codes, np.uint8).reshape(15, 40) for turn in turns])
    assert (codes[:, 5:].reshape(-1, 40) == whole).all()
    assert (codes[0, :5] == 0).all()
    assert (codes[1:, :5] == codes[:-1, 10:]).all()
    assert [turn.position for turn in turns] == [3200 * k for k in range(1, 6)]


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 24_000, 44_100, 48_000])
def test_splits_of_20_40_and_200_ms_give_identical_codes(rate: int) -> None:
    track = AudioFormat(codec=Codec.PCM_S16LE, rate=rate)
    pcm = noise(rate)
    by_split = [turns_of(audio_track(track), pcm, rate * ms // 1000) for ms in (20, 40, 200)]
    assert len(by_split[0]) == 5
    assert [turn.codes for turn in by_split[0]] == [turn.codes for turn in by_split[1]]
    assert [turn.codes for turn in by_split[0]] == [turn.codes for turn in by_split[2]]


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_a_micro_turn_of_any_rate_is_complete_with_its_own_samples(rate: int) -> None:
    resampler = TurnResampler(rate, 16_000)
    nominal = rate // 5
    sound = tone(rate, 2.0).astype(np.float32) / 32768
    made = [resampler.push(sound[at : at + nominal]) for at in range(0, len(sound), nominal)]
    assert {len(turn) for turn in made} == {3200}
    spectrum = np.abs(np.fft.rfft(np.concatenate(made)[3200:19200]))
    assert spectrum.argmax() == 440


def test_two_channels_are_averaged() -> None:
    stereo = AudioFormat(codec=Codec.PCM_S16LE, rate=16_000, channels=2)
    both = np.stack([noise(100), np.zeros(100, "<i2")], axis=1)
    decoded = PcmDecoder(stereo).decode(both.tobytes())
    np.testing.assert_allclose(decoded, from_s16(both[:, 0].tobytes()) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "empty"), (b"\0" * 3, "whole samples"), (b"\0" * 262_146, "exceed"), (b"\0" * 64_002, "2000 ms")],
)
def test_pcm_that_cannot_be_is_refused_by_field(data: bytes, says: str) -> None:
    with pytest.raises(MediaError, match=r"audio\.data.*" + says):
        PcmDecoder(PCM16).samples(data)


def opus_packets(pcm: np.ndarray, rate: int) -> list[bytes]:
    encoder = OpusEncoder(rate, rate)
    blocks = [encoder.encode(pcm[at : at + rate // 5]) for at in range(0, len(pcm), rate // 5)]
    packets = []
    for block in blocks:
        while block:
            size = int.from_bytes(block[:2], "big")
            packets.append(block[2 : 2 + size])
            block = block[2 + size :]
    return packets


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
def test_opus_of_any_rate_becomes_the_tone_it_was(rate: int) -> None:
    track = audio_track(AudioFormat(codec=Codec.OPUS, rate=rate))
    packets = opus_packets(tone(rate, 1.0), rate)
    assert len(packets) == 50
    turns = []
    for index, packet in enumerate(packets):
        assert track.take(index * rate // 50, packet, None).outcome is None
        if (turn := track.cut()) is not None:
            turns.append(turn)
    assert [turn.position for turn in turns] == [rate * k // 5 for k in range(1, 6)]
    assert max(turns[3].codes) > 8


def test_a_corrupt_opus_packet_is_lost_alone() -> None:
    track = audio_track(AudioFormat(codec=Codec.OPUS, rate=16_000))
    packets = opus_packets(tone(16_000, 0.4), 16_000)
    packets[3] = packets[3][:1] + b""
    packets[5] = b"\xff\xff\xff"
    outcomes = []
    for index, packet in enumerate(packets):
        try:
            outcomes.append(track.take(index * 320, packet, None).outcome)
        except MediaError:
            outcomes.append(MediaOutcome.UNDECODABLE)
        track.fill()
    assert outcomes[5] is MediaOutcome.UNDECODABLE
    assert outcomes[6:] == [None] * len(outcomes[6:])
    assert track.cut() is not None


@pytest.mark.parametrize("packet", [b"\xff", b"\xfb\x3f" + bytes(10), b"\xff\x00"])
def test_an_opus_packet_that_claims_an_impossible_length_is_refused(packet: bytes) -> None:
    with pytest.raises(MediaError, match="claims"):
        OpusDecoder().samples(packet)


def test_a_gap_of_a_whole_micro_turn_is_flagged() -> None:
    track = audio_track()
    track.take(3200 * 2, noise(3200).tobytes(), None)
    assert track.fill() == [0]
    turns = [track.cut() for _ in range(3)]
    assert [turn.gap for turn in turns if turn] == [True, True, False]


def test_a_resumed_track_begins_where_the_session_stands() -> None:
    track = audio_track(start=16_000)
    assert track.take(16_000 - 320, noise(320).tobytes(), None).outcome is MediaOutcome.DUPLICATE
    turns = turns_of(track, noise(3200), 320, start=16_000)
    assert [turn.position for turn in turns] == [19_200]


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_the_voice_leaves_at_the_clients_rate_and_sounds_the_same(rate: int) -> None:
    encoder = PcmEncoder(24_000, rate)
    voice = tone(24_000, 1.0)
    blocks = [encoder.encode(voice[at : at + 4800]) for at in range(0, 24_000, 4800)]
    assert {len(block) for block in blocks} == {rate // 5 * 2}
    heard = from_s16(b"".join(blocks))
    assert np.abs(np.fft.rfft(heard)).argmax() == 440


def test_opus_output_is_decodable_packets_of_20_ms() -> None:
    packets = opus_packets(tone(24_000, 0.4), 24_000)
    decoder = av.CodecContext.create("libopus", "r")
    assert [OpusDecoder().samples(packet) for packet in packets] == [960] * 20
    assert all(decoder.decode(av.Packet(packet)) for packet in packets)
