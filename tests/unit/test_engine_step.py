"""One step of the engine: passes, speech, coalescing, slots, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cluster.engine import Engine
from cluster.model.presets import REFERENCE_276B, reduced
from cluster.types import ContextTurn, Degradation, Dtype, MicroTurn, Prefill, SlotWork, TickBatch, TurnOutput
from tests.unit.engine_tools import PREFIX, SHALLOW, Driver, checkpoint, conversation

MUTE, CHATTY = 1000.0, -1000.0
LIMITS = SHALLOW.micro_turn


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {
        name: checkpoint(root / name, sil_bias=bias)
        for name, bias in (("mute", MUTE), ("chatty", CHATTY), ("mixed", 2.0))
    }


@pytest.fixture
def mute(folders: dict[str, Path]) -> Driver:
    return Driver(Engine(folders["mute"], num_slots=4))


@pytest.fixture
def chatty(folders: dict[str, Path]) -> Driver:
    return Driver(Engine(folders["chatty"], num_slots=4))


def test_a_silent_micro_turn_is_one_pass_of_three_rows(mute: Driver) -> None:
    mute.open("a", 0)
    before = mute.say("a", 0, MicroTurn(k=0, audio=bytes(600))).context_tokens
    result = mute.tick(mute.turn_work("a", 0, MicroTurn(k=1, audio=bytes(600))))
    assert result.passes == 1
    assert result.results[0].outputs == (TurnOutput(k=1, passes=1),)
    assert result.results[0].context_tokens == before + 3
    assert result.expert_calls == SHALLOW.num_hidden_layers


def test_speech_ends_at_the_text_limit_of_the_checkpoint(chatty: Driver) -> None:
    chatty.open("a", 0)
    result = chatty.tick(chatty.turn_work("a", 0, *conversation(1, 1), passes=99))
    [output] = result.results[0].outputs
    assert len(output.tokens) == LIMITS.text_out_max and not output.truncated
    assert output.passes == result.passes == LIMITS.text_out_max
    assert not result.results[0].degradations


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_speech_cut_by_the_granted_passes_is_marked_truncated(chatty: Driver, passes: int) -> None:
    chatty.open("a", 0)
    result = chatty.say("a", 0, *conversation(1, 1), passes=passes)
    assert result.outputs[0].truncated and len(result.outputs[0].tokens) == result.outputs[0].passes == passes
    assert result.degradations == (Degradation.OUTPUT_TRUNCATED,)


def test_what_was_said_and_its_silence_enter_with_the_next_micro_turn(chatty: Driver) -> None:
    chatty.open("a", 0)
    turns = [MicroTurn(k=k, audio=bytes(600)) for k in range(2)]
    first = chatty.say("a", 0, turns[0], passes=2)
    # prefix 3, audio 2, and the first token; the second token and the sil are pending
    assert first.context_tokens == 3 + 2 + 1
    assert chatty.say("a", 0, turns[1], passes=1).context_tokens == first.context_tokens + 2 + 2


def test_an_output_that_was_cut_off_goes_on_with_the_token_that_would_have_followed(folders: dict[str, Path]) -> None:
    driver = Driver(Engine(folders["chatty"], num_slots=4, deterministic=True))
    turns = conversation(1, 2)
    for session, slot in (("whole", 0), ("cut", 1), ("moved", 2)):
        driver.open(session, slot)
    whole = driver.say("whole", 0, turns[0]).outputs[0].tokens
    assert driver.say("cut", 1, turns[0], passes=1).outputs[0].tokens == whole[:1]
    on = replace(driver.turn_work("cut", 1, turns[1], passes=1), goes_on=True)
    said = driver.only(driver.tick(on)).outputs[0]
    assert (said.k, said.tokens) == (1, whole[1:2])
    # the same where the context moves to another slot in that tick
    first = ContextTurn(turn=turns[0], out=whole[:1])
    opening = Prefill(slot=2, reset=True, prefix=PREFIX, items=(first,))
    moved = replace(driver.turn_work("moved", 2, turns[1], passes=1), goes_on=True, prefills=(opening,))
    assert driver.only(driver.tick(moved)).outputs == (said,)


def test_where_silence_would_have_followed_the_next_micro_turn_says_its_own(mute: Driver) -> None:
    mute.open("a", 0)
    turns = conversation(1, 2)
    opening = Prefill(slot=0, reset=True, prefix=PREFIX, items=(ContextTurn(turn=turns[0], out=(9,)),))
    work = replace(mute.turn_work("a", 0, turns[1]), goes_on=True, prefills=(opening,))
    assert mute.only(mute.tick(work)).outputs == (TurnOutput(k=1, passes=1),)


def test_only_sessions_that_still_speak_are_in_later_passes(folders: dict[str, Path]) -> None:
    driver = Driver(Engine(folders["chatty"], num_slots=4))
    for slot in range(3):
        driver.open(f"s{slot}", slot)
    turns = conversation(2, 3)
    result = driver.tick(*(driver.turn_work(f"s{s}", s, turns[s], passes=p) for s, p in ((0, 1), (1, 4), (2, 2))))
    assert [slot.outputs[0].passes for slot in result.results] == [1, 4, 2]
    assert result.passes == 4 and result.expert_calls == 4 * SHALLOW.num_hidden_layers


def test_coalesced_micro_turns_each_get_a_result_and_only_the_last_may_speak(chatty: Driver) -> None:
    chatty.open("a", 0)
    result = chatty.say("a", 0, *conversation(3, 3))
    assert [(out.k, len(out.tokens), out.passes) for out in result.outputs] == [(0, 0, 0), (1, 0, 0), (2, 4, 4)]


def test_a_micro_turn_without_any_input_is_silent(chatty: Driver) -> None:
    chatty.open("a", 0)
    assert chatty.say("a", 0, MicroTurn(k=0)).outputs == (TurnOutput(k=0),)
    assert chatty.say("a", 0, MicroTurn(k=1, text=(9,))).outputs[0].tokens


def test_prefill_opens_a_slot_in_the_tick_that_speaks_in_it(chatty: Driver) -> None:
    apart, together = chatty, Driver(Engine(chatty.engine.checkpoint_dir, num_slots=4))
    apart.open("a", 0)
    turns = conversation(4, 2)
    expected = [apart.say("a", 0, turn).outputs for turn in turns]
    opening = replace(together.turn_work("a", 0, turns[0], passes=5), prefills=(together.opening(0),))
    assert [together.only(together.tick(opening)).outputs, together.say("a", 0, turns[1]).outputs] == expected


def test_an_empty_batch_runs_no_pass(mute: Driver) -> None:
    result = mute.tick()
    assert (result.passes, result.expert_calls, result.results) == (0, 0, ())


def test_progress_grows_with_every_layer_and_pass(chatty: Driver) -> None:
    chatty.open("a", 0)
    before = chatty.engine.progress
    result = chatty.tick(chatty.turn_work("a", 0, *conversation(1, 1)))
    assert chatty.engine.progress == before + result.passes * (SHALLOW.num_hidden_layers + 1)


def test_a_freed_slot_gives_its_pages_back_and_can_be_taken_by_another(mute: Driver) -> None:
    table = mute.engine.cache.table
    mute.open("a", 0)
    mute.say("a", 0, *conversation(1, 2))
    assert table.free_pages < table.num_pages
    mute.only(mute.tick(SlotWork(session="a", epoch=1, slot=0, free=(0,))))
    assert table.free_pages == table.num_pages and len(mute.engine.slots) == 0
    assert mute.open("b", 0).context_tokens == 3


def refused(driver: Driver, work: SlotWork) -> str:
    table = driver.engine.cache.table
    before = [list(table.pages(slot)) for slot in range(3)]
    result = driver.tick(work, driver.turn_work("bystander", 3, MicroTurn(k=driver.n, audio=bytes(600))))
    assert result.rejected == (work.session,)
    assert [slot.session for slot in result.results] == ["bystander"]
    assert [table.pages(slot) for slot in range(3)] == before
    return driver.engine.refusals[work.session]


def test_stale_or_malformed_work_is_refused_alone_with_a_reason(mute: Driver) -> None:
    mute.open("bystander", 3)
    mute.open("a", 0, epoch=5)
    turn = MicroTurn(k=0, audio=bytes(600))
    mute.say("a", 0, turn, epoch=6)
    mute.say("bystander", 3, turn)

    def work(**changes: object) -> SlotWork:
        fields = {"session": "a", "epoch": 6, "slot": 0, "max_passes": 1, **changes}
        return SlotWork(**fields)

    items = (ContextTurn(turn=turn),)
    cases = {
        "epoch 5 is stale, 6 holds it": work(epoch=5, turns=(turn,)),
        "slot: slot 0 belongs to another session": work(session="b", epoch=9, turns=(turn,)),
        "free: slot 0 belongs to another session": work(session="b", epoch=9, free=(0,)),
        "prefills[0].slot: slot 0 belongs to another": work(session="b", prefills=(Prefill(slot=0, reset=True),)),
        "slot 1 is not open": work(slot=1, turns=(turn,)),
        "slot 0 is not open": work(free=(0,), turns=(turn,)),
        "slot: 4 is not in 0..3": work(slot=4, turns=(turn,)),
        "prefills[0].index: is 3, the context continues at 1": work(prefills=(Prefill(slot=0, index=3, items=items),)),
        "prefills[0].prefix: is given once": work(prefills=(Prefill(slot=0, index=1, prefix=(1,)),)),
        "prefills[0].prefix: has 65 tokens": work(prefills=(Prefill(slot=1, reset=True, prefix=(1,) * 65),)),
        "prefills[1].slot: slot 1 was already": work(prefills=(Prefill(slot=1, reset=True),) * 2),
        "prefills[0].items[0].out: token ids": work(
            prefills=(Prefill(slot=1, reset=True, items=(ContextTurn(turn=turn, out=(999,)),)),)
        ),
        "turns[0].audio: has 599 bytes": work(turns=(replace(turn, audio=bytes(599)),)),
        "turns[0].audio: dMel codes must be below 16": work(turns=(replace(turn, audio=b"\x10" * 600),)),
        "turns[0].num_patches: is 1": work(turns=(replace(turn, num_patches=1),)),
        "turns[0].patches: has 3 bytes": work(turns=(replace(turn, patches=b"abc"),)),
        "turns[0].text: has 5 tokens": work(turns=(replace(turn, text=(1,) * 5),)),
        "turns[0].text: token ids must be in 0..47": work(turns=(replace(turn, text=(-1,)),)),
        "max_passes: is 0": work(max_passes=0, turns=(turn,)),
    }
    for reason, bad in cases.items():
        assert reason in refused(mute, bad)
    # none of it touched the session
    assert mute.say("a", 0, replace(turn, k=1), epoch=6).context_tokens == 3 + 2 + 3


def test_a_stale_engine_epoch_refuses_the_whole_batch(mute: Driver) -> None:
    mute.engine_epoch = 3
    mute.open("a", 0)
    work = mute.turn_work("a", 0, *conversation(1, 1))
    result = mute.engine.step(TickBatch(n=9, engine_epoch=2, work=(work,)))
    assert result.rejected == ("a",) and result.engine_epoch == 3 and result.passes == 0


def test_only_the_successor_of_a_lost_scheduler_may_take_over_its_slots(mute: Driver) -> None:
    mute.open("orphan", 0)
    mute.engine_epoch = 2
    assert mute.open("b", 0).session == "b"
    assert "belongs to another" in refused_alone(mute, SlotWork(session="c", epoch=1, slot=0, free=(0,)))


def refused_alone(driver: Driver, work: SlotWork) -> str:
    assert driver.tick(work).rejected == (work.session,)
    return driver.engine.refusals[work.session]


def test_a_session_may_appear_once_in_a_tick(mute: Driver) -> None:
    mute.open("a", 0)
    turns = conversation(1, 2)
    with pytest.raises(ValueError, match="appears twice"):
        mute.tick(mute.turn_work("a", 0, turns[0]), mute.turn_work("a", 0, turns[1]))


def test_running_out_of_pages_refuses_the_session_and_names_the_limit(folders: dict[str, Path]) -> None:
    driver = Driver(Engine(folders["mute"], num_slots=4, num_pages=6))
    driver.open("a", 0)
    driver.open("b", 1)
    items = tuple(ContextTurn(turn=turn) for turn in conversation(1, 30))
    big = SlotWork(session="b", epoch=1, slot=1, prefills=(Prefill(slot=1, items=items),))
    assert "num_pages" in refused_alone(driver, big)
    assert driver.say("a", 0, *conversation(1, 1)).outputs
    # a reset gives back what the slot held, and that counts
    again = replace(big, prefills=(Prefill(slot=1, reset=True, items=items[:12]),))
    assert driver.only(driver.tick(again))


def test_a_context_beyond_its_longest_is_refused(folders: dict[str, Path]) -> None:
    driver = Driver(Engine(folders["mute"], num_slots=2))
    turn = ContextTurn(turn=MicroTurn(k=0, text=(6,)))
    longest = SHALLOW.max_context_turns
    fits = SlotWork(session="a", epoch=1, slot=0, prefills=(Prefill(slot=0, reset=True, items=(turn,) * longest),))
    driver.only(driver.tick(fits))
    assert f"{longest + 1} of {longest}" in refused_alone(driver, driver.turn_work("a", 0, turn.turn))


def test_sampling_is_seeded_by_session_k_and_seed(folders: dict[str, Path]) -> None:
    def say(session: str, seed: int, temperature: float = 50.0) -> list[tuple[int, ...]]:
        driver = Driver(Engine(folders["chatty"], num_slots=1))
        driver.open(session, 0)
        work = [driver.turn_work(session, 0, turn) for turn in conversation(5, 3)]
        work = [replace(part, temperature=temperature, seed=seed) for part in work]
        return [driver.only(driver.tick(part)).outputs[0].tokens for part in work]

    assert say("a", 1) == say("a", 1)
    assert len({tuple(said) for said in (say("a", 1), say("b", 1), say("a", 2), say("a", 1, 0.0))}) == 4


def test_versions_name_what_a_recorded_step_depends_on(folders: dict[str, Path]) -> None:
    mute, again, chatty = (
        Engine(folders[name], num_slots=1, dtype=Dtype.BF16).versions for name in ("mute", "mute", "chatty")
    )
    assert mute == again and mute.dtype == "bf16" and not mute.deterministic and mute.isa and mute.torch
    assert mute.weights_sha256 != chatty.weights_sha256


def test_the_planner_shape_builds_and_steps_at_reduced_size(tmp_path: Path) -> None:
    config = reduced(REFERENCE_276B, width=32, depth=2, vocab_size=300)
    driver = Driver(Engine(checkpoint(tmp_path, config), num_slots=2, num_pages=40))
    driver.open("a", 0)
    assert driver.say("a", 0, *conversation(1, 1, config)).outputs[0].passes
