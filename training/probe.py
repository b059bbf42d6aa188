"""`python -m training.probe`: 220 conversations with held-out voices and phrases through the shipped checkpoint.

`--development` draws other conversations, with trained voices and phrases: for tuning, never for reporting.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from training.expert_load import CountingBank
from training.export import CHECKPOINT
from training.probe_items import Item
from training.probe_set import Builder
from training.scoring import Outcome, floors, judge, report
from training.together import listen_together, with_bias

SEED, DEVELOPMENT_SEED = 99, 7
COUNTS = {"every": 30, "in": 25, "cue": 20, "idle": 60}
MORE = {"changed": 12, "since": 12, "ask": 12, "delegate": 10, "sound": 12, "count": 12, "talk": 15}
RECORDED_SHARE = 0.2  # of the conversations that a held-out style of the neural voice speaks
RECORDINGS = Path("build/clips/kokoro_heldout")


def build(seed: int, development: bool, counts: dict[str, int]) -> list[Item]:
    recordings = None if development else RECORDINGS
    return Builder(seed, development, recordings).build(counts, RECORDED_SHARE)


def fingerprint(items: list[Item]) -> str:
    digest = hashlib.sha256()
    for item in items:
        digest.update(repr((item.id, item.asked, item.expect)).encode())
        digest.update(item.samples_N.tobytes())
    return digest.hexdigest()


def run(bank: CountingBank, items: list[Item]) -> list[Outcome]:
    """Greedy, through the serving engine. Prints every conversation that went wrong."""
    outcomes = []
    for item, said in zip(items, listen_together(bank, [item.samples_N for item in items]), strict=True):
        voiced = [(each.onset_s, each.words) for each in said if each.words]
        outcome = judge(item, voiced)
        outcomes.append(outcome)
        if not outcome.strict:
            heard = "; ".join(f"{onset:.1f} {words}" for onset, words in voiced[:8])
            wanted = "; ".join(f"{(e.from_s + e.to_s) / 2:.1f}" for e in item.expect[:6])
            print(f"{item.id} {item.voice} [{item.asked}] wanted {wanted}, said {heard or 'nothing'}", flush=True)
    return outcomes


def probe(
    checkpoint: Path, seed: int, development: bool, counts: dict[str, int], sil_bias: float | None
) -> dict[str, Any]:
    items = build(seed, development, counts)
    bank = CountingBank(checkpoint if sil_bias is None else with_bias(checkpoint, sil_bias))
    outcomes = run(bank, items)
    return {
        "set": {"items": len(items), "seed": seed, "sha256": fingerprint(items), "development": development},
        **report(outcomes),
        "experts": bank.report(),
        "floors": floors(items),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the set, for a quick look")
    parser.add_argument("--sil-bias", type=float)
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    torch.set_num_threads(1)
    counts = {kind: max(1, round(count * args.scale)) for kind, count in (COUNTS | MORE).items()}
    seed = args.seed if args.seed is not None else DEVELOPMENT_SEED if args.development else SEED
    result = probe(args.checkpoint, seed, args.development, counts, args.sil_bias)
    print(json.dumps({name: value for name, value in result.items() if name != "floors"}, indent=2))
    if not args.development and args.scale == 1.0 and args.sil_bias is None:
        (args.checkpoint / "probe.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
