"""What was agreed when a session was granted: it never changes, only its epoch does when the owner does."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.session.events import Open
from cluster.session.limits import CheckpointLimits, SessionRules
from cluster.types import MICRO_TURN_MS

_MS = 1_000_000
PERIOD_NS = MICRO_TURN_MS * _MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """media_epoch_ns: time of media time 0 on the clock `clock`, which only machines that share it can compare with
    their own; unix_epoch_ns: the same by the time of day, for all others (0: not known). n0: the tick of micro-turn 0,
    so that k is due in tick n0 + k.
    """

    session: str
    tenant: str
    tier: str
    epoch: int
    n0: int
    media_epoch_ns: int
    due_ms: int
    jitter_ms: int
    has_audio: bool
    prefix: tuple[int, ...]
    configure: bytes
    temperature: float
    seed: int
    keep_history: bool
    lockstep: bool
    limits: CheckpointLimits
    rules: SessionRules
    clock: str = ""
    unix_epoch_ns: int = 0

    def cutoff_ns(self, k: int) -> int:
        return self.media_epoch_ns + (k + 1) * PERIOD_NS + self.jitter_ms * _MS

    def due_ns(self, k: int) -> int:
        return self.cutoff_ns(k) + self.due_ms * _MS

    def cut_off_by(self, now_ns: int) -> int:
        """The last k whose cutoff has come, -1 before the first."""
        return max(-1, (now_ns - self.media_epoch_ns - self.jitter_ms * _MS) // PERIOD_NS - 1)


def terms_of(
    event: Open,
    *,
    n0: int,
    media_epoch_ns: int,
    due_ms: int,
    jitter_ms: int,
    lockstep: bool,
    limits: CheckpointLimits,
    rules: SessionRules,
    clock: str,
    unix_epoch_ns: int,
) -> Terms:
    """due_ms holds where the client asked for none."""
    return Terms(
        session=event.session,
        tenant=event.tenant,
        tier=event.tier,
        epoch=event.epoch,
        n0=n0,
        media_epoch_ns=media_epoch_ns,
        due_ms=event.due_ms or due_ms,
        jitter_ms=jitter_ms,
        has_audio=event.has_audio,
        prefix=event.prefix,
        configure=event.configure,
        temperature=event.temperature,
        seed=event.seed,
        keep_history=event.keep_history,
        lockstep=lockstep,
        limits=limits,
        rules=rules,
        clock=clock,
        unix_epoch_ns=unix_epoch_ns,
    )
