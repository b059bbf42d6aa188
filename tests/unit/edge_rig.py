"""An edge over a small vocabulary, and what the tests of it send and look for."""

from __future__ import annotations

import json
from pathlib import Path

from cluster.media.edge import Edge
from cluster.media.messages import AudioChunk, Grant, Opening, TurnUp
from cluster.media.spec import AudioFormat, Codec, MediaSpec
from cluster.media.text import Vocabulary

MS = 1_000_000
SPEC = MediaSpec.from_config(
    {
        "vision": {"patch": 40, "grid": 2},
        "micro_turn": {"video_in_max": 4, "text_in_max": 4},
        "window": {"prefix_max": 8},
    }
)
PCM = AudioFormat(codec=Codec.PCM_S16LE, rate=16_000)


def write_vocabulary(folder: Path) -> Vocabulary:
    words = ["<sil>", "<keep>", "<unk>", "remind", "me", "to", "drink", "water", "every", "two", "seconds"]
    model = {"type": "WordLevel", "vocab": {word: at for at, word in enumerate(words)}, "unk_token": "<unk>"}
    whole = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"}, "model": model}
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(whole))
    return Vocabulary(file)


def edge(vocabulary: Vocabulary, *, lockstep: bool = False, audio: bool = True, next_k: int = 0, seq: int = 1) -> Edge:
    opening = Opening(
        tenant="default",
        audio_in=PCM if audio else None,
        video_in=Codec.JPEG,
        audio_out=AudioFormat(codec=Codec.PCM_S16LE, rate=24_000),
        instructions="",
        lockstep=lockstep,
    )
    grant = Grant(
        next_k=next_k,
        position=3200 * next_k,
        accepted_through=seq,
        media_epoch_ns=0,
        jitter_ms=30,
        credit_ms=2000,
        credit_bytes=1 << 20,
    )
    return Edge(opening, grant, SPEC, vocabulary)


def audio(seq: int, k: int, *, parts: int = 1, part: int = 0) -> AudioChunk:
    samples = 3200 // parts
    return AudioChunk(seq=seq, media_time=3200 * k + part * samples, data=b"\1\0" * samples)


def turns(out: list) -> list[TurnUp]:
    return [each for each in out if isinstance(each, TurnUp)]
