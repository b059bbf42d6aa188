"""Sound as this command handles it: PCM s16le, read from and written to wav files by the standard library alone."""

from __future__ import annotations

import sys
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

MIN_RATE, MAX_RATE = 8_000, 48_000


class UnreadableSound(Exception):
    """`path` cannot be sent; the message says why and what to do, by default how to convert it."""

    def __init__(self, path: Path, why: str, todo: str = "") -> None:
        todo = todo or f"convert it with: ffmpeg -i {path.name} -ar 16000 -ac 1 -c:a pcm_s16le out.wav"
        super().__init__(f"{path}: {why}; {todo}")
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """pcm: s16le, interleaved."""

    pcm: bytes
    sample_rate_hz: int
    channels: int = 1

    @property
    def seconds(self) -> float:
        return len(self.pcm) / (2 * self.channels * self.sample_rate_hz)

    def lasting(self, seconds: float) -> Sound:
        """Cut, or followed by silence, to exactly this long."""
        size = round(seconds * self.sample_rate_hz) * 2 * self.channels
        return Sound(pcm=self.pcm[:size].ljust(size, b"\0"), sample_rate_hz=self.sample_rate_hz, channels=self.channels)

    def mono(self) -> bytes:
        """One channel, s16le: two are mixed down as the server does it."""
        if self.channels == 1:
            return self.pcm
        both = samples(self.pcm)
        return array("h", [(left + right) >> 1 for left, right in zip(both[::2], both[1::2], strict=True)]).tobytes()


def read_wav(path: Path) -> Sound:
    """Any PCM wav of 8, 16, 24 or 32 bits with one or two channels. Raises UnreadableSound."""
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            data = file.readframes(file.getnframes())
    except FileNotFoundError:
        raise UnreadableSound(path, "no such file", "give the path of a wav file") from None
    except OSError as error:
        raise UnreadableSound(path, str(error.strerror), "give a file that can be read") from error
    except (wave.Error, EOFError) as error:
        raise UnreadableSound(path, f"not a PCM wav file ({error})") from error
    if channels > 2:
        raise UnreadableSound(path, f"{channels} channels, at most 2 can be sent")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise UnreadableSound(path, f"{rate} Hz, only {MIN_RATE} to {MAX_RATE} can be sent")
    return Sound(pcm=to_s16(data, width), sample_rate_hz=rate, channels=channels)


def to_s16(data: bytes, width: int) -> bytes:
    """The two most significant bytes of each sample; 8-bit wav is unsigned."""
    if width == 2:
        return data
    out = bytearray(len(data) // width * 2)
    if width == 1:
        out[1::2] = bytes(byte ^ 0x80 for byte in data)
    else:
        out[0::2], out[1::2] = data[width - 2 :: width], data[width - 1 :: width]
    return bytes(out)


def write_stereo(path: Path, left: bytes, right: bytes, sample_rate_hz: int) -> None:
    """left, right: mono s16le; the shorter one is followed by silence."""
    size = max(len(left), len(right))
    both = array("h", bytes(2 * size))
    both[0::2], both[1::2] = samples(left.ljust(size, b"\0")), samples(right.ljust(size, b"\0"))
    if sys.byteorder == "big":
        both.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes(both.tobytes())


def samples(pcm: bytes) -> array[int]:
    found = array("h", pcm)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def peak(pcm: bytes) -> float:
    """The largest sample, 0 to 1."""
    found = samples(pcm)
    return max(max(found), -min(found)) / 32768 if found else 0.0
