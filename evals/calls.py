"""How often the expert shards were really called: their own counters, read from their `/metrics`."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from evals.served import Served


def served_by_shards(cluster: Served) -> int:
    """Calls computed by all expert shards since they began."""
    return sum(
        round(_value(actor["metrics_address"], "counterpoint_expert_compute_seconds_count"))
        for actor in cluster.actors
        if actor["role"] == "expert"
    )


def layers_of(checkpoint: Path) -> int:
    return int(json.loads((checkpoint / "config.json").read_text())["num_hidden_layers"])


def _value(address: str, sample: str) -> float:
    with urlopen(f"http://{address}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return sum(point.value for family in families for point in family.samples if point.name == sample)
