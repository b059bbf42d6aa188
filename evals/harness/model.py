"""A checkpoint ready to be stepped in this process, with what ingest knows of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from actors.engine import choose_dtype
from actors.scheduler_limits import limits_of
from cluster.engine import Engine, compute_alone
from cluster.media.spec import MediaSpec
from cluster.media.text import Vocabulary
from cluster.session.limits import CheckpointLimits
from cluster.types import Dtype
from cluster.voice.voice import Voice

WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    checkpoint: Path
    engine: Engine
    sessions: int
    limits: CheckpointLimits
    spec: MediaSpec
    vocabulary: Vocabulary
    voice: Voice

    @property
    def picture_side(self) -> int:
        """Pixels; 0: it takes no pictures."""
        return self.spec.vision_grid * self.spec.vision_patch if self.spec.video_in_max else 0

    @property
    def sha256(self) -> str:
        return self.engine.versions.weights_sha256

    @property
    def dtype(self) -> str:
        return self.engine.versions.dtype


def dtype_of(checkpoint: Path, configured: str) -> Dtype:
    """auto: what this machine is faster with, measured as a cluster does before it loads weights."""
    return Dtype(choose_dtype(checkpoint, deterministic=False)[0] if configured == "auto" else configured)


def load_model(checkpoint: Path, voice: Path, *, sessions: int, deterministic: bool, dtype: Dtype = Dtype.F32) -> Model:
    """Experts in this process: what it says depends on nothing but input, weights and their dtype.

    Raises ConfigError for a checkpoint or voice that cannot be read or do not fit each other.
    """
    compute_alone()
    engine = Engine(checkpoint, num_slots=2 * sessions, dtype=dtype, deterministic=deterministic)
    vocabulary, units = Vocabulary(checkpoint / "tokenizer.json"), Voice(voice)
    units.require(vocabulary.spoken())
    return Model(
        checkpoint=checkpoint,
        engine=engine,
        sessions=sessions,
        limits=limits_of(engine.config, checkpoint),
        spec=MediaSpec.from_config(json.loads((checkpoint / "config.json").read_text())),
        vocabulary=vocabulary,
        voice=units,
    )


def write_zeroed(checkpoint: Path, folder: Path) -> Path:
    """The same checkpoint with every weight set to zero, in `folder`."""
    shutil.copytree(checkpoint, folder, ignore=lambda _, names: [n for n in names if n.endswith(".safetensors")])
    weights = load_file(checkpoint / WEIGHTS)
    save_file({name: np.zeros_like(value) for name, value in weights.items()}, folder / WEIGHTS)
    return folder
