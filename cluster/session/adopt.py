"""A session from its journal: what a new owner does after a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cluster.errors import ResyncRequired
from cluster.session.context import Anchor, Context, lose_kv, open_context
from cluster.session.controls import KNOWN
from cluster.session.inbox import Arrived, Inbox
from cluster.session.journal import Journal, Mark
from cluster.session.outcome import enter
from cluster.session.record import RECORDS, Record
from cluster.session.state import Session, Stream
from cluster.session.tell import newest
from cluster.session.terms import PERIOD_NS, Terms
from cluster.types import ContextTurn, MicroTurn


def adopt(
    terms: Terms, records: Sequence[bytes], *, base: int, slots: tuple[int, int], meta: bytes, now_ns: int
) -> Session:
    """The session as its records tell, detached, its KV to be built anew.

    Micro-turns that entered but have no result run again; their results are marked as reconstructed. `terms` hold the
    new epoch, `meta` is their encoding. Raises ResyncRequired if the records do not reach back to an anchor.
    """
    read = [RECORDS.decode(data) for data in records]
    context, open_turns = open_context(*slots, terms.prefix), dict[int, MicroTurn]()
    anchored = base == 0
    for record in read:
        for result in record.results:
            if result.k in open_turns:
                context, _ = enter(context, terms, ContextTurn(turn=open_turns.pop(result.k), out=result.tokens))
        for control in record.controls:
            if control.kind == "update_instructions":
                context = replace(context, wanted_prefix=control.prefix)
        if record.anchor:
            context, anchored = _anchor(context, record.anchor), True
        open_turns |= {turn.k: turn for turn in record.turns}
    if not anchored:
        raise ResyncRequired(f"session {terms.session}: its journal begins at record {base}, after its anchor")
    return Session(
        terms=terms,
        context=lose_kv(context),
        stream=Stream(attachment=0, attached=False, detached_ns=min(now_ns, terms.cutoff_ns(_next_k(read) - 1))),
        inbox=_inbox(read, tuple(open_turns.values()), terms),
        journal=_journal(read, records, base, meta),
        results=newest(tuple(result for record in read for result in record.results), terms.rules.replay_turns),
        known_controls=tuple(control.seq for record in read for control in record.controls)[-KNOWN:],
        started_ns=terms.media_epoch_ns,
        heard_ns=now_ns,
    )


def carried_over(terms: Terms, records: Sequence[bytes], *, unix_zero_ns: int, now_ns: int) -> int:
    """Media time 0 of a session of another boot, by a clock that read 0 at `unix_zero_ns` of the time of day.

    Nothing that has entered lies in the future, even where the time of day was set back. Raises ResyncRequired where
    no time of day is known.
    """
    if not (terms.unix_epoch_ns and unix_zero_ns):
        raise ResyncRequired(f"session {terms.session}: its media clock is of another boot; open a new one")
    entered_k = _next_k([RECORDS.decode(data) for data in records])
    return min(terms.unix_epoch_ns - unix_zero_ns, now_ns - entered_k * PERIOD_NS)


def _next_k(read: list[Record]) -> int:
    return max((turn.k for record in read for turn in record.turns), default=-1) + 1


def _anchor(context: Context, anchor: Anchor) -> Context:
    return replace(
        context,
        prefix=anchor.prefix,
        head=anchor.head,
        pins=anchor.pins,
        tail=tuple(item for item in context.tail if item.turn.k >= anchor.tail_from_k),
    )


def _inbox(read: list[Record], again: tuple[MicroTurn, ...], terms: Terms) -> Inbox:
    turns = [turn for record in read for turn in record.turns]
    open_ks = {turn.k for turn in again}
    entered = [turn for turn in turns if turn.k not in open_ks]
    next_k = max((turn.k for turn in entered), default=-1) + 1
    frames = entered[-1].audio[-terms.limits.context_bytes :] if entered else b""
    return Inbox(next_k=next_k, ready=tuple(Arrived(turn=turn, again=True) for turn in again), context=frames)


def _journal(read: list[Record], records: Sequence[bytes], base: int, meta: bytes) -> Journal:
    end = base + len(records)
    return Journal(
        base=base,
        held=tuple(records),
        durable=end,
        sent=end,
        accepted=Mark(
            index=end - 1,
            through_seq=max((record.through_seq for record in read), default=0),
            audio_samples=max((record.audio_samples for record in read), default=0),
        ),
        entered=tuple((base + i, record.turns[0].k) for i, record in enumerate(read) if record.turns),
        drop_below=base,
        meta=meta,
    )
