"""Prints a lock with hashes from what `pip install --dry-run --report FILE` says it would install.

python deploy/wheels.py < FILE

Wheels for one platform, Linux x86-64 with CPython 3.11, which is the one that is supported.
"""

from __future__ import annotations

import json
import sys
from typing import Any

HEAD = "# Every wheel of the image `base`, for Linux x86-64 and CPython 3.11; written by `make lock`.\n"


def lock(report: dict[str, Any]) -> str:
    """One line a wheel, by name. Raises KeyError for one whose index names no hash."""
    lines = []
    for found in report["install"]:
        name, version = found["metadata"]["name"], found["metadata"]["version"]
        lines.append(f"{name}=={version} --hash=sha256:{found['download_info']['archive_info']['hashes']['sha256']}\n")
    return HEAD + "".join(sorted(lines, key=str.lower))


if __name__ == "__main__":
    sys.stdout.write(lock(json.load(sys.stdin)))
