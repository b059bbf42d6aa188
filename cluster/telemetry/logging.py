"""Structured logs, one JSON object a line, that never hold what anybody said.

Bind `role` once per process and `session`, `tenant`, `n`, `k` where they apply.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

# Keys under which content or a secret could travel. A line that carries one is written without its value.
REFUSED = frozenset(
    {"text", "texts", "said", "heard", "audio", "video", "pcm", "image", "tokens", "token", "instructions", "prompt",
     "labels", "api_key", "authorization", "password", "configure", "payload"}
)  # fmt: skip


def refuse_content(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop the values of content keys and say which ones were refused, so that the mistake is seen and harmless."""
    refused = sorted(REFUSED.intersection(event))
    if not refused:
        return event
    kept = {key: value for key, value in event.items() if key not in REFUSED}
    return {**kept, "refused": refused}


def configure_logging(role: str, *, level: str = "info", stream: TextIO | None = None) -> FilteringBoundLogger:
    """Set up the logs of this process and return its logger. `level` is a name of the standard library's levels."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            refuse_content,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger().bind(role=role)
