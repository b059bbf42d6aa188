"""Where a session stands on the tick clock: one that is opened, and one that is carried over from another owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cluster.runtime_contract import SchedulerConfig
from cluster.scheduling.ticker import Ticker
from cluster.session.adopt import carried_over
from cluster.session.events import Open
from cluster.session.limits import CheckpointLimits
from cluster.session.terms import Terms, terms_of

_MS = 1_000_000


def opened_terms(event: Open, ticker: Ticker, config: SchedulerConfig, limits: CheckpointLimits, now_ns: int) -> Terms:
    n0, media_epoch_ns = ticker.place(now_ns + config.lead_ms * _MS, jitter_ms=config.jitter_ms)
    return terms_of(
        event,
        n0=n0,
        media_epoch_ns=media_epoch_ns,
        due_ms=config.due_ms,
        jitter_ms=config.jitter_ms,
        lockstep=config.lockstep,
        limits=limits,
        rules=config.rules,
        clock=config.clock,
        unix_epoch_ns=_unix(media_epoch_ns, config),
    )


def adopted_terms(
    was: Terms,
    records: Sequence[bytes],
    epoch: int,
    ticker: Ticker,
    config: SchedulerConfig,
    limits: CheckpointLimits,
    now_ns: int,
) -> Terms:
    """On its own clock a session keeps its boundaries. One of another boot is carried over by the time of day, to the
    first boundaries at or after its own.

    Raises ValueError for another phase group of the same clock, ResyncRequired where no time of day is known.
    """
    if was.clock == config.clock:
        n0, media_epoch_ns = ticker.n0_of(was.media_epoch_ns, jitter_ms=was.jitter_ms), was.media_epoch_ns
    else:
        earliest_ns = carried_over(was, records, unix_zero_ns=config.unix_zero_ns, now_ns=now_ns)
        n0, media_epoch_ns = ticker.place(earliest_ns, jitter_ms=was.jitter_ms)
    return replace(
        was,
        epoch=epoch,
        n0=n0,
        media_epoch_ns=media_epoch_ns,
        clock=config.clock,
        unix_epoch_ns=_unix(media_epoch_ns, config),
        limits=limits,
        rules=config.rules,
    )


def _unix(media_epoch_ns: int, config: SchedulerConfig) -> int:
    return media_epoch_ns + config.unix_zero_ns if config.unix_zero_ns else 0
