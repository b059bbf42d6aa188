"""A fault in one session closes that session, whatever it was doing; its neighbours do not notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from core_rig import Rig

from cluster.session import guard, tick
from cluster.session.commands import OpenGranted, Result, SessionEnded
from cluster.session.events import JournalOutcome, Played, SessionEvent, Stepped, Tick, TurnReady
from cluster.session.machine import advance
from cluster.session.state import Session


def failing_at(kind: type[SessionEvent], session: str) -> Callable[..., object]:
    def advance_or_fail(state: Session, event: SessionEvent, now_ns: int) -> object:
        if state.terms.session == session and isinstance(event, kind):
            raise KeyError("a fault nobody foresaw")
        return advance(state, event, now_ns)

    return advance_or_fail


async def two_sessions() -> Rig:
    rig = Rig()
    for session in ("bad", "good"):
        await rig.open(session)
        await rig.turn(0, session)
    while rig.k("good") < 1:
        await rig.tick()
    return rig


async def step(rig: Rig) -> list[object]:
    k, done = rig.k("good"), []
    for session in ("bad", "good"):
        if session in rig.core:
            await rig.turn(k, session)
            await rig.played(session, k=k, sample=1)
    for _ in range(3):
        done += await rig.tick()
    return done


@pytest.mark.parametrize("kind", [Tick, Stepped, JournalOutcome, TurnReady, Played])
async def test_whatever_it_was_doing_it_is_closed_and_the_others_go_on(
    kind: type[SessionEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = await two_sessions()
    k = rig.k("good")
    monkeypatch.setattr(guard, "advance", failing_at(kind, "bad"))
    await step(rig)
    (ended,) = [out for out in rig.told if isinstance(out, SessionEnded)]
    assert (ended.session, ended.code) == ("bad", "internal")
    assert "bad" not in rig.core
    assert (await rig.store.load("default", "bad")).ended or kind in (JournalOutcome, Tick)  # those could not write
    assert k in [result.k for result in rig.results("good")]
    monkeypatch.undo()
    granted = [out for out in await rig.open("next") if isinstance(out, OpenGranted)]
    assert granted
    assert len(rig.core) == 2


async def test_a_fault_while_it_is_planned_or_closed_is_contained_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = await two_sessions()
    state = rig.core.session("bad")
    rig.core._sessions["bad"] = state.__class__(terms=state.terms, context=None)  # type: ignore[arg-type]  # the fault
    monkeypatch.setattr(tick, "end", lambda *_: 1 // 0)
    faults = rig.core.tick(rig.n, rig.n * 200_000_000).faults
    assert [(fault.session, type(fault.error), type(fault.after)) for fault in faults] == [
        ("bad", AttributeError, ZeroDivisionError)
    ]
    assert "bad" not in rig.core
    assert "good" in rig.core


async def test_what_cannot_be_said_closes_the_session_that_would_say_it() -> None:
    rig = await two_sessions()
    effects = rig.core.give_up("bad", ValueError("token id 2**40 does not fit the wire"))
    assert [type(out) for out in effects.outs] == [SessionEnded]
    assert [fault.session for fault in effects.faults] == ["bad"]
    assert rig.core.give_up("bad", ValueError()).faults == ()
    await rig.carry_out(effects)
    done = await step(rig)
    assert [out.session for out in done if isinstance(out, Result)] == ["good"]


async def test_a_fault_while_lockstep_asks_who_is_ready_is_contained_too() -> None:
    rig = await two_sessions()
    state = rig.core.session("bad")
    rig.core._sessions["bad"] = replace(state, inbox=None)  # type: ignore[arg-type]  # the fault
    assert not rig.core.ready(rig.n)
    await rig.turn(rig.k("good"), "good")
    assert rig.core.ready(rig.n)
    told = await rig.tick()
    assert [out.session for out in rig.told if isinstance(out, SessionEnded)] == ["bad"]
    assert [out.session for out in told if isinstance(out, Result)] == ["good"]
