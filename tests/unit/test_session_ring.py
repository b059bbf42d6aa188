"""A scheduler dies between a result and its record: what the client was told is not made up anew."""

from __future__ import annotations

from dataclasses import replace

from core_rig import KEEP, Rig

from cluster.session.commands import OpenGranted, SlotWork
from cluster.session.replay import replay_machine
from cluster.types import Degradation

SAID = (7, 8)


async def taken_over(rig: Rig, *, ring: bool) -> list[SlotWork]:
    """Five micro-turns, the words of the last in nobody's journal; then another owner. Returns what its engine does."""
    rig.say = {4: SAID}
    await rig.open()
    for k in range(5):
        await rig.turn(k)
    while rig.k() <= 4:
        await rig.tick()
    sent = tuple(rig.results()[-2:]) if ring else ()
    assert rig.results()[-1].tokens == SAID
    rig.epoch["s"] = await rig.store.claim("default", "s", held=1, owner="other")
    rig.core = rig.new_core(engine_epoch=2)
    await rig.carry_out(rig.core.adopt(await rig.store.load("default", "s"), rig.epoch["s"], rig.now_ns))
    rig.told = []  # and the model would say the same again, if it had the room
    await rig.reattach(4, ring=sent, seat=1)
    work = []
    for k in range(5, 9):
        await rig.turn(k)
        work += [command for command in await rig.tick() if isinstance(command, SlotWork)]
    return work


def ran(work: list[SlotWork]) -> list[int]:
    return [turn.k for one in work for turn in one.turns]


def context(rig: Rig) -> list[tuple[int, ...]]:
    return [item.out for item in rig.core.session("s").context.tail if item.turn.k == 4]


async def test_the_words_the_client_has_stand_in_the_context_and_their_micro_turn_does_not_run_again() -> None:
    rig = Rig(keep_history=True)
    work = await taken_over(rig, ring=True)
    assert ran(work) == [5, 6, 7, 8]
    assert [item.out for one in work for run in one.prefills for item in run.items if item.turn.k == 4] == [SAID]
    assert context(rig) == [SAID]
    assert [result.k for result in rig.results()] == [5, 6, 7, 8]
    other = rig.new_core(engine_epoch=3)
    other.adopt(await rig.store.load("default", "s"), 3, rig.now_ns)
    assert [(result.tokens, result.degradations) for result in other.session("s").results if result.k == 4] == [
        (SAID, ())
    ]
    assert replay_machine(rig.history["s"]) == rig.core.session("s")


async def test_where_the_ring_is_lost_with_its_owner_the_micro_turn_is_made_again_unsent_and_marked() -> None:
    rig = Rig()
    assert ran(await taken_over(rig, ring=False)) == [4, 5, 6, 7, 8]
    assert context(rig) == [()]  # it ran together with the next one, so there was no pass for its words
    again = next(result for result in rig.core.session("s").results if result.k == 4)
    assert Degradation.RECONSTRUCTED in again.degradations
    assert [result.k for result in rig.results()] == [5, 6, 7, 8]


async def test_a_ring_changes_nothing_where_the_owner_lives() -> None:
    rig = Rig()
    rig.say = {0: (KEEP,)}
    await rig.open()
    await rig.turn(0)
    while rig.k() <= 0:
        await rig.tick()
    before = rig.core.session("s")
    told = await rig.reattach(0, ring=tuple(replace(result, tokens=(1,)) for result in rig.results()), seat=1)
    assert rig.core.session("s").context == before.context
    assert rig.core.session("s").results == before.results
    told += await rig.tick()
    assert [out.seat for out in told if isinstance(out, OpenGranted)] == [1]
