"""Input of a session that waits for its tick: what may enter, what is late, what is sealed (DESIGN.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cluster.session.terms import Terms
from cluster.types import MicroTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A micro-turn with what its entering lets the client forget. again: its result was lost with a former owner."""

    turn: MicroTurn
    through_seq: int = 0
    audio_samples: int = 0
    ready_ns: int = 0
    stretch_ppm: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Micro-turns from_k … to_k (inclusive) sealed without input; only to_k stands in the context, as silence."""

    from_k: int
    to_k: int
    reason: str  # late | detached


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    next_k: int = 0  # the first that has not entered a tick
    ready: tuple[Arrived, ...] = ()  # ascending k, all at or after next_k
    absent: tuple[tuple[int, int], ...] = ()  # k, ticks that ran without it since it was due
    gap: Gap | None = None  # a detachment that was too long; sealed once what is held of before has entered
    sealed: tuple[int, ...] = ()  # sealed for lateness; text that still comes for them is not lost
    text: tuple[int, ...] = ()  # of those, waiting for room
    context: bytes = b""  # frames that end the newest micro-turn entered

    @property
    def wanted_k(self) -> int:
        """The first k whose input may still come."""
        k, held = self.first_open, {item.turn.k for item in self.ready}
        while k in held:
            k += 1
        return k

    @property
    def first_open(self) -> int:
        return self.gap.to_k + 1 if self.gap else self.next_k


def arrive(inbox: Inbox, arrived: Arrived) -> Inbox:
    """Take a micro-turn. One that is held or has entered is ignored; of one that was sealed only the text is taken."""
    k = arrived.turn.k
    if k in inbox.sealed:
        sealed = tuple(other for other in inbox.sealed if other != k)
        return replace(inbox, sealed=sealed, text=inbox.text + arrived.turn.text)
    if k < inbox.first_open or any(item.turn.k == k for item in inbox.ready):
        return inbox
    ready = (*inbox.ready, arrived)
    if inbox.ready and inbox.ready[-1].turn.k > k:
        ready = tuple(sorted(ready, key=lambda item: item.turn.k))
    return replace(inbox, ready=ready)


def forget_waiting(inbox: Inbox) -> Inbox:
    """A new attachment sends again whatever did not enter a tick; late text stays, for it may be accepted already."""
    return replace(inbox, ready=tuple(item for item in inbox.ready if item.again), absent=(), sealed=())


def count_absent(inbox: Inbox, last_due: int) -> Inbox:
    """One more tick ran without what was due. Only ticks that run count, so the server's lateness never seals."""
    held, counts = {item.turn.k for item in inbox.ready}, dict(inbox.absent)
    missing = [k for k in range(inbox.first_open, last_due + 1) if k not in held]
    if not (missing or counts):
        return inbox
    return replace(inbox, absent=tuple((k, counts.get(k, 0) + 1) for k in missing))


def take(inbox: Inbox, terms: Terms, last_due: int, *, closing: bool) -> tuple[Inbox, tuple[Arrived, ...], list[Gap]]:
    """What enters this tick: at most `coalesce_max` micro-turns in order, late ones as sealed silence.

    A micro-turn missing at `coalesce_max` ticks is sealed. While closing nothing more will come: holes are sealed.
    """
    if inbox.next_k > last_due:
        return inbox, (), []
    held, counts = {item.turn.k: item for item in inbox.ready}, dict(inbox.absent)
    taken: list[Arrived] = []
    gaps: list[Gap] = []
    k, most = inbox.next_k, terms.rules.coalesce_max
    last_held = max(held, default=-1)
    gap = inbox.gap
    while len(taken) < most and k <= last_due:
        if gap and k == gap.from_k:
            if taken:
                break  # their results come with the step, those of the gap at once: in ascending order
            gaps.append(gap)
            k, gap = gap.to_k, None
            held[k] = Arrived(turn=silence(k, _frames(taken, inbox, terms), terms))
        late = counts.get(k, 0) >= most or (closing and k < last_held)
        if k not in held and not late:
            break
        if k not in held:
            gaps.append(Gap(from_k=k, to_k=k, reason="late"))
        taken.append(held.pop(k, None) or Arrived(turn=silence(k, _frames(taken, inbox, terms), terms)))
        k += 1
    if not taken:
        return inbox, (), []
    taken, text = _with_late_text(taken, inbox.text, terms.limits.text_in_max)
    lost = tuple(gap.from_k for gap in gaps if gap.reason == "late")
    left = replace(
        inbox,
        next_k=k,
        ready=tuple(item for item in inbox.ready if item.turn.k >= k),
        absent=tuple((other, count) for other, count in inbox.absent if other >= k),
        gap=gap,
        sealed=(*inbox.sealed, *lost)[-terms.rules.waiting_max :] if lost else inbox.sealed,
        text=text,
        context=taken[-1].turn.audio[-terms.limits.context_bytes :],
    )
    return left, tuple(taken), gaps


def _frames(taken: list[Arrived], inbox: Inbox, terms: Terms) -> bytes:
    """The last ones before what enters next."""
    before = taken[-1].turn.audio if taken else b""
    return before[-terms.limits.context_bytes :] or inbox.context


def silence(k: int, context: bytes, terms: Terms) -> MicroTurn:
    """Flagged silence: code 0 after the frames that ended the micro-turn before."""
    if not terms.has_audio:
        return MicroTurn(k=k, gap=True)
    limits = terms.limits
    own = bytes(limits.audio_bytes - limits.context_bytes)
    return MicroTurn(k=k, audio=context.ljust(limits.context_bytes, b"\0") + own, gap=True)


def _with_late_text(taken: list[Arrived], text: tuple[int, ...], most: int) -> tuple[list[Arrived], tuple[int, ...]]:
    if not text:
        return taken, text
    filled = []
    for item in taken:
        room = most - len(item.turn.text)
        filled.append(replace(item, turn=replace(item.turn, text=item.turn.text + text[:room])) if room > 0 else item)
        text = text[max(room, 0) :]
    return filled, text
