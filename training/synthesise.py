"""`python -m training.synthesise`: makes the espeak-ng shards, in order, until all exist; `--sights` those of requests
about the camera.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.clips import synthesise_shard, synthesise_sights

SHARDS = Path("build/clips/espeak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=24)
    parser.add_argument("--clips", type=int, default=2000, help="clips in a shard")
    parser.add_argument("--out", type=Path, default=SHARDS)
    parser.add_argument("--sights", action="store_true")
    args = parser.parse_args()
    if args.sights:
        synthesise_sights(args.out, args.shards, args.clips)
        return
    for index in range(args.shards):
        synthesise_shard(args.out / f"{index:03d}", seed=1000 + index, count=args.clips)


if __name__ == "__main__":
    main()
