"""Whether an actor traces: on where an endpoint is named, as in every OpenTelemetry program."""

from __future__ import annotations

import os

from cluster.errors import ConfigError
from cluster.telemetry.tracing import Traces

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def tracing(actor: str) -> Traces | None:
    """None: no endpoint is named. Raises ConfigError where the extra is missing or a setting cannot be."""
    if not os.environ.get(ENDPOINT):
        return None
    try:
        from actors.traces import traces_from_environment  # late: an extra
    except ImportError as error:
        message = f"traces need an extra ({error}): pip install 'counterpoint-cluster[tracing]'"
        raise ConfigError(ENDPOINT, message) from error
    return traces_from_environment(actor)
