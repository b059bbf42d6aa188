"""What bounds a session: integers of the checkpoint, and the rules of the house."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.types import MAX_COALESCED, MICRO_TURN_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTokens:
    """Token ids of the model's own controls; -1 where the vocabulary has no such token."""

    keep: int = -1
    release: int = -1
    delegate: int = -1
    stop: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointLimits:
    """The part of a checkpoint's config.json that the scheduler needs (contract: cluster/DESIGN.md)."""

    window: int = 160  # micro-turns a tail may have before the next anchor
    anchor_from: int = 0  # micro-turns of the tail from which a grant begins one; 0: it begins by itself at `anchor_at`
    pins_max: int = 40  # micro-turns of all pins together
    prefix_max: int = 64  # tokens
    stride: int = 16  # positions of one micro-turn
    audio_in: int = 2  # tokens of one micro-turn's audio
    text_in_max: int = 4
    text_out_max: int = 4
    passes_max: int = 5
    audio_bytes: int = 600  # dMel codes of one micro-turn: context frames, then its own
    context_bytes: int = 200  # of which context frames
    tokens: ControlTokens = ControlTokens()
    silence_percent: int = 40  # own frames whose mean code is below so many hundredths are silence

    @property
    def anchor_at(self) -> int:
        """Where anchors that no grant begins are begun, as all were before 2026-11-27."""
        return self.window - self.window // 8

    @property
    def tail_most(self) -> int:
        """A tail never grows beyond it, however overloaded the engine is: a slot has room for twice the window."""
        return self.window + self.window // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """Defaults are those of DESIGN.md sections 5, 6 and 8."""

    coalesce_max: int = MAX_COALESCED
    pin_turns_max: int = 8_000 // MICRO_TURN_MS
    prefill_chunk: int = 16  # micro-turns of a shadow context one tick may carry for one session
    waiting_max: int = 300  # micro-turns that may wait for their tick: a minute of a server that stands still
    detached_hold_ms: int = 2_000  # a shorter detachment seals nothing
    detached_max_ms: int = 60_000  # a longer one ends the session
    idle_max_ms: int = 600_000  # without any input of the client
    duration_max_ms: int = 86_400_000
    resume_grace_ticks: int = 5  # after a resume, before missing input counts as late
    replay_turns: int = 64  # results kept for a client that comes back
    volatile_max_ms: int = 60_000
    volatile_max_bytes: int = 32 << 20
    volatile_retry_ticks: int = 5
    flush_records: int = 64  # journal records of one write
    goes_on: bool = False  # an output that was cut off goes on in the next micro-turn; not so before 2026-11-27
    closes_anew: bool = False  # who comes back with input that had not entered closes after it; likewise
    tells_since: bool = False  # micro-turns are told how long ago the session spoke; not so before 2026-11-28
    failures_max: int = 5  # steps in a row that failed, before the session is given up


TODAY = SessionRules(goes_on=True, tells_since=True, closes_anew=True)
"""What sessions that are opened now live by; the defaults are those of sessions from before there was a choice."""
