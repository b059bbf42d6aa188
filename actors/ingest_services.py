"""What every session of an ingest shares."""

from __future__ import annotations

import json
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from actors.ingest_voice import VoiceThread
from cluster.clock import Clock
from cluster.config import Limits
from cluster.errors import ConfigError
from cluster.media.spec import MediaSpec
from cluster.media.text import Vocabulary
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    clock: Clock
    limits: Limits
    spec: MediaSpec
    vocabulary: Vocabulary
    voice: VoiceThread | None  # None: text only; a session that wants sound is rejected
    pictures: Executor  # decodes them, for every stream one at a time
    hearing: Executor  # one thread, encodes what microphones hear
    metrics: Metrics
    traces: Traces | None = None  # None: micro-turns are not traced


def read_checkpoint(checkpoint: Path) -> tuple[MediaSpec, Vocabulary]:
    """What ingest needs of a checkpoint. Raises ConfigError."""
    try:
        config = json.loads((checkpoint / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise ConfigError("engine.checkpoint", f"{checkpoint}/config.json cannot be read: {error}") from error
    return MediaSpec.from_config(config), Vocabulary(checkpoint / "tokenizer.json")
