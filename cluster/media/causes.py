"""Why a result was not out by its due time: one word for each miss, so that they can be counted by it. Pure."""

from __future__ import annotations

from cluster.media.egress import RESULT_LOST, Done
from cluster.types import MICRO_TURN_MS, Degradation, MissCause, Timing

_MS = 1_000_000
# What was lost says why, whatever its stages took; in this order.
_OF_LOSS: dict[str, MissCause] = {
    Degradation.INPUT_MISSING: MissCause.INPUT,
    RESULT_LOST: MissCause.TAKEOVER,
    Degradation.RECONSTRUCTED: MissCause.TAKEOVER,
    Degradation.EXPERT_DROPPED: MissCause.EXPERTS,
}
# What each stage may take of the time from cutoff to due.
SHARES = {
    MissCause.QUEUE: 0.15,
    MissCause.ENGINE: 0.4,
    MissCause.EXPERTS: 0.25,
    MissCause.VOICE: 0.1,
    MissCause.EGRESS: 0.1,
}


def cause_of(done: Done, *, ready_ns: int = 0, handed_ns: int = 0) -> MissCause:
    """Of a result that was missed: what it lacks, else who let it miss its tick, else the stage most over its share.

    ready_ns, handed_ns: when its input was complete at this ingest and when it was handed over; 0: not here.
    """
    result = done.result
    for what, cause in _OF_LOSS.items():
        if what in result.degradations:
            return cause
    if done.timing is Timing.SKIPPED:
        return MissCause.ENGINE  # it had its input and no step that went well
    late_ns = max(0, ready_ns - result.cutoff_ns)
    if late_ns + result.queue_ns > MICRO_TURN_MS * _MS // 2:
        return _why_not_in_its_tick(late_ns, handed_ns - result.cutoff_ns)
    spent_ns = {
        MissCause.QUEUE: result.queue_ns,
        MissCause.ENGINE: result.engine_ns - result.expert_ns,
        MissCause.EXPERTS: result.expert_ns,
        MissCause.VOICE: done.voice_ns,
        MissCause.EGRESS: done.egress_ns,
    }
    budget_ns = result.due_ns - result.cutoff_ns
    worst = max(spent_ns, key=lambda cause: spent_ns[cause] / SHARES[cause])
    if spent_ns[worst] > SHARES[worst] * budget_ns:
        return worst
    # no stage has it: it was under way between processes, or for a client that was away
    return MissCause.STORE if Degradation.VOLATILE in result.degradations else MissCause.EGRESS


def _why_not_in_its_tick(late_ns: int, handed_late_ns: int) -> MissCause:
    if late_ns > 0:
        return MissCause.INPUT
    return MissCause.INGEST if handed_late_ns > 0 else MissCause.QUEUE
