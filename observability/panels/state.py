"""Is state safe, who died and who took over?"""

from __future__ import annotations

from observability.panels.words import ENGINE, SCHEDULER, Dashboard, Panel, Row, W, quantiles, rate

# Failovers are rare: what is drawn of them stays for a while. Without any there is no gap to draw.
GAP = "histogram_quantile(0.99, sum by (lost, le) (increase(counterpoint_failover_gap_seconds_bucket[30m])))"

BOARD = Dashboard(
    uid="counterpoint-state",
    title="Counterpoint · 4 State",
    rows=(
        Row(
            question="Is state safe?",
            panels=(
                Panel(
                    title="Journal lag",
                    unit="s",
                    queries={"{{actor}}": f"counterpoint_journal_lag_seconds{SCHEDULER}"},
                    bound=1.0,
                ),
                Panel(
                    title="Journal write", unit="s", queries=quantiles("counterpoint_journal_write_seconds", SCHEDULER)
                ),
                Panel(
                    title="Journal bytes",
                    unit="Bps",
                    queries={"{{actor}}": rate("counterpoint_journal_bytes_total", "actor", SCHEDULER)},
                ),
                Panel(
                    title="Writes without an answer",
                    unit="ops",
                    queries={"{{actor}}": rate("counterpoint_journal_failures_total", "actor", SCHEDULER)},
                ),
                Panel(
                    title="Lines of histories that could not be kept",
                    unit="ops",
                    queries={"{{actor}}": rate("counterpoint_history_lines_dropped_total", "actor", SCHEDULER)},
                ),
                Panel(
                    title="Sessions held in memory only",
                    queries={"{{actor}}": f"counterpoint_volatile_sessions{SCHEDULER}"},
                    bound=0.5,
                ),
                Panel(
                    title="Bound on what is known of a peer's clock",
                    says="Below a round trip on a sound network; times cross hosts no better than this.",
                    unit="s",
                    queries={"{{actor}} of its {{peer}}": "counterpoint_clock_error_seconds"},
                    bound=0.02,
                ),
                Panel(
                    title="Writes of stale owners refused, by place",
                    queries={"{{place}}": f"sum by (place) (increase(counterpoint_fenced_total[{W}]))"},
                    stacked=True,
                ),
            ),
        ),
        Row(
            question="Who died, and who took over?",
            panels=(
                Panel(
                    title="Restarts by role",
                    queries={"{{died}}": f"sum by (died) (increase(counterpoint_actor_restarts_total[{W}]))"},
                    stacked=True,
                ),
                Panel(
                    title="Sessions resumed",
                    queries={"{{outcome}}": f"sum by (outcome) (increase(counterpoint_resumes_total{SCHEDULER}[{W}]))"},
                    stacked=True,
                ),
                Panel(
                    title="Gap of a failover, by what was lost",
                    says="Of the last half hour: from when the loss was noticed until a session went on.",
                    unit="s",
                    queries={"p99, {{lost}}": GAP},
                    bound=1.0,
                ),
                Panel(
                    title="Epoch of the scheduler each engine obeys",
                    queries={"{{actor}}": f"counterpoint_engine_epoch{ENGINE}"},
                ),
                Panel(
                    title="Progress",
                    says="0 is a freeze.",
                    unit="ops",
                    queries={"{{actor}}": f"sum by (actor) (rate(counterpoint_progress[{W}]))"},
                ),
                Panel(title="Actors that answer", queries={"{{role}}": "sum by (role) (up)"}),
            ),
        ),
    ),
)
