"""Everything a client can get wrong, by name: the same tables against an ingest alone and against a whole cluster."""

from __future__ import annotations

import math

from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import configure, jpeg, png

PCM = v1.AUDIO_CODEC_PCM_S16LE
SEVEN_DAYS_MS = 7 * 24 * 3_600_000
NEGATIVE = 2**64 - 1  # what -1 becomes where a client does not look

# First messages that are neither a good configure nor a resume: the field that is named.
FIRST: dict[str, dict[str, object]] = {
    "audio": {"audio": v1.AudioChunk(media_time=0, data=b"\0\0")},
    "text": {"text": v1.TextChunk(text="water")},
    "close": {"close": v1.Close()},
    "message": {},
    "seq": {"seq": 7, "configure": configure()},
}

# Configures that are rejected: fields of the configure, and the field that is named.
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "no codec": ({"audio_in": v1.AudioInput(sample_rate_hz=16_000)}, "configure.audio_in.codec"),
    "a rate of 1 Hz": ({"audio_in": v1.AudioInput(codec=PCM, sample_rate_hz=1)}, "configure.audio_in.sample_rate_hz"),
    "six channels": (
        {"audio_in": v1.AudioInput(codec=PCM, sample_rate_hz=16_000, channels=6)},
        "configure.audio_in.channels",
    ),
    "opus at 44.1 kHz": (
        {"audio_out": v1.AudioOutput(codec=v1.AUDIO_CODEC_OPUS, sample_rate_hz=44_100)},
        "configure.audio_out.sample_rate_hz",
    ),
    "lockstep without samples": ({"audio_in": None, "lockstep": True}, "configure.audio_in"),
    "a tenant of other letters": ({"tenant": "No Such Tenant!"}, "configure.tenant"),
    "due too soon": ({"due_ms": 1}, "configure.due_ms"),
    "a temperature that is no number": (
        {"sampling": v1.Sampling(temperature=math.nan)},
        "configure.sampling.temperature",
    ),
    "an infinite temperature": ({"sampling": v1.Sampling(temperature=math.inf)}, "configure.sampling.temperature"),
    "a negative temperature": ({"sampling": v1.Sampling(temperature=-0.5)}, "configure.sampling.temperature"),
    "a label too long": ({"labels": {"x": "y" * 65}}, "configure.labels"),
    "instructions too long": ({"instructions": "water " * 600}, "configure.instructions"),
    "instructions with control characters": ({"instructions": "wa\0ter"}, "configure.instructions"),
}

# Enum values of a younger release: fields of the configure, and the path that is named.
UNKNOWN: dict[str, tuple[dict[str, object], str]] = {
    "codec": ({"audio_in": v1.AudioInput(codec=99, sample_rate_hz=16_000)}, "configure.audio_in.codec"),
    "tier": ({"tier": 77}, "configure.tier"),
    "video codec": ({"video_in": v1.VideoInput(codec=5)}, "configure.video_in.codec"),
    "history": ({"history": -1}, "configure.history"),
}

# Messages of a running session that are lost alone: the message, and the field that is named.
LOST_ALONE: dict[str, tuple[dict[str, object], str]] = {
    "empty pcm": ({"audio": v1.AudioChunk(media_time=0, data=b"")}, "audio.data"),
    "odd pcm": ({"audio": v1.AudioChunk(media_time=0, data=b"\0\0\0")}, "audio.data"),
    "oversized pcm": ({"audio": v1.AudioChunk(media_time=0, data=b"\0" * 262_146)}, "audio.data"),
    "long pcm": ({"audio": v1.AudioChunk(media_time=0, data=b"\0" * 64_002)}, "audio.data"),
    "absurd time": ({"audio": v1.AudioChunk(media_time=2**63, data=b"\0\0")}, "audio.media_time"),
    "negative time": ({"audio": v1.AudioChunk(media_time=NEGATIVE, data=b"\0\0")}, "audio.media_time"),
    "absurd text time": ({"text": v1.TextChunk(media_time_ms=2**63, text="water")}, "text.media_time_ms"),
    "negative text time": ({"text": v1.TextChunk(media_time_ms=NEGATIVE, text="water")}, "text.media_time_ms"),
    "control characters": ({"text": v1.TextChunk(text="wa\0ter")}, "text.text"),
    "long text": ({"text": v1.TextChunk(text="water " * 1000)}, "text.text"),
    "ten megabytes of text": ({"text": v1.TextChunk(text="water " * 1_700_000)}, "text"),
    "control token": ({"text": v1.TextChunk(text="<keep>")}, "text.text"),
    "no words": ({"text": v1.TextChunk(text=" \n\t")}, "text.text"),
    "no camera": ({"video": v1.VideoFrame(data=jpeg(8, 8))}, "video"),
    "empty control": ({"control": v1.Control(control_id="x")}, "control.action"),
    "nameless control": ({"control": v1.Control(ping=v1.Ping())}, "control.control_id"),
    "never sent": ({"playback": v1.PlaybackReport(played_samples=10**9)}, "playback.played_samples"),
    "dropped of no track": ({"dropped": v1.Dropped(to_media_time=1)}, "dropped.track"),
    "dropped of an unknown track": ({"dropped": v1.Dropped(track=9, to_media_time=1)}, "dropped.track"),
    "dropped backwards": (
        {"dropped": v1.Dropped(track=v1.TRACK_AUDIO, from_media_time=9, to_media_time=8)},
        "dropped.to_media_time",
    ),
    "nothing dropped": ({"dropped": v1.Dropped(track=v1.TRACK_AUDIO)}, "dropped.to_media_time"),
    "absurdly much dropped": (
        {"dropped": v1.Dropped(track=v1.TRACK_AUDIO, to_media_time=NEGATIVE)},
        "dropped.to_media_time",
    ),
    "no message": ({}, "message"),
}

# Times of a picture that cannot be.
PICTURE_TIMES = {"absurd": SEVEN_DAYS_MS + 1, "half of all": 2**63, "negative": NEGATIVE}

# Pictures that are one frame lost: codec and bytes.
PICTURES = {
    "no picture": (v1.VIDEO_CODEC_JPEG, b"\xff\xd8 no picture"),
    "nothing": (v1.VIDEO_CODEC_JPEG, b""),
    "half a jpeg": (v1.VIDEO_CODEC_JPEG, jpeg(64, 64)[:100]),
    "a huge jpeg": (v1.VIDEO_CODEC_JPEG, jpeg(5000, 8)),
    "too many bytes": (v1.VIDEO_CODEC_JPEG, b"x" * 1_048_577),
    "half a png": (v1.VIDEO_CODEC_PNG, png(64, 64)[:60]),
    "a png with a bad checksum": (v1.VIDEO_CODEC_PNG, png(64, 64)[:40] + b"\xff\xff" + png(64, 64)[42:]),
    "a png that says it is huge": (v1.VIDEO_CODEC_PNG, png(8, 8)[:16] + b"\x7f\xff\xff\xff" * 2 + png(8, 8)[24:]),
    "a png sent as jpeg": (v1.VIDEO_CODEC_JPEG, png(8, 8)),
}

# Sessions nobody can come back to: fields of the resume, code and field of the answer.
NOT_RESUMED: dict[str, tuple[dict[str, object], str, str]] = {
    "a wrong token": ({"token": "guess"}, "unauthenticated", "resume.token"),
    "a result before the first": ({"received_k": -2}, "invalid_input", "resume.received_k"),
    "an absurd result": ({"received_k": -(2**63)}, "invalid_input", "resume.received_k"),
    "a session of no form": ({"session_id": "a}b"}, "invalid_input", "resume.session_id"),
    "a session nobody has": ({"session_id": "default.0000000000000404"}, "resync_required", ""),
}
