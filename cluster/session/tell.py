"""What a session tells its client, and what it keeps for one that comes back."""

from __future__ import annotations

from cluster.session.commands import AcceptedThrough, Result
from cluster.session.journal import Journal
from cluster.session.state import Session
from cluster.types import Timing

MOST = 4_096  # results kept in any case: an absence of 13 minutes


def remember(state: Session, results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The results kept for a client that comes back, with these."""
    return newest((*state.results, *results), state.terms.rules.replay_turns)


def newest(results: tuple[Result, ...], ran: int) -> tuple[Result, ...]:
    """So many that ran, and the skipped ones among them: a long absence, sealed at once, pushes nothing out that its
    client has not had, should the stream on which it came back be lost as well.
    """
    for at in range(len(results) - 1, -1, -1):
        ran -= results[at].timing is not Timing.SKIPPED
        if not ran:
            return results[at:][-MOST:]
    return results[-MOST:]


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
