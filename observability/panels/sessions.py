"""Are micro-turns on time, where does the time go, how full are we, what was shed?"""

from __future__ import annotations

from observability.panels.engine import HEADROOM, KV_USED, SLOTS, UNTIL_FULL
from observability.panels.words import SCHEDULER, Dashboard, Panel, Row, W, quantile, quantiles, rate

MISSED = rate("counterpoint_micro_turns_missed_total")
DUE = rate("counterpoint_micro_turn_lateness_seconds_count")
BY_STATE = f"sum by (state) (counterpoint_sessions{SCHEDULER})"

BOARD = Dashboard(
    uid="counterpoint-sessions",
    title="Counterpoint · 1 Sessions",
    rows=(
        Row(
            question="Are micro-turns on time?",
            panels=(
                Panel(
                    title="On time now", kind="stat", unit="percentunit", queries={"": f"1 - {MISSED} / ({DUE} > 0)"}
                ),
                Panel(
                    title="Burn of the month's budget",
                    says="1 spends the allowed 0.5 % exactly; 14.4 in both windows pages.",
                    queries={
                        "5 min": "cluster:micro_turns_missed:ratio_rate5m / 0.005",
                        "1 h": "cluster:micro_turns_missed:ratio_rate1h / 0.005",
                    },
                    bound=14.4,
                ),
                Panel(
                    title="Lateness",
                    says="Egress minus due; below 0 is early.",
                    unit="s",
                    queries=quantiles("counterpoint_micro_turn_lateness_seconds"),
                    bound=0.0,
                ),
                Panel(
                    title="Misses by cause",
                    says="What was lost, who let it miss its tick, or the stage furthest over its share.",
                    unit="ops",
                    queries={"{{cause}}": rate("counterpoint_micro_turns_missed_total", "cause")},
                    stacked=True,
                ),
                Panel(
                    title="Runs of misses, by length",
                    queries={"{{length}}": f"sum by (length) (increase(counterpoint_miss_runs_total[{W}]))"},
                    stacked=True,
                ),
                Panel(
                    title="Results that lack something",
                    unit="ops",
                    queries={"{{what}}": rate("counterpoint_degradations_total", "what")},
                    stacked=True,
                ),
            ),
        ),
        Row(
            question="Where does the time go?",
            panels=(
                Panel(
                    title="p99 of each stage",
                    unit="s",
                    queries={"{{stage}}": quantile(0.99, "counterpoint_stage_seconds", by="stage")},
                ),
                Panel(
                    title="Mean of each stage",
                    says="Experts are a part of engine.",
                    unit="s",
                    queries={
                        "{{stage}}": f"{rate('counterpoint_stage_seconds_sum', 'stage')} / "
                        f"({rate('counterpoint_stage_seconds_count', 'stage')} > 0)"
                    },
                ),
                Panel(
                    title="Results by timing",
                    unit="ops",
                    queries={"{{timing}}": rate("counterpoint_micro_turns_total", "timing")},
                    stacked=True,
                ),
            ),
        ),
        Row(
            question="How full are we?",
            panels=(
                Panel(
                    title="Sessions",
                    queries={"{{state}}": BY_STATE, "places": f"sum(counterpoint_sessions_max{SCHEDULER})"},
                ),
                Panel(
                    title="Places taken", unit="percentunit", queries={"{{actor}}": "actor:sessions:ratio"}, bound=0.9
                ),
                SLOTS,
                KV_USED,
                UNTIL_FULL,
                HEADROOM,
                Panel(
                    title="Would grant a new session",
                    says="Supervisor, scheduler, store and engine answer; that places are taken does not count.",
                    queries={"{{actor}}": 'counterpoint_ready{role="ingest"}'},
                ),
                Panel(title="Streams by ingest", queries={"{{actor}}": 'counterpoint_streams{role="ingest"}'}),
                Panel(
                    title="Engine pairs",
                    queries={"{{state}}": 'max by (state) (counterpoint_pairs{role="supervisor"})'},
                ),
                Panel(
                    title="What scaling goes by, the worst pair",
                    queries={"{{signal}}": 'max by (signal) (counterpoint_scaling_signal{role="supervisor"})'},
                ),
                Panel(
                    title="Changes of the pairs wanted, by reason",
                    queries={
                        "{{why}}": f'sum by (why) (increase(counterpoint_scalings_total{{role="supervisor"}}[{W}]))'
                    },
                    stacked=True,
                ),
            ),
        ),
        Row(
            question="What was shed?",
            panels=(
                Panel(
                    title="Sessions refused, by limit",
                    queries={
                        "{{limit}}": 'sum by (limit) (increase(counterpoint_sessions_rejected_total{role="ingest"}'
                        f"[{W}]))"
                    },
                    stacked=True,
                ),
                Panel(
                    title="Sessions ended, by code",
                    queries={"{{code}}": f"sum by (code) (increase(counterpoint_sessions_ended_total[{W}]))"},
                    stacked=True,
                ),
                Panel(
                    title="Sessions closed for a fault of the server",
                    says="Anything but 0 is a bug; the scheduler's log has the exception.",
                    queries={"{{actor}}": f"increase(counterpoint_session_faults_total{SCHEDULER}[{W}])"},
                    bound=0.5,
                ),
                Panel(
                    title="Media not taken as sent",
                    unit="ops",
                    queries={"{{outcome}}": rate("counterpoint_media_outcomes_total", "outcome")},
                    stacked=True,
                ),
                Panel(
                    title="Errors told to clients",
                    queries={"{{code}}": f"sum by (code) (increase(counterpoint_stream_errors_total[{W}]))"},
                    stacked=True,
                ),
            ),
        ),
    ),
)
