"""A session whose machine was started again: its media clock is carried over by the time of day."""

from __future__ import annotations

import pytest
from core_rig import PERIOD_NS, Rig

from cluster.errors import ResyncRequired
from cluster.session.commands import OpenGranted, Sealed, SlotWork
from cluster.session.replay import replay_machine
from cluster.types import Degradation, Timing

S = 1_000_000_000
NOON = 1_800_000_000 * S  # the time of day at which the first boot's clock was 0


async def rebooted(after_s: float, *, set_back_s: float = 0) -> Rig:
    """Five micro-turns, the last without its result in the journal; then another boot so much later."""
    rig = Rig(clock="first boot", unix_zero_ns=NOON, keep_history=True)
    await rig.open()
    for k in range(5):
        await rig.turn(k)
    while rig.k() <= 4:
        await rig.tick()
    now_ns = NOON + rig.n * PERIOD_NS
    rig.n = 40  # eight seconds after it started
    rig.clock, rig.unix_zero_ns = "second boot", now_ns + int((after_s - set_back_s) * S) - rig.n * PERIOD_NS
    rig.core = rig.new_core()
    return rig


async def resumed(rig: Rig) -> OpenGranted:
    stored = await rig.store.load("default", "s")
    rig.epoch["s"] = await rig.store.claim("default", "s", held=stored.epoch, owner="second")
    await rig.carry_out(rig.core.adopt(await rig.store.load("default", "s"), rig.epoch["s"], rig.now_ns))
    rig.attachment["s"] = 0
    said = await rig.reattach(3)
    while not any(isinstance(out, OpenGranted) for out in said):
        said += await rig.tick()
    return next(out for out in said if isinstance(out, OpenGranted))


@pytest.mark.parametrize("after_s", [0.7, 33.3])
async def test_it_goes_on_and_its_elapsed_time_is_true(after_s: float) -> None:
    rig = await rebooted(after_s)
    granted = await resumed(rig)
    terms = rig.core.session("s").terms
    media_s = (rig.now_ns - granted.media_epoch_ns) / S
    assert media_s == pytest.approx(5 * 0.2 + 0.03 + after_s, abs=0.3)
    assert (granted.media_epoch_ns + terms.jitter_ms * 1_000_000) % PERIOD_NS == 0
    first = granted.next_k
    for k in range(first, first + 30):
        await rig.turn(k)
    while rig.k() < first + 30:
        await rig.tick()
    results = [result for result in rig.results() if result.epoch == granted.epoch]
    assert [result.k for result in results] == list(range(4, first + 30))
    assert Degradation.RECONSTRUCTED in results[0].degradations
    assert results[-1].timing is Timing.ON_TIME
    gaps = [out for out in rig.told if isinstance(out, Sealed)]
    if after_s < 2:
        assert not gaps
    else:  # as one flagged silence, not as minutes of it
        assert [(gap.from_k, gap.reason) for gap in gaps] == [(5, "detached")]
        assert gaps[0].to_k == first - 1
        assert first > 100
    assert replay_machine(rig.history["s"]).terms == terms


async def test_what_entered_never_lies_in_the_future_though_the_time_of_day_was_set_back() -> None:
    rig = await rebooted(1.0, set_back_s=3_600)
    granted = await resumed(rig)
    assert granted.next_k == 5
    await rig.turn(5)
    told = [out for _ in range(3) for out in await rig.tick()]
    assert 5 in [turn.k for out in told if isinstance(out, SlotWork) for turn in out.turns]


async def test_a_journal_that_knows_no_time_of_day_must_be_begun_anew() -> None:
    rig = await rebooted(1.0)
    rig.unix_zero_ns = 0
    rig.core = rig.new_core()
    with pytest.raises(ResyncRequired, match="its media clock is of another boot"):
        await resumed(rig)
    assert len(rig.core) == 0
