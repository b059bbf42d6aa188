"""Deterministic mode: the bits of a context depend on its tokens alone."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cluster.model.layers import rms_norm, swiglu
from cluster.model.presets import MICRO_VISION
from cluster.model.tiles import TILE_ROWS, Tiled
from cluster.types import ContextTurn, Dtype, Prefill, SlotWork
from tests.unit.engine_tools import PREFIX, Driver, checkpoint, conversation, kv, live, new_engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint"))


def rebuild(driver: Driver, slot: int, items: list[ContextTurn], chunk: int, session: str = "a") -> None:
    for first in range(0, max(1, len(items)), chunk):
        prefill = Prefill(
            slot=slot,
            reset=first == 0,
            prefix=PREFIX if first == 0 else (),
            index=first,
            items=tuple(items[first : first + chunk]),
        )
        driver.only(driver.tick(SlotWork(session=session, epoch=1, slot=slot, prefills=(prefill,))))


@pytest.mark.parametrize("dtype", [Dtype.F32, Dtype.BF16])
def test_a_session_gets_the_same_bits_alone_and_among_31_neighbours(folder: Path, dtype: Dtype) -> None:
    turns = conversation(1, 12)
    alone = Driver(new_engine(folder, slots=32, dtype=dtype))
    alone.open("a", 5)
    said_alone = live(alone, "a", 5, [[turn] for turn in turns])

    crowd = Driver(new_engine(folder, slots=32, dtype=dtype))
    others = {slot: conversation(100 + slot, 13) for slot in range(32) if slot != 5}
    for slot in others:
        crowd.open(f"s{slot}", slot, prefix=PREFIX[: slot % 4])
    crowd.open("a", 5)
    said = []
    for i, turn in enumerate(turns):
        work = [
            SlotWork(session=f"s{slot}", epoch=1, slot=slot, turns=(theirs[i],), max_passes=1 + slot % 5)
            for slot, theirs in others.items()
        ]
        work.insert(i % 31, SlotWork(session="a", epoch=1, slot=5, turns=(turn,), max_passes=5))
        result = crowd.tick(*work)
        said += [out.tokens for slot in result.results if slot.session == "a" for out in slot.outputs]
    assert said == [item.out for item in said_alone]
    assert any(said) and not all(said)
    assert torch.equal(kv(alone.engine, 5), kv(crowd.engine, 5))


@pytest.mark.parametrize("chunk", [1, 7, 50])
def test_a_chunked_prefill_gives_the_bits_of_the_live_context(folder: Path, chunk: int) -> None:
    driver = Driver(new_engine(folder))
    driver.open("a", 0)
    turns = conversation(2, 50)
    heard = live(driver, "a", 0, [turns[i : i + 1 + i % 3] for i in range(0, 50, 3)])
    heard_turns = [item.turn for item in heard]
    assert any(item.out for item in heard)
    rebuild(driver, 1, heard, chunk)
    # one more micro-turn enters what is still pending in both
    [last] = conversation(3, 1, first_k=heard_turns[-1].k + 1)
    assert driver.say("a", 0, last) == driver.say("a", 1, last)
    assert torch.equal(kv(driver.engine, 0), kv(driver.engine, 1))


def test_patches_and_text_get_the_same_bits_in_one_chunk_and_live(tmp_path: Path) -> None:
    config = replace(MICRO_VISION, num_hidden_layers=2)
    driver = Driver(new_engine(checkpoint(tmp_path, config)))
    driver.open("a", 0)
    heard = live(driver, "a", 0, [[turn] for turn in conversation(8, 12, config)])
    rebuild(driver, 1, heard, 12)
    [last] = conversation(9, 1, config, first_k=12)
    assert driver.say("a", 0, last) == driver.say("a", 1, last)
    assert torch.equal(kv(driver.engine, 0), kv(driver.engine, 1))


def test_kv_rebuilt_from_history_equals_the_live_one_across_three_anchors(folder: Path) -> None:
    """Pins and the kept half of the tail go to a shadow slot while the talk goes on; a second engine replays it."""
    window, pins = 24, (4, 5)
    driver = Driver(new_engine(folder))
    driver.open("a", 0)
    turns = conversation(4, 90)
    slot, context, anchors = 0, [], 0
    said: dict[int, tuple[int, ...]] = {}
    for turn in turns:
        work_slot, prefills, free = slot, (), ()
        if len(context) >= window:
            shadow = 1 - slot
            pinned = [ContextTurn(turn=turns[k], out=said[k]) for k in pins]
            context = pinned + [item for item in context[-window // 2 :] if item.turn.k not in pins]
            half = len(context) // 2
            first = Prefill(slot=shadow, reset=True, prefix=PREFIX, items=tuple(context[:half]))
            second = Prefill(slot=shadow, index=half, items=tuple(context[half:]))
            driver.only(driver.tick(SlotWork(session="a", epoch=1, slot=slot, prefills=(first,))))
            work_slot, prefills, free = shadow, (second,), (slot,)
            slot, anchors = shadow, anchors + 1
        work = SlotWork(session="a", epoch=1, slot=work_slot, turns=(turn,), max_passes=5, prefills=prefills, free=free)
        result = driver.only(driver.tick(work))
        said[turn.k] = result.outputs[0].tokens
        context.append(ContextTurn(turn=turn, out=said[turn.k]))
    assert anchors >= 3

    other = Driver(new_engine(folder))
    rebuild(other, 3, context, 5)
    [last] = conversation(5, 1, first_k=90)
    assert driver.say("a", slot, last) == other.say("a", 3, last)
    assert torch.equal(kv(driver.engine, slot), kv(other.engine, 3))


def test_scattered_pages_give_the_same_bits_as_neighbouring_ones(folder: Path) -> None:
    turns = conversation(6, 40)
    driver = Driver(new_engine(folder))
    driver.open("a", 0)
    heard = live(driver, "a", 0, [[turn] for turn in turns])
    scattered = Driver(new_engine(folder))
    pages = scattered.engine.cache.table
    random.Random(1).shuffle(pages._free)
    scattered.open("a", 0)
    assert [item.out for item in live(scattered, "a", 0, [[turn] for turn in turns])] == [item.out for item in heard]
    assert torch.equal(kv(driver.engine, 0), kv(scattered.engine, 0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_row_of_a_tiled_matmul_does_not_depend_on_its_place_or_neighbours(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    for inputs, outputs in ((256, 512), (128, 256), (256, 8), (256, 48), (44, 128), (640, 512)):
        weight = torch.randn(outputs, inputs, generator=generator).to(dtype)
        rows = torch.randn(3 * TILE_ROWS, inputs, generator=generator).to(dtype)
        together = Tiled().linear(rows, weight)
        for count in (1, 2, 5, 15, 16, 17, 40):
            chosen = torch.randperm(len(rows), generator=generator)[:count]
            assert torch.equal(Tiled().linear(rows[chosen], weight), together[chosen]), (inputs, outputs, count)


def test_row_wise_pieces_do_not_depend_on_neighbours() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(70, 256, generator=generator)
    weight = torch.randn(256, generator=generator)
    table = torch.randn(640, 64, generator=generator)
    pieces = {
        "rms_norm": lambda x: rms_norm(x, weight, 1e-6),
        "head_norm": lambda x: rms_norm(x.view(-1, 4, 64), weight.view(4, 64), 1e-6).flatten(1),
        "swiglu": swiglu,
        "swiglu of odd width": lambda x: swiglu(x[:, :88]),
        "router softmax": lambda x: torch.softmax(x[:, :8], dim=-1),
        "word softmax": lambda x: torch.softmax(x[:, :176], dim=-1),
        "gelu": torch.nn.functional.gelu,
        "channels": lambda x: torch.nn.functional.embedding_bag((x.abs() * 99).long(), table, mode="sum"),
    }
    for name, piece in pieces.items():
        together = piece(rows)
        for start, stop in ((0, 1), (3, 10), (5, 38), (1, 70), (69, 70)):
            assert torch.equal(piece(rows[start:stop].clone()), together[start:stop]), name
