"""What holds for a session whatever its client, the store, the engine and the clock do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from core_rig import KEEP, LOUD, QUIET, RELEASE, Rig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.session.commands import AcceptedThrough, Command, OpenGranted, Result, Sealed
from cluster.session.context import build_items
from cluster.session.history import witness
from cluster.session.limits import SessionRules
from cluster.session.replay import replay_machine
from cluster.types import SlotWork

RULES = SessionRules(
    tells_since=True,
    volatile_retry_ticks=2,
    failures_max=1_000,
    detached_max_ms=10**9,
    idle_max_ms=10**9,
    replay_turns=10_000,
)
K = st.integers(0, 3)  # micro-turns before the one due

ACTION = st.one_of(
    st.just(("tick",)),
    st.just(("give",)),
    st.just(("give",)),
    st.tuples(st.just("turn"), K, st.booleans()),
    st.tuples(st.just("ahead"), st.integers(1, 4)),
    st.tuples(st.just("skip"), st.integers(1, 4)),
    st.tuples(st.just("gone"), st.integers(1, 15)),
    st.tuples(st.just("say"), st.sampled_from([(7,), (7, 8), (KEEP,), (RELEASE,), (KEEP, 7)])),
    st.tuples(st.just("store"), st.sampled_from(["up", "down", "slow"])),
    st.just(("fail",)),
    st.just(("refuse",)),
    st.just(("engine",)),
    st.tuples(st.just("control"), st.integers(2, 60)),
    st.just(("detach",)),
    st.tuples(st.just("reattach"), st.integers(0, 5)),
)
ACTIONS = st.lists(ACTION, min_size=5, max_size=60)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Life:
    """One session through a list of actions, with all that was told."""

    def __init__(self) -> None:
        self.rig = Rig(rules=RULES, keep_history=True)
        self.all: list[Command] = []
        self.engines = 1
        self.beliefs: list[Callable[[Life], None]] = []

    async def run(self, actions: list[tuple[Any, ...]]) -> Life:
        self.all += await self.rig.open()
        for name, *values in actions:
            if "s" not in self.rig.core:
                break
            self.all += await getattr(self, f"_{name}")(*values)
            for belief in self.beliefs:
                belief(self)
        self.all += await self.rig.set_store("up")
        for belief in self.beliefs if "s" in self.rig.core else ():
            belief(self)
        return self

    async def _tick(self) -> list[Command]:
        return await self.rig.tick()

    async def _give(self) -> list[Command]:
        return [*await self._turn(0, False), *await self.rig.tick()]

    async def _turn(self, back: int, loud: bool) -> list[Command]:
        k = self.rig.k() - back
        return await self.rig.turn(k, audio=LOUD if loud else QUIET, text=(3,)) if k >= 0 else []

    async def _ahead(self, by: int) -> list[Command]:
        return await self.rig.turn(max(0, self.rig.k() + by))

    async def _skip(self, count: int) -> list[Command]:
        self.rig.n += count
        return []

    async def _gone(self, ticks: int) -> list[Command]:
        told = await self.rig.detach()
        for _ in range(ticks):
            told += await self.rig.tick()
        return told

    async def _say(self, tokens: tuple[int, ...]) -> list[Command]:
        self.rig.say[max(0, self.rig.k())] = tokens
        return []

    async def _hush(self) -> list[Command]:
        self.rig.say.clear()
        return []

    async def _store(self, state: str) -> list[Command]:
        return await self.rig.set_store(state)

    async def _fail(self) -> list[Command]:
        return await self.rig.tick(fail="broken")

    async def _refuse(self) -> list[Command]:
        return await self.rig.tick(refuse=["s"])

    async def _engine(self) -> list[Command]:
        self.engines += 1
        return await self.rig.carry_out(self.rig.core.engine_replaced(self.engines, self.rig.now_ns))

    async def _control(self, seq: int) -> list[Command]:
        prefix = tuple(range(seq % 5))
        kind = "update_instructions" if seq % 2 else "ping"
        return await self.rig.control(seq=seq, control_id=str(seq), kind=kind, prefix=prefix)

    async def _detach(self) -> list[Command]:
        return await self.rig.detach()

    async def _reattach(self, unheard: int) -> list[Command]:
        return await self.rig.reattach(max(-1, self.rig.core.session("s").answered_k - unheard))


def live(actions: list[tuple[Any, ...]], *beliefs: Callable[[Life], None]) -> Life:
    life = Life()
    life.beliefs += beliefs
    return asyncio.run(life.run(actions))


@QUICK
@given(ACTIONS)
def test_every_micro_turn_has_one_result_and_they_ascend(actions: list[tuple[Any, ...]]) -> None:
    life = live(actions)
    kept = [result.k for result in life.rig.core.session("s").results]
    assert kept == list(range(len(kept)))
    sent: list[int] = []
    for out in life.all:
        if isinstance(out, OpenGranted) and out.resumed:
            replayed = [result.k for result in out.replay]
            first = replayed[0] if replayed else life.rig.core.session("s").answered_k + 1
            sent = [k for k in sent if k < first] + replayed
        elif isinstance(out, Result):
            assert out.k == (sent[-1] + 1 if sent else 0)
            sent.append(out.k)


@QUICK
@given(ACTIONS)
def test_acceptance_never_goes_back_and_goes_beyond_the_journal_only_as_volatile(
    actions: list[tuple[Any, ...]],
) -> None:
    seen = {"through": 0, "durable": 0}

    def believe(life: Life) -> None:
        """What is durable grows with every record that carries input."""
        journal = life.rig.core.session("s").journal if "s" in life.rig.core else None
        if journal:
            seen["durable"] = max(seen["durable"], journal.accepted.through_seq)

    life = live(actions, believe)
    for out in life.all:
        if isinstance(out, AcceptedThrough):
            assert out.through >= seen["through"]
            seen["through"] = out.through
            assert out.volatile or out.through <= seen["durable"]


@QUICK
@given(ACTIONS)
def test_the_live_slot_holds_exactly_what_the_context_says(actions: list[tuple[Any, ...]]) -> None:
    """An engine that does only what it is told has the head and the tail in the live slot, each micro-turn once."""
    slots: dict[int, list[int]] = {}
    seen = 0

    def follow(life: Life) -> None:
        nonlocal seen
        for work in life.all[seen:]:
            if isinstance(work, SlotWork):
                obey(work)
        seen = len(life.all)
        context = life.rig.core.session("s").context
        if not context.blocked and slots:
            assert slots[context.live] == [item.turn.k for item in (*context.head, *context.tail)]

    def obey(work: SlotWork) -> None:
        for slot in work.free:
            slots.pop(slot, None)
        for run in work.prefills:
            held = [] if run.reset else slots[run.slot]
            assert run.index == len(held)
            slots[run.slot] = held + [item.turn.k for item in run.items]
        for turn in work.turns:
            slots[work.slot].append(turn.k)

    live(actions, follow)


@QUICK
@given(ACTIONS)
def test_contexts_stay_bounded(actions: list[tuple[Any, ...]]) -> None:
    def bounded(life: Life) -> None:
        state = life.rig.core.session("s")
        limits, context = state.terms.limits, state.context
        assert len(context.head) <= limits.pins_max
        assert sum(map(len, context.pins)) <= limits.pins_max * max(1, len(context.pins))
        assert len(context.tail) <= 2 * limits.window
        if context.build:
            assert context.build.done <= len(build_items(context, context.build))

    live(actions, bounded)


@QUICK
@given(ACTIONS)
def test_any_history_replays_to_the_same_state(actions: list[tuple[Any, ...]]) -> None:
    life = live(actions)
    again = replay_machine(life.rig.history["s"])
    state = life.rig.core.session("s")
    assert again.context == state.context
    assert [witness(result) for result in again.results] == [witness(result) for result in state.results]
    assert b"secret" not in b"".join(life.rig.history["s"])


@QUICK
@given(ACTIONS)
def test_what_came_before_it_was_sealed_is_never_taken_for_silence(actions: list[tuple[Any, ...]]) -> None:
    steady = [action for action in actions if action[0] not in ("gone", "detach", "reattach")]
    sealed: set[int] = set()
    held: set[int] = set()

    def watch(life: Life) -> None:
        sealed.update(out.from_k for out in life.all if isinstance(out, Sealed))
        held.update(item.turn.k for item in life.rig.core.session("s").inbox.ready if not item.turn.gap)

    life = live(steady, watch)
    assert sealed.isdisjoint(held)
    silent = {turn.k for work in life.all if isinstance(work, SlotWork) for turn in work.turns if turn.gap}
    assert silent == sealed


@QUICK
@given(ACTIONS)
def test_the_journal_rebuilds_the_session_it_was_written_for(actions: list[tuple[Any, ...]]) -> None:
    async def run() -> None:
        life = await Life().run([*actions, ("store", "up"), ("hush",), *[("give",)] * 4])
        state = life.rig.core.session("s")
        assert not state.journal.waiting
        stored = await life.rig.store.load("default", "s")
        epoch = await life.rig.store.claim("default", "s", held=1, owner="other")
        other = life.rig.new_core(engine_epoch=life.engines + 1)
        other.adopt(stored, epoch, life.rig.now_ns)
        found = other.session("s")
        again = {item.turn.k for item in found.inbox.ready}
        assert found.context.tail == tuple(item for item in state.context.tail if item.turn.k not in again)
        assert (found.context.prefix, found.context.head, found.context.pins) == (
            state.context.prefix,
            state.context.head,
            state.context.pins,
        )
        assert found.journal.accepted.through_seq == state.journal.accepted.through_seq

    asyncio.run(run())
