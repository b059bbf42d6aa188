"""What an actor tells a collector over OTLP. Spans wait in a bounded queue and are sent by a thread of its own."""

from __future__ import annotations

import os
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from cluster.errors import ConfigError
from cluster.telemetry.tracing import CONTEXT_BYTES, ROOT, Sampler, span_id, trace_id

SHARE = "OTEL_TRACES_SAMPLER_ARG"
_DEFAULT_SHARE = "0.01"


class _DerivedIds(RandomIdGenerator):
    """Gives the next span the names that were asked for; 0: any."""

    trace = span = 0

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span or super().generate_span_id()


class OtlpTraces:
    """actor: its name, such as engine-0. share: of all micro-turns. For one thread."""

    def __init__(self, exporter: SpanExporter, *, actor: str, share: float) -> None:
        self._ids, self._sampler = _DerivedIds(), Sampler(share)
        about = {"service.name": f"counterpoint-{actor.rpartition('-')[0]}", "service.instance.id": actor}
        self._provider = TracerProvider(
            resource=Resource.create(about), id_generator=self._ids, sampler=ALWAYS_ON, shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("counterpoint")

    def takes(self, session: str, k: int) -> bool:
        return self._sampler.takes(session, k)

    def span(
        self, session: str, k: int, name: str, began_ns: int, ended_ns: int, /, *, under: str = ROOT, **about: object
    ) -> None:
        """As `Traces` says. The span named ROOT is under nothing."""
        trace = trace_id(session, k)
        parent = 0 if name == ROOT else span_id(trace, under)
        self._tell(trace, span_id(trace, name), parent, name, (began_ns, ended_ns), about)

    def within(self, context: bytes, name: str, began_ns: int, ended_ns: int, /, **about: object) -> None:
        """As `Traces` says."""
        trace, parent = int.from_bytes(context[:16]), int.from_bytes(context[16:])
        if len(context) == CONTEXT_BYTES and trace and parent:
            self._tell(trace, 0, parent, name, (began_ns, ended_ns), about)

    def _tell(
        self, trace: int, span: int, parent: int, name: str, times_ns: tuple[int, int], about: dict[str, object]
    ) -> None:
        to_wall_ns = time.time_ns() - time.monotonic_ns()
        began_ns, ended_ns = (at_ns + to_wall_ns for at_ns in times_ns)
        above = SpanContext(trace, parent, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        self._ids.trace, self._ids.span = trace, span
        context = set_span_in_context(NonRecordingSpan(above)) if parent else None
        told = self._tracer.start_span(name, context, start_time=began_ns, attributes=about)  # type: ignore[arg-type]  # plain values
        told.end(ended_ns)

    def close(self) -> None:
        self._provider.shutdown()


def traces_from_environment(actor: str) -> OtlpTraces:
    """To what OTEL_EXPORTER_OTLP_ENDPOINT names, a share of OTEL_TRACES_SAMPLER_ARG. Raises ConfigError."""
    try:
        share = float(os.environ.get(SHARE, _DEFAULT_SHARE))
    except ValueError as error:
        raise ConfigError(SHARE, "must be a share between 0 and 1") from error
    return OtlpTraces(OTLPSpanExporter(), actor=actor, share=share)
