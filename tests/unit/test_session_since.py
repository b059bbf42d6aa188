"""How long ago: what a micro-turn is told of the session's past stays true through outputs, anchors and owners."""

from __future__ import annotations

from dataclasses import replace

from core_rig import KEEP, LIMITS, RELEASE, Rig

from cluster.session.commands import Command
from cluster.session.limits import SessionRules
from cluster.session.replay import replay_machine
from cluster.types import SlotWork

RULES = SessionRules(tells_since=True)


def told(work: list[Command]) -> dict[int, tuple[int, int]]:
    """Since output and since kept of each live micro-turn."""
    turns = [turn for each in work if isinstance(each, SlotWork) for turn in each.turns]
    return {turn.k: (turn.since_output, turn.since_kept) for turn in turns}


async def run(rig: Rig, until: int) -> dict[int, tuple[int, int]]:
    """Every micro-turn in its own tick up to `until`."""
    found: dict[int, tuple[int, int]] = {}
    while rig.k() < until:
        if rig.k() >= 0:
            await rig.turn(rig.k())
        found |= told(await rig.tick())
    return found


async def test_it_is_told_since_the_last_output_and_since_the_newest_request_was_kept() -> None:
    rig = Rig(
        rules=RULES, limits=replace(LIMITS, pins_max=12), say={3: (KEEP,), 6: (7,), 8: (KEEP,), 10: (RELEASE, RELEASE)}
    )
    await rig.open()
    found = await run(rig, 13)
    assert [since for since, _ in found.values()] == [1, 2, 3, 4, 1, 2, 3, 1, 2, 1, 2, 1, 2]
    assert [kept for _, kept in found.values()] == [0, 0, 0, 0, 1, 2, 3, 4, 5, 1, 2, 0, 0]


async def test_a_minute_of_silence_is_counted_across_every_anchor_and_replays() -> None:
    rig = Rig(rules=RULES, say={2: (KEEP,), 5: (7,)}, keep_history=True)
    await rig.open()
    found = await run(rig, 300)
    assert found[299] == (294, 297)
    anchored = [result for result in rig.results() if "anchored" in result.events]
    assert len(anchored) > 10  # the window holds 16
    replay_machine(rig.history["s"])


async def test_a_pin_in_a_new_context_keeps_what_it_was_told_then() -> None:
    rig = Rig(rules=RULES, say={2: (KEEP,)})
    await rig.open()
    await run(rig, 60)
    (pin,) = rig.core.session("s").context.pins
    assert pin[-1].turn.since_output == 3
    assert rig.core.session("s").context.head == pin


async def test_a_new_owner_goes_on_with_the_same_figures() -> None:
    rig = Rig(rules=RULES, say={2: (KEEP,), 5: (7,)})
    await rig.open()
    await run(rig, 100)
    stored = await rig.store.load("default", "s")
    rig.core = rig.new_core(engine_epoch=2)
    rig.epoch["s"] = await rig.store.claim("default", "s", held=stored.epoch, owner="second")
    await rig.carry_out(rig.core.adopt(await rig.store.load("default", "s"), rig.epoch["s"], rig.now_ns))
    rig.attachment["s"] = 0
    commands = await rig.reattach(99)
    for _ in range(6):
        commands += await rig.tick()
        await rig.turn(rig.k())
    found = told(commands)
    assert found[max(found)] == (max(found) - 5, max(found) - 2)


async def test_sessions_of_before_are_told_nothing() -> None:
    rig = Rig(say={2: (KEEP,)})
    await rig.open()
    assert set((await run(rig, 10)).values()) == {(0, 0)}


async def test_who_enters_together_or_after_a_step_that_failed_is_told_the_truth() -> None:
    rig = Rig(rules=RULES, say={2: (KEEP,), 5: (7,)})
    await rig.open()
    await run(rig, 9)
    for k in (9, 10, 11):  # late, and then all at once
        rig.n += k < 11
        await rig.turn(k)
    found = told(await rig.tick(fail="the engine fell over"))
    assert found == {9: (4, 7), 10: (5, 8), 11: (6, 9)}
    commands: list[Command] = []
    while not told(commands):
        await rig.turn(rig.k())
        commands += await rig.tick()
    assert told(commands) == {k: (k - 5, k - 2) for k in told(commands)}


async def test_a_request_that_was_refused_a_pin_is_not_counted_from() -> None:
    rig = Rig(rules=RULES, say={3: (KEEP,), 8: (KEEP,)})  # quiet pins fill the room for four micro-turns
    await rig.open()
    found = await run(rig, 12)
    assert "keep_refused" in [event for result in rig.results() for event in result.events]
    assert found[11] == (3, 8)
