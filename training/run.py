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
from training.train import CLIPS, CONFIG, RUN, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--kokoro", type=int, default=0, metavar="N", help="also make N clips of the neural voice")
    parser.add_argument("--out", type=Path, default=CHECKPOINT)
    args = parser.parse_args()
    config = tomllib.loads(args.config.read_text())
    for index in range(config["data"]["espeak_shards"]):
        synthesise_shard(CLIPS / "espeak" / f"{index:03d}", 1000 + index, config["data"]["clips_per_shard"])
    if args.kokoro:
        kokoro_clips.build(CLIPS / "kokoro", args.kokoro, seed=1, held_out=False)
        kokoro_clips.build(CLIPS / "kokoro_heldout", args.kokoro // 8, seed=1, held_out=True)
    manifest.MANIFEST.write_text(json.dumps(manifest.manifest(CLIPS), indent=1) + "\n")
    trainer = train(config, CLIPS, RUN, config["train"]["minutes"])
    export(trainer.model, args.out, config["export"]["sil_bias"])
    write_curve(RUN / "log.jsonl", args.out / "curve.jsonl")
    torch.set_num_threads(1)
    result = probe.probe(args.out, probe.SEED, development=False, counts=probe.COUNTS, sil_bias=None)
    (args.out / "probe.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
