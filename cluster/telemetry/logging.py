"""Structured logs, one JSON object a line, that never hold what anybody said.

Bind `role` once per process and `session`, `tenant`, `n`, `k` where they apply.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from cluster.errors import CounterpointError

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


def tell_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Where an exception came from and what it was called, as `exception`.

    What it says is kept of our own errors, which quote no client, and of the system's. Any other may hold the very
    value that could not be worked with: a word, a token, a message.
    """
    found = event.pop("exc_info", None)
    error = found if isinstance(found, BaseException) else sys.exc_info()[1] if found else None
    return event if error is None else {**event, "exception": "".join(_told(error))}


def _told(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
        yield "\n"
    yield from traceback.format_list(traceback.extract_tb(error.__traceback__))
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    yield f"{kind}: {error}" if isinstance(error, CounterpointError | OSError) else kind


def configure_logging(role: str, *, level: str = "info", stream: TextIO | None = None) -> FilteringBoundLogger:
    """Set up the logs of this process and return its logger. `level` is a name of the standard library's levels."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_exception,
            refuse_content,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger().bind(role=role)
