"""`python -m evals.cascade --split test`: the cascade's answers ahead of an evaluation, which then finds them kept.

It runs no model of ours and scores nothing, so it spends no look. Each answer is kept as it comes; what was interrupted
goes on. Its computing counts as CPU seconds: let nothing else run on the core meanwhile.

Needs `make cascade` and the sets (`python -m evals.build`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from cluster.config import load
from cluster.errors import CounterpointError
from evals.cascade import kept
from evals.harness.names import NAMES
from evals.harness.refusal import CASCADE_ITEMS
from evals.harness.scoring import sample
from evals.harness.sets import open_set
from evals.harness.stages import Stages


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m evals.cascade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=NAMES, help="default: all six")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--items", type=int, default=CASCADE_ITEMS, help="of each set, the same that `eval` takes")
    args = parser.parse_args()
    try:
        sets = [open_set(name, None, args.split) for name in args.names]
        with Stages(Console(highlight=False)) as stages:
            for each in sets:
                kept.answers(
                    sample(each.items, args.items),
                    each.folder,
                    each.sha256,
                    Path(load().serve.voice),
                    lambda done, of, name=each.name: stages.tell(f"{name}: cascade", done, of),
                )
    except CounterpointError as error:
        sys.exit(f"evals.cascade: {error}")


if __name__ == "__main__":
    main()
