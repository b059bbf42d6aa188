"""What a session tells its client, and what it keeps for one that comes back."""

from __future__ import annotations

from dataclasses import replace

from cluster.session.commands import AcceptedThrough, Result
from cluster.session.journal import Journal
from cluster.session.state import Session


def tell_results(state: Session, results: tuple[Result, ...]) -> tuple[Session, tuple[Result, ...]]:
    """Keep results for the journal and for a client that comes back, and send them if one is there."""
    kept = (*state.results, *results)[-state.terms.rules.replay_turns :]
    state = replace(state, results=kept, fresh=(*state.fresh, *results))
    told = tuple(result for result in results if result.k > state.stream.received_k)
    return state, told if state.stream.listening else ()


def accepted(state: Session, before: Journal) -> tuple[AcceptedThrough, ...]:
    """News about what the client may forget. It never goes back, and beyond the journal only as `volatile`."""
    promised, terms = state.journal.promised, state.terms
    news = (promised.through_seq, state.journal.volatile) != (before.promised.through_seq, before.volatile)
    if not (news and state.stream.listening) or promised.through_seq < before.promised.through_seq:
        return ()
    return (
        AcceptedThrough(
            session=terms.session,
            epoch=terms.epoch,
            attachment=state.stream.attachment,
            through=promised.through_seq,
            audio_samples=promised.audio_samples,
            volatile=state.journal.volatile,
        ),
    )
