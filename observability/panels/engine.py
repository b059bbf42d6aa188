"""Do ticks keep their budget, what do they spend it on, and when is memory full?"""

from __future__ import annotations

from observability.panels.words import ENGINE, SCHEDULER, Dashboard, Panel, Row, W, quantiles, rate

HEADROOM = Panel(
    title="Headroom of a tick",
    unit="s",
    queries={
        "{{actor}}": f"counterpoint_tick_headroom_seconds{SCHEDULER}",
        "p99 of {{actor}}": f"counterpoint_tick_predicted_seconds{SCHEDULER}",
    },
    bound=0.01,
)
SLOTS = Panel(
    title="Slots",
    says="Two for each session that may be held: one live, one for its next anchor.",
    queries={"{{actor}}, {{state}}": f"counterpoint_slots{ENGINE}"},
    stacked=True,
)
KV_USED = Panel(
    title="KV pages used",
    unit="percentunit",
    queries={"{{actor}}": "actor:kv_pages_used:ratio"},
    bound=0.9,
)
UNTIL_FULL = Panel(
    title="Time until full",
    says="Empty while nothing rises.",
    unit="dtdurations",
    queries={
        "KV of {{actor}}": "actor:kv_pages_full:seconds",
        "{{actor}}": "actor:sessions_full:seconds",
    },
)

BOARD = Dashboard(
    uid="counterpoint-engine",
    title="Counterpoint · 2 Engine",
    rows=(
        Row(
            question="Do ticks keep their budget?",
            panels=(
                HEADROOM,
                Panel(title="Tick", unit="s", queries=quantiles("counterpoint_tick_seconds", SCHEDULER), bound=0.16),
                Panel(
                    title="Tick begun after its boundary",
                    says="High when the machine is short of processors.",
                    unit="s",
                    queries=quantiles("counterpoint_tick_delay_seconds", SCHEDULER),
                ),
                Panel(
                    title="Ticks skipped",
                    unit="ops",
                    queries={"{{actor}}": rate("counterpoint_overruns_total", "actor", SCHEDULER)},
                ),
            ),
        ),
        Row(
            question="Where does the time of a step go?",
            panels=(
                Panel(title="Step inside the engine", unit="s", queries=quantiles("counterpoint_step_seconds", ENGINE)),
                Panel(
                    title="Forward passes per step",
                    queries={
                        "passes": f"{rate('counterpoint_passes_total', where=ENGINE)} / "
                        f"({rate('counterpoint_step_seconds_count', where=ENGINE)} > 0)"
                    },
                ),
                Panel(
                    title="Share of the period spent in steps",
                    unit="percentunit",
                    queries={"{{actor}}": rate("counterpoint_step_seconds_sum", "actor", ENGINE)},
                    bound=0.7,
                ),
            ),
        ),
        Row(
            question="How full is it, and when will it be?",
            panels=(
                SLOTS,
                KV_USED,
                UNTIL_FULL,
                Panel(title="KV rows of live contexts", queries={"{{actor}}": f"counterpoint_context_tokens{ENGINE}"}),
            ),
        ),
        Row(
            question="What does each actor use?",
            panels=(
                Panel(
                    title="Processors",
                    queries={"{{actor}}": f"sum by (actor) (rate(counterpoint_process_cpu_seconds_total[{W}]))"},
                ),
                Panel(
                    title="Memory",
                    unit="bytes",
                    queries={"{{actor}}": "sum by (actor) (counterpoint_process_resident_memory_bytes)"},
                ),
            ),
        ),
    ),
)
