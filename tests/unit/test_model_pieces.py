"""Small parts of the model: positions of rows, pages, frames, expert runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.errors import Rejected
from cluster.model.cache import KvCache
from cluster.model.dispatch import Pairs
from cluster.model.frames import from_frame, to_frame
from cluster.model.moe import expert_runs
from cluster.model.pages import PAGE_ROWS, PageTable, pages_for
from cluster.model.presets import MICRO, MICRO_VISION, reduced
from cluster.model.probe import probe_dtype
from cluster.model.sequence import Context, Rows, Segment
from cluster.model.since import SIZE, since_features, since_places
from cluster.types import ContextTurn, Dtype, MicroTurn, Prefill, TensorFrame

torch.set_num_threads(1)
TURN = MicroTurn(k=40, audio=bytes(600))


def test_rows_and_positions_follow_the_checkpoint_contract() -> None:
    """Prefix of 17 tokens: base 32. Each micro-turn starts at base + 16 m; the last sil waits for the next one."""
    context, rows = Context(slot=2), Rows()
    items = (ContextTurn(turn=TURN, out=(7, 8)), ContextTurn(turn=replace(TURN, k=41, text=(9,))))
    rows.append_prefill(context, Prefill(slot=2, prefix=tuple(range(17)), items=items), MICRO)
    assert rows.positions == [*range(17), 32, 33, 34, 35, 36, 48, 49, 50]
    assert rows.tokens == [*range(17), 0, 0, 7, 8, 0, 0, 0, 9]
    assert context.pending == [(0, 51)] and context.turns == 2
    assert [row for row, _ in rows.audio] == [17, 22]
    assert rows.elapsed == [(17, 40), (18, 40), (22, 41), (23, 41)]

    live = Rows()
    live.append_turns(context, (replace(TURN, k=42), replace(TURN, k=43)), MICRO)
    assert live.positions == [51, 64, 65, 66, 80, 81]
    assert [(s.slot, s.start, s.count, s.past) for s in live.segments] == [(2, 0, 6, 25)]
    context.emit(5)
    assert context.pending == [(5, 82)]


def test_without_audio_every_input_token_carries_the_elapsed_time() -> None:
    rows, context = Rows(), Context(slot=0)
    turn = MicroTurn(k=9, text=(6, 7), patches=bytes(4800), num_patches=1)
    rows.append_turns(context, (turn,), MICRO_VISION)
    assert rows.elapsed == [(0, 9), (1, 9), (2, 9)]
    assert rows.patches == [(0, turn.patches)]


def test_how_long_ago_stands_beside_the_time_of_each_micro_turn_and_nothing_where_no_request_stands() -> None:
    rows, context = Rows(), Context(slot=0)
    rows.append_turns(context, (replace(TURN, since_output=3, since_kept=2), replace(TURN, since_output=4)), MICRO)
    assert rows.since == [(3, 2), (3, 2), (4, 0), (4, 0)]


@pytest.mark.parametrize(
    ("micro_turns", "said"),
    [
        (0, ()),  # nothing to count from
        (1, (0, "below twenty", 1)),
        (62, (12, "below twenty", 2)),
        (99, (19, "below twenty", 4)),
        (100, (0, "twenty", 0)),
        (237, (7, "forty", 2)),
        (349, (9, "sixty", 4)),
        (350, ("seventy and more",)),
        (90_000, ("seventy and more",)),
    ],
)
def test_how_long_ago_is_told_in_the_digits_in_which_people_ask(micro_turns: int, said: tuple[object, ...]) -> None:
    tens = ("below twenty", "twenty", "thirty", "forty", "fifty", "sixty", "seventy and more")
    names = (*range(20), *tens, *range(5))
    assert tuple(names[place] for place in since_places(micro_turns)) == said
    told = since_features((micro_turns, 3))
    assert [i for i, x in enumerate(told) if x] == [*since_places(micro_turns), SIZE, SIZE + 20, SIZE + 30]
    assert since_features((0, micro_turns))[SIZE:] == told[:SIZE]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 70)), max_size=60))
def test_pages_are_never_shared_and_never_lost(steps: list[tuple[int, int]]) -> None:
    table = PageTable(20)
    rows = dict.fromkeys(range(6), 0)
    for slot, wanted in steps:
        if wanted < 0:
            table.release(slot)
            rows[slot] = 0
            continue
        try:
            table.check_room({slot: wanted}, set())
        except Rejected:
            assert pages_for(wanted) - len(table.pages(slot)) > table.free_pages
            continue
        table.reserve(slot, wanted)
        rows[slot] = max(rows[slot], wanted)
    held = [page for slot in rows for page in table.pages(slot)]
    assert len(held) == len(set(held)) == table.num_pages - table.free_pages
    for slot, count in rows.items():
        pages = table.pages(slot)
        assert len(pages) == pages_for(count)
        places = table.row_indices(slot, 0, count) if count else []
        assert len(set(places)) == count and all(place // PAGE_ROWS in pages for place in places)


def test_freed_pages_are_used_again_before_untouched_ones() -> None:
    table = PageTable(1000)
    for slot in range(50):
        table.reserve(slot, 2 * PAGE_ROWS)
        assert set(table.pages(slot)) <= {0, 1}
        table.release(slot)


def test_contexts_whose_pages_alternate_are_read_whole() -> None:
    cache = KvCache(num_layers=2, kv_heads=2, head_dim=4, num_slots=2, max_rows=40, num_pages=5)
    for num_rows in (16, 32, 40):  # the slots grow in turns
        for slot in (0, 1):
            if slot == 0 or num_rows < 40:
                cache.table.reserve(slot, num_rows)
    segments = [Segment(slot=0, start=0, count=40, past=0), Segment(slot=1, start=40, count=32, past=0)]
    for layer in (0, 1):
        cache.write(layer, cache.places(segments), *torch.rand(2, 72, 2, 4))
    for segment in segments:
        keys, values = cache.context(segment.slot, segment.count)
        read = cache.reader(segment.slot, segment.count)
        for layer in (0, 1):
            keys_GdC, values_GCd = read(layer)
            assert torch.equal(keys_GdC.permute(2, 0, 1), keys[layer])
            assert torch.equal(values_GCd.transpose(0, 1), values[layer])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int32, torch.uint8])
@pytest.mark.parametrize("shape", [(3, 5), (0, 5), ()])
def test_tensors_survive_a_frame(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = (100 * torch.rand(shape)).to(dtype)
    frame = to_frame(tensor)
    back = from_frame(TensorFrame(frame.dtype, frame.shape, bytes(frame.data)))
    assert back.dtype == dtype and torch.equal(back, tensor)


def test_a_frame_whose_bytes_do_not_fit_its_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="data: has 7 bytes"):
        from_frame(TensorFrame(Dtype.F32, (2,), bytes(7)))


@given(st.lists(st.integers(0, 6)))
def test_runs_cover_ascending_experts_in_order(experts: list[int]) -> None:
    experts.sort()
    runs = list(expert_runs(experts))
    assert [expert for expert, start, stop in runs for _ in range(start, stop)] == experts
    assert [expert for expert, _, _ in runs] == sorted(set(experts))


@pytest.mark.parametrize("experts", [[1, 0], [0, 2, 1], [0, 1, 0, 1], [2, 2, 1]])
def test_experts_out_of_order_are_refused(experts: list[int]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        list(expert_runs(experts))


def test_pairs_come_back_to_their_tokens_in_router_order() -> None:
    experts_TK = torch.tensor([[3, 1], [1, 0], [0, 3]])
    pairs = Pairs.sort(experts_TK)
    assert pairs.experts == [0, 0, 1, 1, 3, 3]
    rows = pairs.tokens[:, None] * 10.0 + torch.tensor(pairs.experts)[:, None]
    weights = torch.tensor([[0.75, 0.25]] * 3)
    assert pairs.combine(rows, weights).flatten().tolist() == [2.5, 10.75, 20.75]


class CountingClock:
    """Between one question and the next passes what fp32 costs, then what bf16 costs."""

    def __init__(self, prices_ns: list[int]) -> None:
        self._prices, self._asked, self._now = prices_ns, 0, 0

    def now_ns(self) -> int:
        if self._asked % 2:
            self._now += self._prices[self._asked // 2 % 2]
        self._asked += 1
        return self._now


@pytest.mark.parametrize(
    ("prices_us", "dtype"), [([100, 60], Dtype.BF16), ([100, 90], Dtype.F32), ([50, 99], Dtype.F32)]
)
def test_bf16_is_chosen_only_where_it_is_clearly_faster(prices_us: list[int], dtype: Dtype) -> None:
    choice = probe_dtype(
        reduced(MICRO, width=4, depth=2, vocab_size=9), CountingClock([1000 * price for price in prices_us])
    )
    assert choice.dtype == dtype
    assert f"{prices_us[0]} us in fp32, {prices_us[1]} us in bf16" in choice.why
