"""The owner's side of the journal: what is written, what waits, and how far the client may forget.

Records have indices without holes. All that a takeover would need are held here too, so that a store which comes back
without its newest ones is brought up to date. It skips what it has: a write may be repeated freely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.session.limits import SessionRules
from cluster.session.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Once record `index` is durable the client may forget so much."""

    index: int = -1
    through_seq: int = 0
    audio_samples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """`held` are the records base … next_index-1, of which the store is known to have those below `durable`."""

    base: int = 0
    held: tuple[bytes, ...] = ()
    durable: int = 0
    sent: int = 0  # records handed to the shell
    marks: tuple[Mark, ...] = ()  # of records that are not durable
    accepted: Mark = Mark()
    entered: tuple[tuple[int, int], ...] = ()  # (index, first k) of the held records in which micro-turns entered
    drop_below: int = 0
    volatile_since_ns: int = -1  # -1: the store answers
    retry_at: int = 0  # tick
    meta: bytes = b""  # terms the store does not have yet
    last: bool = False

    @property
    def next_index(self) -> int:
        return self.base + len(self.held)

    @property
    def waiting(self) -> tuple[bytes, ...]:
        return self.held[self.durable - self.base :]

    @property
    def volatile(self) -> bool:
        return self.volatile_since_ns >= 0

    @property
    def newest(self) -> Mark:
        return self.marks[-1] if self.marks else self.accepted

    @property
    def promised(self) -> Mark:
        """What the client may forget now: what is durable, or while the store is away what is held in memory."""
        return self.newest if self.volatile else self.accepted


def append(journal: Journal, data: bytes, *, ks: tuple[int, ...], through_seq: int, audio_samples: int) -> Journal:
    """Add the record of a tick in which micro-turns `ks` entered."""
    before, index = journal.newest, journal.next_index
    mark = Mark(
        index=index,
        through_seq=max(before.through_seq, through_seq),
        audio_samples=max(before.audio_samples, audio_samples),
    )
    return replace(
        journal,
        held=(*journal.held, data),
        marks=(*journal.marks, mark),
        entered=(*journal.entered, (index, ks[0])) if ks else journal.entered,
    )


def anchored(journal: Journal, tail_from_k: int) -> Journal:
    """Once the record appended next is durable, only records since micro-turn `tail_from_k` are needed."""
    older = [index for index, k in journal.entered if k <= tail_from_k]
    below = older[-1] if older else journal.drop_below
    return replace(
        journal, drop_below=below, entered=tuple((index, k) for index, k in journal.entered if index >= below)
    )


def write(journal: Journal, terms: Terms, n: int) -> tuple[Journal, JournalWrite | None]:
    """What to send in tick n: everything new; while the store is away, a try now and then."""
    if journal.volatile and n < journal.retry_at:
        return journal, None
    first = journal.durable if journal.volatile else journal.sent
    records = journal.held[first - journal.base :][: terms.rules.flush_records]
    if not records:
        return journal, None
    sent = first + len(records)
    asked = JournalWrite(
        session=terms.session,
        tenant=terms.tenant,
        epoch=terms.epoch,
        index=first,
        records=records,
        drop_below=journal.drop_below if sent == journal.next_index and journal.drop_below > journal.base else 0,
        meta=journal.meta,
        last=journal.last and sent == journal.next_index,
    )
    retry_at = n + terms.rules.volatile_retry_ticks if journal.volatile else 0
    return replace(journal, sent=sent, retry_at=retry_at), asked


def answered(journal: Journal, outcome: JournalOutcome, now_ns: int) -> Journal:
    """Learn from an outcome that is not FENCED."""
    if outcome.answer is Answer.UNAVAILABLE:
        since = journal.volatile_since_ns if journal.volatile else now_ns
        return replace(journal, sent=journal.durable, volatile_since_ns=since)
    durable = max(journal.base, min(outcome.next_index, journal.next_index))
    known = [mark for mark in journal.marks if mark.index < durable]
    anchor_is_durable = durable == journal.next_index
    base = max(journal.base, journal.drop_below) if anchor_is_durable else journal.base
    return replace(
        journal,
        base=base,
        held=journal.held[base - journal.base :],
        durable=durable,
        sent=max(journal.sent, durable) if durable >= journal.durable else durable,
        marks=journal.marks[len(known) :],
        accepted=known[-1] if known else journal.accepted,
        meta=b"",
        volatile_since_ns=-1 if durable == journal.next_index else journal.volatile_since_ns,
        retry_at=0,
    )


def over_limit(journal: Journal, rules: SessionRules, now_ns: int) -> bool:
    """More is volatile than may be."""
    if not journal.volatile:
        return False
    too_long = now_ns - journal.volatile_since_ns > rules.volatile_max_ms * 1_000_000
    return too_long or sum(map(len, journal.waiting)) > rules.volatile_max_bytes
