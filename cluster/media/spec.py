"""What ingest must know before a session's media can be cut: the checkpoint's limits and the tracks a client opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from cluster.errors import InvalidInput
from cluster.media.dmel import DMelConfig
from cluster.types import MICRO_TURN_MS

MAX_CHUNK_BYTES = 256 * 1024
MAX_CHUNK_MS = 2_000
MAX_FRAME_BYTES = 1024 * 1024
MAX_FRAME_SIDE = 4_096  # pixels
MAX_TEXT_CHARS = 4_096
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
OPUS_DECODED_HZ = 48_000  # whatever the encoder was given, Opus decodes to this
PCM_RATE_MIN, PCM_RATE_MAX = 8_000, 48_000


class Track(StrEnum):
    AUDIO = "audio"
    VIDEO = "video"
    TEXT = "text"


class Codec(StrEnum):
    PCM_S16LE = "pcm_s16le"
    OPUS = "opus"
    JPEG = "jpeg"
    PNG = "png"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFormat:
    """A client's audio track. `rate` counts its media time; `timeline_hz` counts the samples after decoding."""

    codec: Codec
    rate: int
    channels: int = 1

    @property
    def timeline_hz(self) -> int:
        return OPUS_DECODED_HZ if self.codec is Codec.OPUS else self.rate

    @property
    def scale(self) -> int:
        """Decoded samples per unit of media time."""
        return self.timeline_hz // self.rate

    @property
    def turn_samples(self) -> int:
        """Decoded samples of one micro-turn, before drift."""
        return self.timeline_hz * MICRO_TURN_MS // 1000

    @property
    def turn_rate_samples(self) -> int:
        """Media time of one micro-turn."""
        return self.rate * MICRO_TURN_MS // 1000

    def check(self, path: str) -> None:
        """Raises InvalidInput naming the field below `path`."""
        if self.codec is Codec.OPUS and self.rate not in OPUS_RATES:
            raise InvalidInput(f"{path}.sample_rate_hz", f"Opus runs at one of {OPUS_RATES}, got {self.rate}")
        if not PCM_RATE_MIN <= self.rate <= PCM_RATE_MAX or self.rate % 5:
            raise InvalidInput(
                f"{path}.sample_rate_hz",
                f"must be {PCM_RATE_MIN}..{PCM_RATE_MAX} and a multiple of 5, so that a micro-turn has whole samples; "
                f"got {self.rate}",
            )
        if self.channels not in (1, 2):
            raise InvalidInput(f"{path}.channels", f"must be 1 or 2, got {self.channels}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSpec:
    """The part of a checkpoint's config.json that ingest obeys. `vision_patch` 0: the checkpoint takes no video."""

    dmel: DMelConfig
    context_frames: int
    vision_patch: int  # pixels of a patch's side
    vision_grid: int  # patches of a frame's side
    video_in_max: int  # patches of one micro-turn
    text_in_max: int  # tokens of one micro-turn
    prefix_max: int  # tokens of the instructions

    @classmethod
    def from_config(cls, config: Mapping[str, Mapping[str, int] | None]) -> MediaSpec:
        """`config`: the decoded config.json (contract in cluster/DESIGN.md)."""
        audio, vision = config.get("audio") or {}, config.get("vision") or {}
        turn, window = config.get("micro_turn") or {}, config.get("window") or {}
        return cls(
            dmel=DMelConfig(**_known(audio, (field.name for field in fields(DMelConfig)))),
            context_frames=audio.get("context_frames", 5),
            vision_patch=vision.get("patch", 0),
            vision_grid=vision.get("grid", 0),
            video_in_max=turn.get("video_in_max", 0) if vision else 0,
            text_in_max=turn.get("text_in_max", 4),
            prefix_max=window.get("prefix_max", 64),
        )

    @property
    def turn_frames(self) -> int:
        """Frames of features in one micro-turn, without the repeated ones."""
        return self.dmel.sample_rate * MICRO_TURN_MS // 1000 // self.dmel.hop

    @property
    def frame_patches(self) -> int:
        return self.vision_grid * self.vision_grid


def _known(values: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    return {name: values[name] for name in names if name in values}
