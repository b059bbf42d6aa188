"""What a session tells its client, and what it keeps for one that comes back."""

from __future__ import annotations

from cluster.session.commands import AcceptedThrough, Result
from cluster.session.journal import Journal
from cluster.session.state import Session


def remember(state: Session, results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The results kept for a client that comes back, with these."""
    return (*state.results, *results)[-state.terms.rules.replay_turns :]


def told(state: Session, results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Those that go out: somebody listens, and has not had them from a former owner."""
    if not state.stream.listening:
        return ()
    return tuple(result for result in results if result.k > state.stream.received_k)


def accepted(state: Session, before: Journal, after: Journal) -> tuple[AcceptedThrough, ...]:
    """News about what the client may forget. It never goes back, and beyond the journal only as `volatile`."""
    was, promised, terms = before.promised, after.promised, state.terms
    news = (promised.through_seq, after.volatile) != (was.through_seq, before.volatile)
    if not (news and state.stream.listening) or promised.through_seq < was.through_seq:
        return ()
    return (
        AcceptedThrough(
            session=terms.session,
            epoch=terms.epoch,
            attachment=state.stream.attachment,
            through=promised.through_seq,
            audio_samples=promised.audio_samples,
            volatile=after.volatile,
        ),
    )
