"""The core as its shell sees it: admission, batches, answers that do not belong, slots that come back."""

from __future__ import annotations

import pytest
from core_rig import LIMITS, PERIOD_NS, QUIET, VERSIONS, Rig

from cluster.errors import InvalidInput, ProtocolError, Rejected
from cluster.runtime import SchedulerConfig, SchedulerCore
from cluster.session.commands import ControlEffective, OpenGranted, OpenRejected, Result, SessionEnded
from cluster.session.events import Answer, JournalOutcome, Open, Reattach, Slipped, TurnReady
from cluster.session.limits import SessionRules
from cluster.session.record import RECORDS, Slip
from cluster.session.replay import replay_machine
from cluster.types import MicroTurn, SlotWork, StepResult, TurnOutput


def only(found: list[object]) -> object:
    (one,) = found
    return one


async def test_beyond_the_limit_a_session_is_refused_before_any_of_its_state_exists() -> None:
    rig = Rig(max_sessions=1)
    await rig.open("a")
    refusal = only(await rig.open("b"))
    assert isinstance(refusal, OpenRejected)
    assert (refusal.code, refusal.limit) == ("overloaded", "scheduler.max_sessions")
    assert refusal.retry_after_ms > 0
    assert "b" not in rig.core
    with pytest.raises(Rejected, match=r"scheduler\.max_sessions"):
        rig.core.check_room()


async def test_instructions_beyond_the_checkpoint_are_refused_by_field() -> None:
    rig = Rig()
    refusal = only(await rig.open(prefix=tuple(range(9))))
    assert isinstance(refusal, OpenRejected)
    assert (refusal.code, refusal.limit) == ("invalid_input", "configure.instructions")
    assert refusal.reason == "has 9 tokens, the checkpoint takes 8"
    assert len(rig.core) == 0
    await rig.open("t")
    with pytest.raises(InvalidInput, match=r"control\.update_instructions\.instructions"):
        await rig.control("t", seq=2, control_id="c", kind="update_instructions", prefix=tuple(range(9)))


async def test_slots_of_a_session_that_ended_are_freed_in_the_next_batch_and_used_again() -> None:
    rig = Rig(max_sessions=1)
    await rig.open("a")
    await rig.tick()
    await rig.close("a")
    await rig.tick()
    assert "a" not in rig.core
    await rig.open("b")
    batch = rig.core.tick(rig.n, rig.n * PERIOD_NS).batch
    assert batch is not None
    freed, opened = batch.work
    assert (freed.session, freed.free, freed.turns) == ("a", (0, 1), ())
    assert (opened.session, opened.prefills[0].reset) == ("b", True)


async def test_a_resume_of_a_session_nobody_here_knows_says_so() -> None:
    rig = Rig()
    event = Reattach(session="lost", epoch=1, request_id=7, token="t")
    refusal = only(list(rig.core.handle(event, 0).outs))
    assert isinstance(refusal, OpenRejected)
    assert (refusal.code, refusal.request_id, refusal.limit) == ("unknown_session", 7, "resume.session_id")


async def test_every_tick_has_one_batch_and_a_step_one_answer() -> None:
    rig = Rig()
    empty = rig.core.tick(0, 0).batch
    assert empty is not None
    assert empty.work == ()
    with pytest.raises(ValueError, match="no step of tick 0 is out"):
        rig.core.step_done(StepResult(n=0, engine_epoch=1, results=()), 0)
    await rig.open()
    rig.n = 1
    assert rig.core.tick(1, PERIOD_NS).batch
    with pytest.raises(ValueError, match="the step of tick 1 has no answer yet"):
        rig.core.tick(2, 2 * PERIOD_NS)


async def test_a_session_the_engine_left_out_has_its_result_and_its_neighbours_theirs() -> None:
    rig = Rig()
    await rig.open("a")
    await rig.open("b")
    while rig.k("a") < 0:
        await rig.tick()
    await rig.turn(0, "a")
    await rig.turn(0, "b")
    told = await rig.tick(refuse=["a"])
    results = {out.session: out.timing.value for out in told if isinstance(out, Result)}
    assert results == {"a": "skipped", "b": "on_time"}


async def test_results_carry_when_they_were_due_and_where_the_time_went() -> None:
    rig = Rig()
    await rig.open(due_ms=100)
    while rig.k() < 0:
        await rig.tick()
    await rig.turn(0)
    cutoff_ns = rig.n * PERIOD_NS
    told = await rig.tick(took_ns=120_000_000)
    result = next(out for out in told if isinstance(out, Result))
    assert (result.cutoff_ns, result.due_ns) == (cutoff_ns, cutoff_ns + 100_000_000)
    assert (result.engine_ns, result.queue_ns, result.timing.value) == (120_000_000, 0, "late")


async def test_the_grant_tells_a_media_clock_that_ends_micro_turn_0_a_jitter_before_its_tick() -> None:
    rig = Rig()
    granted = only(await rig.open())
    assert isinstance(granted, OpenGranted)
    n0 = rig.core.session("s").terms.n0
    assert granted.media_epoch_ns + PERIOD_NS + 30_000_000 == n0 * PERIOD_NS


async def test_a_lockstep_tick_waits_for_whoever_is_attached() -> None:
    rig = Rig()
    assert rig.core.ready(0)
    await rig.open()
    n0 = rig.core.session("s").terms.n0
    assert rig.core.ready(n0 - 1)
    assert not rig.core.ready(n0)
    await rig.turn(0)
    assert rig.core.ready(n0)
    assert not rig.core.ready(n0 + 1)
    await rig.detach()
    assert rig.core.ready(n0 + 1)


async def test_an_engine_of_a_lower_epoch_is_refused() -> None:
    rig = Rig()
    with pytest.raises(ValueError, match="engine_epoch: 1 must be above 1"):
        rig.core.engine_replaced(1, 0)


async def test_a_step_that_was_out_when_its_engine_died_has_failed() -> None:
    rig = Rig()
    await rig.open()
    while rig.k() < 0:
        await rig.tick()
    await rig.turn(0)
    rig.core.tick(rig.n, rig.n * PERIOD_NS)
    effects = rig.core.engine_replaced(2, rig.n * PERIOD_NS)
    assert [out.timing.value for out in effects.outs if isinstance(out, Result)] == ["skipped"]
    rig.n += 1
    batch = rig.core.tick(rig.n, rig.n * PERIOD_NS).batch
    assert batch is not None
    assert (batch.engine_epoch, batch.work[0].prefills[0].reset) == (2, True)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (SessionRules(duration_max_ms=2_000), "max_duration"),
        (SessionRules(idle_max_ms=2_000), "idle"),
    ],
)
async def test_a_session_ends_by_itself_with_the_reason(rules: SessionRules, code: str) -> None:
    rig = Rig(rules=rules)
    await rig.open()
    for _ in range(13):
        if code != "idle" and rig.k() >= 0:
            await rig.turn(rig.k())
        await rig.tick()
        if "s" not in rig.core:
            break
    ended = [out for out in rig.told if isinstance(out, SessionEnded)]
    assert [out.code for out in ended] == [code]
    assert (await rig.store.load("default", "s")).ended


async def test_nobody_comes_back_and_the_session_ends_quietly() -> None:
    rig = Rig(rules=SessionRules(detached_max_ms=1_000))
    await rig.open()
    await rig.detach()
    for _ in range(7):
        await rig.tick()
    assert "s" not in rig.core
    assert not [out for out in rig.told if isinstance(out, SessionEnded)]


async def test_answers_for_sessions_that_are_gone_are_ignored() -> None:
    rig = Rig()
    outcome = JournalOutcome(session="gone", epoch=1, answer=Answer.WRITTEN, next_index=3)
    assert rig.core.journaled(outcome, 0).outs == ()


async def test_a_tick_is_planned_within_what_is_due_less_the_reserve() -> None:
    config = SchedulerConfig(tick_zero_ns=0, engine_epoch=1, num_slots=2, max_sessions=1)
    core = SchedulerCore(config, LIMITS, VERSIONS)
    core.handle(Open(session="s", epoch=1, request_id=1, token="t"), 0)
    batch = core.tick(0, 0).batch
    assert batch is not None
    assert batch.deadline_ns == (160 - 20) * 800_000
    assert all(isinstance(work, SlotWork) for work in batch.work)


async def test_controls_beyond_what_may_wait_are_refused_by_field_and_the_rest_take_effect() -> None:
    rig = Rig()
    await rig.open()
    for seq in range(2, 34):
        await rig.control(seq=seq, control_id=f"c{seq}", kind="ping")
    with pytest.raises(ProtocolError, match=r"control\.control_id: 'c34' is one too many: 32 wait already"):
        await rig.control(seq=34, control_id="c34", kind="ping")
    await rig.control(seq=33, control_id="c33", kind="ping")
    assert sum(isinstance(out, ControlEffective) for out in await rig.tick()) == 32
    await rig.control(seq=34, control_id="c34", kind="ping")
    assert sum(isinstance(out, ControlEffective) for out in await rig.tick()) == 1


async def test_a_slip_and_the_ratio_of_stretching_stand_in_the_record_of_their_micro_turn_and_are_replayed() -> None:
    rig = Rig(keep_history=True)
    await rig.open()
    for k, stretch_ppm in enumerate((0, 312, 0)):
        if k == 2:
            await rig.send(Slipped, "s", k=k, inserted=True)
        turn = MicroTurn(k=k, audio=QUIET)
        await rig.send(TurnReady, "s", turn=turn, through_seq=k + 2, audio_samples=3_200, stretch_ppm=stretch_ppm)
    await rig.send(Slipped, "s", k=5)  # of a micro-turn that is yet to come
    while rig.k() <= 4:
        await rig.tick()
    records = [RECORDS.decode(data) for data in (await rig.store.load("default", "s")).records]
    entered = [record for record in records if record.turns]
    assert [record.stretch_ppm for record in entered] == [(), (312,), ()]
    assert [record.slips for record in records if record.slips] == [(Slip(k=2, inserted=True),)]
    assert rig.core.session("s").slips == (Slip(k=5),)
    assert any(b'"event":"Slipped"' in line for line in rig.history["s"])
    assert replay_machine(rig.history["s"]).slips == (Slip(k=5),)
    await rig.detach()
    await rig.reattach(-1)
    assert rig.core.session("s").slips == ()  # who sends k again says it again


async def test_an_output_that_was_cut_off_goes_on_unless_the_user_interrupted_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(rules=SessionRules(goes_on=True), keep_history=True)
    await rig.open()
    while rig.k() < 0:
        await rig.tick()
    cut_off = [True, False, True, False]
    monkeypatch.setattr(
        Rig,
        "outputs",
        lambda _, work: tuple(TurnOutput(k=t.k, tokens=(7,), passes=1, truncated=cut_off[t.k]) for t in work.turns),
    )
    goes_on = []
    for k in range(4):
        await rig.turn(k)
        if k == 3:
            await rig.played(k=2, sample=100, cut=True)
        (work,) = [each for each in await rig.tick() if isinstance(each, SlotWork)]
        goes_on.append(work.goes_on)
    assert goes_on == [False, True, False, False]
    replay_machine(rig.history["s"])
