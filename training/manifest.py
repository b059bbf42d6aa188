"""`python -m training.manifest`: what training has heard and read, in compact form, for proving what it has not.

The built corpus is listed clip by clip in `build/clips`; here are the sets of voices, phrases and intervals in it.
`before` is what only the weights have met that training begins with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training import vocab
from training.clips import in_recipe, read_utterance
from training.tasks import Kind, Utterance

MANIFEST = Path(__file__).with_name("manifest.json")
CLIPS = Path("build/clips")


def manifest(clips: Path, lineage: Sequence[str]) -> dict[str, Any]:
    """Sets over all clips, plus what requests in text are drawn from. lineage: revisions whose weights it goes back to.

    Raises CalledProcessError where the history of this repository does not reach so far.
    """
    own = _heard(clips)
    return own | {"before": _before(own, lineage)}


def _before(own: dict[str, Any], lineage: Sequence[str]) -> dict[str, Any]:
    """What was trained then and not now."""
    sets: dict[str, set[str]] = defaultdict(set)
    intervals: dict[str, set[int]] = defaultdict(set)
    for revision in lineage:
        path = f"{revision}:training/manifest.json"
        told = json.loads(subprocess.run(["git", "show", path], check=True, capture_output=True).stdout)
        for name in ("espeak_variants", "other_voices", "kokoro_styles", "phrases"):
            sets[name] |= set(told.get(name, ())) - set(own[name])
        for kind, tenths in told["intervals_tenths"].items():
            intervals[kind] |= set(tenths) - set(own["intervals_tenths"][kind])
    found = {name: sorted(values) for name, values in sets.items()}
    return {"revisions": list(lineage), **found, "intervals_tenths": {k: sorted(v) for k, v in intervals.items()}}


def _heard(clips: Path) -> dict[str, Any]:
    engines, voices, others, styles, counts = set(), set(), set(), set(), defaultdict(int)
    phrases, intervals, shards = set(), defaultdict(set), {}
    rows = []
    for folder in sorted(clips.glob("espeak/[0-9][0-9][0-9]")):
        lines = (folder / "clips.jsonl").read_text()
        shards[folder.name] = hashlib.sha256(lines.encode()).hexdigest()[:16]
        for line in lines.splitlines():
            row = json.loads(line)
            engine, _, voice = row.pop("voice").partition(":")
            engines.add(engine)
            asked = read_utterance(row)
            if not in_recipe(asked):  # training leaves it out too
                continue
            if engine == "espeak":
                voices.add(voice.split("+")[1])
            elif voice:
                others.add(f"{engine}:{voice}")
            rows.append(_told(asked))
    recorded = clips / "kokoro" / "manifest.jsonl"
    for line in recorded.read_text().splitlines() if recorded.exists() else []:
        row = json.loads(line)
        if in_recipe(asked := read_utterance(row)):
            styles |= {part.split(":")[0] for part in row["style"].split("+")}
            rows.append(_told(asked))
    for kind, say, tenths in rows:
        counts[kind] += 1
        if say:
            phrases.add(say)
        if tenths:
            intervals[kind].add(tenths)
    for kind in (Kind.EVERY, Kind.IN, Kind.CHANGE):  # as text all of them are
        intervals[kind.value] |= set(vocab.ALL_TENTHS)
    phrases |= set(vocab.TRAINED_PHRASES) | set(vocab.SINGLES) | set(vocab.NOUNS)
    return {
        "engines": sorted(engines),
        "espeak_variants": sorted(voices),
        "other_voices": sorted(others),
        "kokoro_styles": sorted(styles),
        "phrases": sorted(phrases),
        "intervals_tenths": {kind: sorted(values) for kind, values in sorted(intervals.items())},
        "clips": dict(sorted(counts.items())),
        "shards": shards,
    }


def _told(asked: Utterance) -> tuple[str, str, int]:
    """Its kind, the phrase it asks for and its interval; the answer to a question is no phrase, a count no interval."""
    return asked.kind.value, "" if asked.kind is Kind.ASK else asked.say, 0 if asked.kind is Kind.TALK else asked.tenths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--out", type=Path, default=MANIFEST)
    args = parser.parse_args()
    lineage = tomllib.loads(args.config.read_text())["train"]["lineage"]
    args.out.write_text(json.dumps(manifest(args.clips, lineage), indent=1) + "\n")


if __name__ == "__main__":
    main()
