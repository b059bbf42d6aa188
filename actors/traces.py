"""Traces of single micro-turns: ingest, queue, engine with its experts, voice, egress.

Every result brings the time it spent in each stage, so the ingest that sends it can tell the whole way once it has
left: nothing is carried over the wire for it, and nothing is done before it has left.
"""

from __future__ import annotations

import os
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import set_span_in_context

from cluster.errors import ConfigError
from cluster.telemetry.tracing import Way, trace_id

SHARE = "OTEL_TRACES_SAMPLER_ARG"
_DEFAULT_SHARE = "0.01"


class _DerivedIds(RandomIdGenerator):
    """Gives the next root span the trace that was asked for."""

    wanted = 0

    def generate_trace_id(self) -> int:
        return self.wanted


class OtlpTraces:
    """share: of all micro-turns, chosen by trace id, so that a session's k is either traced by everybody or nobody."""

    def __init__(self, exporter: SpanExporter, *, share: float) -> None:
        self._ids = _DerivedIds()
        resource = Resource.create({"service.name": "counterpoint"})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("counterpoint")
        self._below = int(share * 2**128)

    def left(self, session: str, k: int, way: Way, *, timing: str, tick: int) -> None:
        """A micro-turn has left just now; its stages ended one after the other until then."""
        self._ids.wanted = trace_id(session, k)
        if self._ids.wanted >= self._below:
            return
        stages = {
            "ingest": way.ingest_ns,
            "queue": way.queue_ns,
            "engine": way.engine_ns,
            "voice": way.voice_ns,
            "egress": way.egress_ns,
        }
        end_ns = time.time_ns()
        at_ns = end_ns - sum(stages.values())
        about = {"session": session, "k": k, "tick": tick, "timing": timing}
        root = self._tracer.start_span("micro-turn", start_time=at_ns, attributes=about)
        below_root = set_span_in_context(root)
        for name, spent_ns in stages.items():
            span = self._tracer.start_span(name, below_root, start_time=at_ns)
            if name == "engine" and way.expert_ns:
                waited = {"sum_of_layers": True}  # drawn as one piece: the waits of all layers lie between its ends
                experts = self._tracer.start_span(
                    "experts", set_span_in_context(span), start_time=at_ns, attributes=waited
                )
                experts.end(at_ns + way.expert_ns)
            at_ns += spent_ns
            span.end(at_ns)
        root.end(end_ns)

    def close(self) -> None:
        """Sends what is left."""
        self._provider.shutdown()


def traces_from_environment() -> OtlpTraces:
    """To what OTEL_EXPORTER_OTLP_ENDPOINT names, a share of OTEL_TRACES_SAMPLER_ARG. Raises ConfigError."""
    try:
        share = float(os.environ.get(SHARE, _DEFAULT_SHARE))
    except ValueError as error:
        raise ConfigError(SHARE, "must be a share between 0 and 1") from error
    return OtlpTraces(OTLPSpanExporter(), share=share)
