"""Tells Prometheus where actors expose their metrics: keeps a file for its `file_sd_configs` up to date.

python deploy/targets.py FILE [--config TOML] [--every SECONDS]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from actors.app import joined
from actors.handles import ActorInfo
from cluster.config import load
from cluster.errors import CounterpointError


def targets(actors: Iterable[ActorInfo]) -> str:
    """The file: one target an actor, with the labels `role` and `actor` that rules and dashboards go by."""
    found = [
        {"targets": [actor.metrics_address], "labels": {"role": actor.role, "actor": actor.name}} for actor in actors
    ]
    return json.dumps(found, indent=1) + "\n"


def write(file: Path, text: str) -> None:
    """At once or not at all: Prometheus reads it while we write."""
    unfinished = file.with_suffix(".new")
    unfinished.write_text(text)
    unfinished.replace(file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS")
    given = parser.parse_args()
    try:
        with joined(load(given.config, overrides={"serve.ray_address": "auto"})) as supervisor:
            while True:
                write(given.file, targets(asyncio.run(supervisor.tell("actors"))))
                time.sleep(given.every)
    except CounterpointError as error:
        print(f"targets: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
