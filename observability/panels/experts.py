"""Do experts answer in time, and is their load spread?"""

from __future__ import annotations

from observability.panels.words import ENGINE, EXPERT, Dashboard, Panel, Row, quantile, quantiles, rate

BOARD = Dashboard(
    uid="counterpoint-experts",
    title="Counterpoint · 3 Experts",
    rows=(
        Row(
            question="Do experts answer in time?",
            panels=(
                Panel(
                    title="Calls failed",
                    unit="percentunit",
                    queries={"all": "cluster:expert_calls_failed:ratio_rate5m"},
                    bound=0.01,
                ),
                Panel(
                    title="Calls by outcome",
                    unit="ops",
                    queries={"{{outcome}}": rate("counterpoint_expert_calls_total", "outcome", ENGINE)},
                    stacked=True,
                ),
                Panel(
                    title="Shards given rows: at first, and again after a call without an answer",
                    unit="ops",
                    queries={"{{attempt}}": rate("counterpoint_expert_shards_used_total", "attempt", ENGINE)},
                    stacked=True,
                ),
                Panel(
                    title="Call, seen by the engine",
                    unit="s",
                    queries=quantiles("counterpoint_expert_call_seconds", ENGINE),
                ),
                Panel(
                    title="Micro-turns that lacked an expert",
                    unit="ops",
                    queries={"dropped": rate("counterpoint_degradations_total", where='{what="expert_dropped"}')},
                ),
            ),
        ),
        Row(
            question="Where does a call's time go, and is the load spread?",
            panels=(
                Panel(
                    title="p99 of computing, by shard",
                    unit="s",
                    queries={"{{actor}}": quantile(0.99, "counterpoint_expert_compute_seconds", EXPERT, "actor")},
                ),
                Panel(
                    title="Rows by shard",
                    unit="ops",
                    queries={"{{actor}}": rate("counterpoint_expert_rows_total", "actor", EXPERT)},
                ),
                Panel(
                    title="Calls by shard",
                    unit="ops",
                    queries={"{{actor}}": rate("counterpoint_expert_compute_seconds_count", "actor", EXPERT)},
                ),
                Panel(
                    title="Map of experts to shards, its version",
                    queries={"{{actor}}": f"counterpoint_placement_epoch{EXPERT}"},
                ),
            ),
        ),
    ),
)
