"""Every metric of the cluster, in one table, in the order of the questions an operator asks (DESIGN.md section 12).

Names end in base units; a session is never a label. Dashboards, rules and runbooks may name only what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from cluster.types import Degradation, MissCause, Timing


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[str, ...] = ()  # values of the only label that are there, as 0, before anything is counted
    buckets: tuple[float, ...] = ()


# Lateness is egress minus due: the whole budget of 200 ms before, and one period after.
_LATENESS = (-0.15, -0.125, -0.1, -0.075, -0.05, -0.025, -0.01, 0.0, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4)
# Parts of one period: fine where they should be, coarse where they must not be.
_STAGE = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 1.0)
_ENDS = ("closed", "idle", "max_duration", "detached", "fenced", "resync_required", "internal")
_LIMITS = ("scheduler.max_sessions", "engine.num_slots", "num_pages", "scheduler", "supervisor", "redis")
_BAD_INPUT = ("invalid_input", "protocol_error", "unauthenticated")
_ERRORS = (*_BAD_INPUT, "resync_required", "overloaded", "unavailable", "internal")
_MEDIA = ("gap_filled", "too_late", "duplicate", "overlap_refused", "too_early", "undecodable")
_PLACES = ("ingest", "engine", "journal")
_ROLES = ("supervisor", "ingest", "scheduler", "engine", "rank", "expert")
_SCALINGS = ("refused", "places", "lateness", "kv_full", "queue_age", "headroom", "spare", "not_needed")
_CALLS = ("answered", "refused", "deadline", "broken", "too_late")
_LOST = ("ingest", "scheduler")
# One micro-turn, what a failover promises (DESIGN.md section 8), and as long as a client may be away.
_GAP = (0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_CALL = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1)


def _counter(name: str, help: str, *labels: str, known: Iterable[str] = ()) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, help=help, labels=labels, known=tuple(known))


def _gauge(name: str, help: str, *labels: str) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, help=help, labels=labels)


def _histogram(name: str, help: str, buckets: tuple[float, ...], *labels: str, known: Iterable[str] = ()) -> Metric:
    return Metric(name=name, kind=Kind.HISTOGRAM, help=help, labels=labels, known=tuple(known), buckets=buckets)


# Are micro-turns on time?
MICRO_TURNS = _counter("counterpoint_micro_turns_total", "Results that left, by timing.", "timing", known=Timing)
MISSED = _counter(
    "counterpoint_micro_turns_missed_total",
    "Micro-turns not out by their due time, by cause.",
    "cause",
    known=MissCause,
)
LATENESS = _histogram("counterpoint_micro_turn_lateness_seconds", "Egress minus due; negative is early.", _LATENESS)
MISS_RUNS = _counter(
    "counterpoint_miss_runs_total", "Ended runs of misses in a row, by length.", "length", known=[*"1234567", "8+"]
)
DEGRADATIONS = _counter(
    "counterpoint_degradations_total", "Results that lack something, by what.", "what", known=Degradation
)
OVERRUNS = _counter("counterpoint_overruns_total", "Ticks skipped because the one before had not ended.")

# Where does the time go?
STAGE = _histogram("counterpoint_stage_seconds", "Time of a micro-turn in each stage.", _STAGE, "stage")
TICK_DELAY = _histogram(
    "counterpoint_tick_delay_seconds", "Tick begun after its boundary by this much, waits for input included.", _STAGE
)
TICK = _histogram("counterpoint_tick_seconds", "Tick begun to step done, as the scheduler saw it.", _STAGE)
STEP = _histogram("counterpoint_step_seconds", "Wall time of one step inside the engine.", _STAGE)
PASSES = _counter("counterpoint_passes_total", "Forward passes of the engine.")
EXPERT_CALLS = _counter(
    "counterpoint_expert_calls_total", "Calls to expert shards, by outcome.", "outcome", known=_CALLS
)
SHARDS_USED = _counter(
    "counterpoint_expert_shards_used_total",
    "Shards given rows, over layers and passes: first, and again elsewhere after a call without an answer.",
    "attempt",
    known=["first", "again"],
)
EXPERT_CALL = _histogram("counterpoint_expert_call_seconds", "One call to an expert shard, seen by its caller.", _CALL)
EXPERT_COMPUTE = _histogram("counterpoint_expert_compute_seconds", "One call inside an expert shard.", _CALL)
EXPERT_ROWS = _counter("counterpoint_expert_rows_total", "(token, expert) rows computed by this shard.")

# How full are we?
READY = _gauge("counterpoint_ready", "1: this ingest would get a new session granted, places apart; 0: it would not.")
SESSIONS = _gauge("counterpoint_sessions", "Sessions held, by state.", "state")
SESSIONS_MAX = _gauge("counterpoint_sessions_max", "Sessions this scheduler may hold.")
STREAMS = _gauge("counterpoint_streams", "Client streams attached to this ingest.")
SLOTS = _gauge("counterpoint_slots", "Slots of an engine, two for each session it may hold, by state.", "state")
KV_PAGES = _gauge("counterpoint_kv_pages", "Pages of KV, by state.", "state")
CONTEXT_TOKENS = _gauge("counterpoint_context_tokens", "KV rows held by live slots.")
TICK_PREDICTED = _gauge(
    "counterpoint_tick_predicted_seconds", "p99 of the newest ticks that had work, as a guess at the next."
)
TICK_HEADROOM = _gauge(
    "counterpoint_tick_headroom_seconds", "Budget of a tick minus its predicted p99; 0 where time is virtual."
)
PAIRS = _gauge("counterpoint_pairs", "(scheduler, engine) pairs: serving, and wanted by the rules of scaling.", "state")
SCALING_SIGNAL = _gauge(
    "counterpoint_scaling_signal",
    "What scaling goes by, of the worst pair; only where pairs may come and go.",
    "signal",
)
SCALINGS = _counter("counterpoint_scalings_total", "Changes of the pairs wanted, by reason.", "why", known=_SCALINGS)

# What was shed?
REJECTED = _counter(
    "counterpoint_sessions_rejected_total", "Sessions refused, by the limit that bound.", "limit", known=_LIMITS
)
ENDED = _counter("counterpoint_sessions_ended_total", "Sessions ended, by code.", "code", known=_ENDS)
FAULTS = _counter("counterpoint_session_faults_total", "Sessions closed for a fault of the scheduler's own code.")
STREAM_ERRORS = _counter(
    "counterpoint_stream_errors_total", "Errors answered to clients, by code.", "code", known=_ERRORS
)
MEDIA_OUTCOMES = _counter(
    "counterpoint_media_outcomes_total", "Media not taken as sent, by outcome.", "outcome", known=_MEDIA
)

# Is state safe?
JOURNAL_WRITE = _histogram("counterpoint_journal_write_seconds", "One journal pipeline of a tick.", _STAGE)
JOURNAL_BYTES = _counter("counterpoint_journal_bytes_total", "Bytes written to the journal.")
JOURNAL_FAILURES = _counter("counterpoint_journal_failures_total", "Journal writes that got no answer.")
CLOCK_ERROR = _gauge(
    "counterpoint_clock_error_seconds", "Bound on what is known of a peer's clock; ticks cross hosts by it.", "peer"
)
JOURNAL_LAG = _gauge("counterpoint_journal_lag_seconds", "Age of the oldest tick not yet journaled.")
HISTORY_DROPPED = _counter("counterpoint_history_lines_dropped_total", "History lines that could not be kept.")
VOLATILE = _gauge("counterpoint_volatile_sessions", "Sessions whose accepted input is held in memory only.")
FENCED = _counter(
    "counterpoint_fenced_total", "Writes of a stale owner that were refused, by place.", "place", known=_PLACES
)
RESUMES = _counter(
    "counterpoint_resumes_total", "Resumed sessions, by outcome.", "outcome", known=["granted", "taken_over"]
)
FAILOVER_GAP = _histogram(
    "counterpoint_failover_gap_seconds",
    "From when the loss of a session's ingest or scheduler was noticed until the session went on, by what was lost.",
    _GAP,
    "lost",
    known=_LOST,
)
RESTARTS = _counter(
    "counterpoint_actor_restarts_total", "Actors started again after they died, by role.", "died", known=_ROLES
)
ENGINE_EPOCH = _gauge("counterpoint_engine_epoch", "Epoch of the scheduler this engine obeys.")
PLACEMENT_EPOCH = _gauge("counterpoint_placement_epoch", "Version of the map of experts to shards.")
PROGRESS = _gauge("counterpoint_progress", "Progress counter of the working thread; standing still is a freeze.")

# Memory and processor time of each actor, as prometheus_client's own collector names them.
PROCESS = ("counterpoint_process_cpu_seconds_total", "counterpoint_process_resident_memory_bytes")

TABLE: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))


class Metrics:
    """The metrics of one actor. What has no label, or known values of it, exists from the start, so that the first
    event is a rise and not a birth. A wrong label raises ValueError.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(namespace="counterpoint", registry=self.registry)
        self._of = {metric: self._make(metric) for metric in TABLE}
        for metric in TABLE:
            for value in metric.known:
                self._series(metric, dict.fromkeys(metric.labels, value))

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        match metric.kind:
            case Kind.COUNTER:
                return Counter(metric.name, metric.help, metric.labels, registry=self.registry)
            case Kind.GAUGE:
                return Gauge(metric.name, metric.help, metric.labels, registry=self.registry)
            case Kind.HISTOGRAM:
                return Histogram(
                    metric.name, metric.help, metric.labels, registry=self.registry, buckets=metric.buckets
                )

    def _series(self, metric: Metric, labels: dict[str, str]) -> Counter | Gauge | Histogram:
        found = self._of[metric]
        return found.labels(**labels) if metric.labels or labels else found

    def add(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        """Raise a counter by `amount`."""
        self._series(metric, labels).inc(amount)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._series(metric, labels).set(value)

    def follow(self, metric: Metric, read: Callable[[], float], **labels: str) -> None:
        """Have a gauge ask `read` at every scrape, on the thread that answers it."""
        self._series(metric, labels).set_function(read)

    def observe(self, metric: Metric, seconds: float, **labels: str) -> None:
        """Put one observation into a histogram."""
        self._series(metric, labels).observe(seconds)

    def text(self) -> bytes:
        """What `/metrics` answers."""
        return generate_latest(self.registry)
