"""`python -m evals.build timespeak`: makes an evaluation set from its seed and says whether it is the one committed.

    python -m evals.build timespeak cuespeak dialogue          # build/evals/NAME/test
    python -m evals.build dialogue --split dev --items 40
    python -m evals.build timespeak --freeze                   # writes its hashes into evals/hashes.json

Needs `make eval-tools`.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evals import hashes
from evals.engines.voices import Split
from evals.items import Item

HOME = Path("build/evals")
SEED = 20261127
AUDIO = ("timespeak", "cuespeak", "dialogue")


def builder(name: str) -> Callable[..., list[Item]]:
    """`build(folder, split, seed, items)` of a set. Raises ModuleNotFoundError for an unknown one."""
    module: Any = importlib.import_module(f"evals.{name}.build")
    build: Callable[..., list[Item]] = module.build
    return build


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m evals.build", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+")
    parser.add_argument("--split", type=Split, default=Split.TEST, choices=list(Split))
    parser.add_argument("--items", type=int, help="about so many instead of all, for a quick look")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=HOME)
    parser.add_argument("--freeze", action="store_true", help="commit to this test set")
    args = parser.parse_args()
    if args.freeze and (args.items or args.split is not Split.TEST or args.seed != SEED):
        parser.error("--freeze: only a whole test set of the committed seed can be frozen")
    for name in args.names:
        folder = args.out / name / str(args.split)
        items = builder(name)(folder, args.split, args.seed, args.items)
        seconds = sum(item.duration_s for item in items)
        negatives = sum(not item.expect for item in items) / len(items)
        print(f"{name}: {len(items)} items, {seconds / 60:.0f} min, {negatives:.0%} ask for nothing, in {folder}")
        if args.freeze:
            hashes.freeze(name, folder, args.seed)
        if args.split is Split.TEST and args.items is None and args.seed == SEED:
            print(f"{name}: {hashes.compare(name, folder)}")


if __name__ == "__main__":
    main()
