"""`python -m training.run`: everything from nothing: voices, training, checkpoint, probe. Hours on two cores.

Each step goes on where an earlier run ended. Clips of the neural voice need the packages that `training.kokoro`
fetches; without `--kokoro` the recipe runs on espeak-ng alone and the probe has only its voices.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path

import torch

from training import kokoro_clips, manifest, probe
from training.clips import synthesise_shard
from training.curve import write_curve
from training.export import CHECKPOINT, export
from training.train import CLIPS, CONFIG, RUNS, STAGES, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--kokoro", type=int, default=0, metavar="N", help="also make N clips of the neural voice")
    parser.add_argument("--out", type=Path, default=CHECKPOINT)
    args = parser.parse_args()
    config = tomllib.loads(args.config.read_text())
    data = config["data"]
    for index in range(data["espeak_shards"] + data["timed_shards"]):
        timed = index >= data["espeak_shards"]
        synthesise_shard(CLIPS / "espeak" / f"{index:03d}", 1000 + index, data["clips_per_shard"], timed)
    if args.kokoro:
        kokoro_clips.build(CLIPS / "kokoro", args.kokoro, seed=1, held_out=False)
        kokoro_clips.build(CLIPS / "kokoro_heldout", args.kokoro // 8, seed=1, held_out=True)
    manifest.MANIFEST.write_text(json.dumps(manifest.manifest(CLIPS), indent=1) + "\n")
    for stage in STAGES:
        trainer = train(config, stage, CLIPS, RUNS)
    export(trainer.model, args.out, config["export"]["sil_bias"])
    write_curve([RUNS / stage / "log.jsonl" for stage in STAGES], args.out / "curve.jsonl")
    torch.set_num_threads(1)
    result = probe.probe(args.out, probe.SEED, development=False, counts=probe.COUNTS, sil_bias=None)
    (args.out / "probe.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
