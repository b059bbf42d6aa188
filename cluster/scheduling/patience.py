"""How long a tick waits, beyond its start, for input that is on its way."""

from __future__ import annotations

from collections.abc import Collection

_SHARE = 4  # one of so many sessions late together
_DEBT, _TRUSTED = 4, 8  # a late tick adds that much, each tick takes one away; who owes more is not waited for


class Patience:
    """A quarter of all sessions, and never one among others, is late together only by the fault of what they share, an
    ingest or the machine: without a wait each would lose a whole tick for a millisecond. A client that is late by
    itself keeps nobody waiting, and nor do several, but for more than half of all, that are late more often than at
    one tick of four.
    """

    def __init__(self, grace_ns: int) -> None:
        self._grace_ns = grace_ns
        self._n, self._awaited = -1, frozenset[str]()
        self._debts: dict[str, int] = {}

    def ns(self, n: int, *, late: Collection[str], of: int, room_ns: int) -> int:
        """Nanoseconds beyond the start of tick n, where it is to be asked first; 0 once nobody is waited for.

        late: of so many sessions that are listened to, those whose newest micro-turn alone is not here. room_ns: what
        is left until results have to leave, after a step like the last one.
        """
        if n != self._n:
            self._n = n
            self._debts = {session: debt - 1 for session, debt in self._debts.items() if debt > 1}
            self._debts |= {session: min(self._debts.get(session, 0), _TRUSTED) + _DEBT for session in late}
            trusted = {session for session in late if self._debts[session] <= _TRUSTED}
            together = len(trusted) > 1 and len(trusted) * _SHARE >= of
            self._awaited = frozenset(late) if len(late) * 2 > of else frozenset(trusted) if together else frozenset()
        return 0 if self._awaited.isdisjoint(late) else max(0, min(self._grace_ns, room_ns))
