"""A collector of traces: an HTTP server that reads OTLP as it is sent."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(slots=True)
class Collector:
    """spans: (actor that told, span), in the order they came."""

    environment: dict[str, str] = field(default_factory=dict)
    spans: list[tuple[str, Span]] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        for told in ExportTraceServiceRequest.FromString(body).resource_spans:
            actor = next(a.value.string_value for a in told.resource.attributes if a.key == "service.instance.id")
            self.spans += [(actor, span) for scope in told.scope_spans for span in scope.spans]

    def traces(self) -> dict[int, list[tuple[str, Span]]]:
        found: dict[int, list[tuple[str, Span]]] = {}
        for actor, span in [*self.spans]:
            found.setdefault(int.from_bytes(span.trace_id), []).append((actor, span))
        return found


@contextmanager
def collecting(share: str = "1") -> Iterator[Collector]:
    """environment: what sends a share of all micro-turns here."""
    got = Collector()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.end_headers()
            got.take(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        got.environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_TRACES_SAMPLER_ARG": share,
        }
        try:
            yield got
        finally:
            server.shutdown()
            thread.join()
