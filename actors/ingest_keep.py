"""Recent output of sessions whose client left, so that one that comes back to this ingest hears the rest as it was."""

from __future__ import annotations

from collections import OrderedDict

from actors.ingest_egress import Kept
from cluster.media.spec import AudioFormat

_MAX_SESSIONS = 256


class Keep:
    """for_ns: how long a session without a client lives."""

    def __init__(self, for_ns: int) -> None:
        self._for_ns = for_ns
        self._held: OrderedDict[str, tuple[int, AudioFormat | None, Kept]] = OrderedDict()

    def put(self, session: str, out: AudioFormat | None, kept: Kept, now_ns: int) -> None:
        self._held[session] = now_ns + self._for_ns, out, kept
        self._held.move_to_end(session)
        while len(self._held) > _MAX_SESSIONS or next(iter(self._held.values()))[0] < now_ns:
            self._held.popitem(last=False)

    def forget(self, session: str) -> None:
        self._held.pop(session, None)

    def take(self, session: str, out: AudioFormat | None, received_k: int) -> Kept | None:
        """What was kept, if its output track is the same and no other ingest has served the client since."""
        _, kept_out, kept = self._held.pop(session, (0, None, None))
        return kept if kept is not None and kept_out == out and received_k < kept.next_k else None
