"""Why a client's stream is over."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.errors import CounterpointError

OVER = frozenset({"closed", "idle", "max_duration", "detached", "deleted"})  # codes of a session that cannot be resumed


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a stream is over. error None: it ended as it should."""

    error: CounterpointError | None = None
    attached: bool = True  # the session still counts this stream as its client


class InternalError(CounterpointError):
    """A fault of this program."""
