"""What `/metrics` of one actor said, to be asked by name, and what changed between two readings of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from cluster.telemetry.metrics import Metric

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """Values by sample name and labels. What was not said is 0."""

    values: Mapping[tuple[str, Labels], float]

    @classmethod
    def of(cls, text: str) -> Scrape:
        """Raises ValueError for what is not the text format of Prometheus."""
        families = text_string_to_metric_families(text)
        return cls({(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples})

    def since(self, before: Scrape | None) -> Scrape:
        """How much each value rose; one that fell was begun anew. For counters and histograms, not for gauges."""
        then = before.values if before else {}
        return Scrape(
            {at: value - old if value >= (old := then.get(at, 0.0)) else value for at, value in self.values.items()}
        )

    def get(self, metric: Metric | str, **labels: str) -> float:
        """The sum over all samples of that name that have these labels."""
        name, wanted = metric if isinstance(metric, str) else metric.name, labels.items()
        return sum(value for (found, held), value in self.values.items() if found == name and wanted <= held)

    def by(self, metric: Metric, label: str) -> dict[str, float]:
        """The sum for each value of a label, without those that are 0."""
        sums: dict[str, float] = {}
        for (found, held), value in self.values.items():
            if found == metric.name and value:
                at = dict(held).get(label, "")
                sums[at] = sums.get(at, 0.0) + value
        return sums

    def quantile(self, metric: Metric, q: float) -> float | None:
        """Of a histogram, in seconds: linear inside a bucket, its lower end in the last. None: nothing was observed."""
        name = f"{metric.name}_bucket"
        upto: dict[float, float] = {}
        for (found, held), value in self.values.items():
            if found == name:
                edge = float(dict(held)["le"])
                upto[edge] = upto.get(edge, 0.0) + value
        rank = q * upto.get(math.inf, 0.0)
        if not rank:
            return None
        below, low = 0.0, None
        for edge in sorted(upto):
            if upto[edge] >= rank:
                if low is None or edge == math.inf:
                    return edge if low is None else low
                return low + (edge - low) * (rank - below) / (upto[edge] - below)
            below, low = upto[edge], edge
        return low


def merge(scrapes: list[Scrape]) -> Scrape:
    """All actors of a role as one."""
    sums: dict[tuple[str, Labels], float] = {}
    for scrape in scrapes:
        for at, value in scrape.values.items():
            sums[at] = sums.get(at, 0.0) + value
    return Scrape(sums)
