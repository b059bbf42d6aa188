"""A session that lost its epoch, its attachment, its store or the newest of what was stored."""

from __future__ import annotations

import pytest
from core_rig import Rig

from cluster.session.commands import Command, JournalWrite, OpenGranted, SessionEnded
from cluster.session.limits import SessionRules


@pytest.mark.parametrize("loser", ["live", "stale"])
async def test_an_event_of_another_epoch_or_attachment_has_no_effect(loser: str) -> None:
    rig = Rig()
    await rig.open()
    before = rig.core.session("s")
    if loser == "stale":
        rig.epoch["s"] = 9
    else:
        rig.attachment["s"] = 5
    assert await rig.turn(0) == []
    assert await rig.close() == []
    assert rig.core.session("s") == before


async def test_more_than_may_be_volatile_ends_the_session() -> None:
    rig = Rig(rules=SessionRules(volatile_max_bytes=2_000))
    await rig.open()
    await rig.set_store("down")
    told: list[Command] = []
    for _ in range(40):
        if "s" in rig.core and not rig.core.session("s").ended:
            await rig.turn(rig.k()) if rig.k() >= 0 else None
            told += await rig.tick()
    assert [out.code for out in told if isinstance(out, SessionEnded)] == ["resync_required"]
    await rig.tick()
    assert "s" not in rig.core


async def test_a_store_that_comes_back_without_its_newest_records_is_brought_up_to_date() -> None:
    rig = Rig()
    await rig.open()
    for _ in range(8):
        if rig.k() >= 0:
            await rig.turn(rig.k())
        await rig.tick()
    held = rig.store._held["default", "s"]
    whole = list(held.records)
    del held.records[2:]
    for _ in range(3):
        await rig.turn(rig.k())
        told = await rig.tick()
    assert [out.index for out in told if isinstance(out, JournalWrite)]
    assert held.records[: len(whole)] == whole
    assert not rig.core.session("s").journal.waiting


async def test_a_stream_lost_right_after_a_long_absence_costs_its_client_nothing() -> None:
    rig = Rig()
    rig.say = {2: (7,)}
    await rig.open()
    while rig.k() <= 2:
        if rig.k() >= 0:
            await rig.turn(rig.k())
        await rig.tick()
    await rig.detach()
    rig.n += 250  # fifty seconds
    await rig.reattach(1)
    for _ in range(3):
        await rig.turn(rig.k())
        await rig.tick()
    sealed = [result.k for result in rig.results()]
    await rig.detach()  # and none of it came through
    rig.told = []
    told = await rig.reattach(1)
    told += await rig.tick()
    (granted,) = [out for out in told if isinstance(out, OpenGranted)]
    assert [result.k for result in granted.replay] == list(range(2, sealed[-1] + 1))
    assert granted.replay[0].tokens == (7,)
    other = rig.new_core(engine_epoch=2)
    other.adopt(await rig.store.load("default", "s"), 2, rig.now_ns)
    assert {result.k for result in other.session("s").results} >= set(range(2, 200))
