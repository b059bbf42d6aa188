"""Every miss has one cause: what was lost, who let it miss its tick, or the stage furthest over its share."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.media.causes import SHARES, cause_of
from cluster.media.egress import RESULT_LOST, Done, Result
from cluster.media.speech import Spoken
from cluster.types import Degradation, MissCause, Timing

MS = 1_000_000
CUTOFF_NS, DUE_NS = 1_000 * MS, 1_160 * MS


def done(*lacks: str, timing: Timing = Timing.LATE, voice_ms: int = 1, egress_ms: int = 1, **stages_ms: int) -> Done:
    stages: dict[str, Any] = {f"{stage}_ns": ms * MS for stage, ms in stages_ms.items()}
    result = Result(k=4, epoch=1, due_ns=DUE_NS, cutoff_ns=CUTOFF_NS, degradations=lacks, **stages)
    return Done(
        result=result,
        spoken=Spoken(),
        timing=timing,
        lateness_ns=20 * MS,
        first_sample=0,
        voice_ns=voice_ms * MS,
        egress_ns=egress_ms * MS,
    )


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        (Degradation.INPUT_MISSING, MissCause.INPUT),
        (Degradation.EXPERT_DROPPED, MissCause.EXPERTS),
        (Degradation.RECONSTRUCTED, MissCause.TAKEOVER),
        (RESULT_LOST, MissCause.TAKEOVER),
    ],
)
@pytest.mark.parametrize("timing", [Timing.LATE, Timing.SKIPPED, Timing.COALESCED])
def test_what_was_lost_is_the_cause_whatever_the_stages_took(what: str, cause: MissCause, timing: Timing) -> None:
    assert cause_of(done(what, timing=timing, engine=500)) is cause


def test_a_step_that_was_lost_is_the_engines() -> None:
    assert cause_of(done(timing=Timing.SKIPPED)) is MissCause.ENGINE


@pytest.mark.parametrize(
    ("stages", "cause"),
    [
        ({"queue": 60, "engine": 60, "expert": 20}, MissCause.QUEUE),
        ({"queue": 5, "engine": 150, "expert": 40}, MissCause.ENGINE),
        ({"queue": 5, "engine": 150, "expert": 90}, MissCause.EXPERTS),
        ({"engine": 40, "expert": 20, "voice_ms": 90}, MissCause.VOICE),
        ({"engine": 40, "expert": 20, "egress_ms": 90}, MissCause.EGRESS),
    ],
)
def test_otherwise_it_is_the_stage_furthest_over_its_share(stages: dict[str, int], cause: MissCause) -> None:
    assert cause_of(done(**stages)) is cause


def test_a_long_stage_within_its_share_is_not_to_blame() -> None:
    assert cause_of(done(engine=50, queue=30)) is MissCause.QUEUE  # 30 of 24 ms, 50 of 64 ms


@pytest.mark.parametrize(
    ("ready_ms", "handed_ms", "queue_ms", "cause"),
    [(1_015, 1_016, 185, MissCause.INPUT), (995, 1_030, 200, MissCause.INGEST), (990, 991, 200, MissCause.QUEUE)],
)
def test_who_missed_its_tick_is_not_the_queues_fault_where_it_came_too_late_for_it(
    ready_ms: int, handed_ms: int, queue_ms: int, cause: MissCause
) -> None:
    late = done(timing=Timing.COALESCED, queue=queue_ms, engine=30)
    assert cause_of(late, ready_ns=ready_ms * MS, handed_ns=handed_ms * MS) is cause


def test_input_that_came_late_and_was_in_its_tick_all_the_same_is_not_the_cause() -> None:
    assert cause_of(done(engine=170), ready_ns=CUTOFF_NS + MS, handed_ns=CUTOFF_NS + 2 * MS) is MissCause.ENGINE


def test_what_no_stage_accounts_for_was_on_its_way_out_unless_the_store_was_away() -> None:
    assert cause_of(done(engine=20)) is MissCause.EGRESS
    assert cause_of(done(Degradation.VOLATILE, engine=20)) is MissCause.STORE
    assert cause_of(done(Degradation.VOLATILE, engine=150)) is MissCause.ENGINE


def test_the_shares_are_the_whole_time() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)
