"""What Remote does when shards are late, broken, refusing or gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from cluster.clock import ManualClock
from cluster.errors import ExpertRefused, ExpertUnavailable
from cluster.model.dispatch import Local, PassReport
from cluster.model.latency import MAX_NS, MIN_NS, WARMUP_NS, CallDeadline
from cluster.model.moe import ExpertBank
from cluster.model.placement import held_by, routes, together, uniform_placement
from cluster.model.remote import LAST_RESORT_NS, Remote
from cluster.types import Degradation, ExpertCall, Placement
from tests.unit.engine_tools import SHALLOW, Driver, checkpoint, conversation, new_engine
from tests.unit.expert_fakes import ThreadTransport

T, D, K, E = 6, SHALLOW.hidden_size, SHALLOW.num_experts_per_tok, SHALLOW.num_experts


class LeapingClock:
    """Stands, but leaps by `leap_ns` at every beat of a wait."""

    def __init__(self) -> None:
        self.now, self.leap_ns, self.on_wait = 0, 0, lambda: None

    def now_ns(self) -> int:
        return self.now

    def beat(self) -> None:
        self.now += self.leap_ns
        self.on_wait()


class World:
    def __init__(self, folder: Path, copies: int) -> None:
        self.placement = uniform_placement(E, (0, 1), copies=copies)
        banks = {s: ExpertBank(folder, held_by(self.placement, s), deterministic=True) for s in (0, 1)}
        self.transport, self.clock = ThreadTransport(banks), LeapingClock()
        self.remote = Remote(self.transport, self.placement, self.clock, few_rows=0)
        self.local = Local(ExpertBank(folder, deterministic=True))
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randn(T, D, generator=generator)
        self.experts = torch.stack([torch.randperm(E, generator=generator)[:K] for _ in range(T)])
        self.weights = torch.softmax(torch.randn(T, K, generator=generator), dim=-1)

    def run(self, exchange: Remote | Local | None = None) -> tuple[torch.Tensor, PassReport]:
        exchange = exchange or self.remote
        exchange.begin_pass(7, 0, self.clock.beat)
        return exchange.run(0, self.x, self.experts, self.weights), exchange.end_pass()

    def expected(self) -> torch.Tensor:
        return self.run(self.local)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def replicated(folder: Path) -> Iterator[World]:
    world = World(folder, copies=2)
    yield world
    world.transport.close()


@pytest.fixture
def single(folder: Path) -> Iterator[World]:
    world = World(folder, copies=1)
    yield world
    world.transport.close()


def test_a_call_that_misses_its_deadline_is_sent_to_the_replica(replicated: World) -> None:
    replicated.transport.silent = {1}
    replicated.clock.leap_ns = 20_000_000
    y, report = replicated.run()
    assert torch.equal(y, replicated.expected())
    assert (report.expert_calls, report.shards_used, report.reissued_calls) == (2, 2, 1)
    assert not report.degraded_rows
    assert replicated.transport.suspected == [1]
    assert [(shard, call.attempt) for shard, call in replicated.transport.calls] == [(0, 0), (1, 0), (0, 1)]
    # the next layer does not ask the suspect shard again
    _, report = replicated.run()
    assert (report.expert_calls, report.shards_used, report.reissued_calls) == (1, 1, 0)


def test_a_broken_stream_is_replaced_without_waiting(replicated: World) -> None:
    replicated.transport.faults[0] = lambda call: ExpertUnavailable("shard 0: stream broken")
    y, report = replicated.run()
    assert torch.equal(y, replicated.expected())
    assert report.reissued_calls == 1 and replicated.transport.suspected == [0]


def test_a_refusing_shard_is_passed_over_but_not_suspected(replicated: World) -> None:
    replicated.transport.faults[0] = lambda call: ExpertRefused("placement_epoch", "is stale")
    y, report = replicated.run()
    assert torch.equal(y, replicated.expected())
    assert report.reissued_calls == 1 and not replicated.transport.suspected


def test_an_expert_without_replica_is_dropped_and_the_rest_renormalised(single: World) -> None:
    single.transport.faults[1] = lambda call: ExpertUnavailable("shard 1: gone")
    y, report = single.run()
    on_1 = torch.tensor([single.placement.replicas[e] == (1,) for e in range(E)])[single.experts]
    kept = single.weights.masked_fill(on_1, 0.0)
    sums = kept.sum(dim=1, keepdim=True)
    assert report.degraded_rows == frozenset(on_1.any(dim=1).nonzero().flatten().tolist())
    assert {0, 1, 2} >= set(on_1.sum(dim=1).tolist()) and report.degraded_rows
    single.weights = torch.where(sums > 0, kept / sums, kept)
    torch.testing.assert_close(y, single.expected())


def test_a_late_answer_still_saves_rows_that_have_no_replica(single: World) -> None:
    single.transport.silent = {1}
    single.clock.leap_ns = 20_000_000

    def answer_late() -> None:
        if single.clock.now > WARMUP_NS + 50_000_000:
            single.transport.answer_held()

    single.clock.on_wait = answer_late
    y, report = single.run()
    assert torch.equal(y, single.expected())
    assert not report.degraded_rows


def test_the_last_shard_left_is_asked_though_it_is_suspect(replicated: World) -> None:
    replicated.transport.suspected = [0, 1]
    y, report = replicated.run()
    assert torch.equal(y, replicated.expected())
    assert not report.degraded_rows


def test_hope_in_a_dead_shard_turns_to_the_one_that_is_only_suspect(replicated: World) -> None:
    replicated.transport.suspected = [0, 1]
    replicated.transport.faults[1] = lambda call: ExpertUnavailable("shard 1: not connected")
    y, report = replicated.run()
    assert torch.equal(y, replicated.expected())
    assert not report.degraded_rows


def test_a_shard_is_hoped_for_in_vain_once_in_a_tick_and_not_in_every_layer(single: World) -> None:
    single.transport.silent = {1}
    single.clock.leap_ns = 20_000_000
    _, first = single.run()
    waited_ns = single.clock.now
    _, second = single.run()
    assert first.degraded_rows and second.degraded_rows
    assert single.clock.now - waited_ns < LAST_RESORT_NS


def test_an_engine_that_overslept_does_not_blame_the_shard(replicated: World) -> None:
    replicated.transport.silent = {1}
    replicated.clock.leap_ns = 10 * WARMUP_NS
    replicated.clock.on_wait = replicated.transport.answer_held
    y, report = replicated.run()
    assert torch.equal(y, replicated.expected())
    assert not report.reissued_calls and not replicated.transport.suspected


def test_losing_every_shard_leaves_the_residual_and_marks_the_session(folder: Path) -> None:
    world = World(folder, copies=2)
    gone: Callable[[ExpertCall], Exception] = lambda call: ExpertUnavailable("gone")  # noqa: E731 - two uses, one line
    world.transport.faults = {0: gone, 1: gone}
    driver = Driver(new_engine(folder, world.remote))
    opened = driver.open("a", 0)
    assert opened.degradations == (Degradation.EXPERT_DROPPED,)
    world.transport.faults.clear()
    world.transport.suspected.clear()
    assert Degradation.EXPERT_DROPPED not in driver.say("a", 0, *conversation(1, 1)).degradations
    world.transport.close()


def test_every_wait_moves_the_progress_counter(folder: Path) -> None:
    world = World(folder, copies=2)
    world.transport.silent = {1}
    driver = Driver(new_engine(folder, world.remote))
    engine, seen = driver.engine, set()
    world.clock.leap_ns = 0
    beat = engine._beat

    def leap() -> None:
        beat()
        world.clock.now += 20_000_000
        seen.add(engine.progress)

    engine._beat = leap
    driver.open("a", 0)
    assert len(seen) >= WARMUP_NS // 20_000_000 + SHALLOW.num_hidden_layers
    world.transport.close()


def test_the_deadline_follows_four_times_the_p99_within_its_bounds() -> None:
    deadline = CallDeadline()
    assert deadline.limit_ns(1) == WARMUP_NS
    for taken, limit in ((100_000, MIN_NS), (3_000_000, 12_000_000), (90_000_000, MAX_NS)):
        for _ in range(256):
            deadline.record(taken, 48)
        assert deadline.limit_ns(48) == limit
    deadline.record(10**12, 2_000)
    assert deadline.limit_ns(48) == MAX_NS
    assert deadline.limit_ns(1_000) == 4 * MAX_NS


def test_routes_spread_experts_evenly_and_honour_preference() -> None:
    same = Placement(epoch=1, replicas=((0, 1),) * 4)
    assert routes(same, frozenset({0, 1})) == (0, 1, 0, 1)
    assert routes(same, frozenset({1})) == (1, 1, 1, 1)
    ring = uniform_placement(4, (0, 1, 2, 3), copies=2)
    assert routes(ring, frozenset(range(4))) == (0, 1, 2, 3)
    assert routes(ring, frozenset({0, 1, 3})) == (0, 1, 3, 3)
    assert routes(ring, frozenset({0})) == (0, None, None, 0)
    assert held_by(ring, 0) == (0, 3)
    with pytest.raises(ValueError, match="copies"):
        uniform_placement(4, (0,), copies=2)


def test_a_clock_that_stands_waits_for_slow_shards(replicated: World) -> None:
    replicated.remote = Remote(replicated.transport, replicated.placement, ManualClock(), few_rows=0)
    y, _ = replicated.run()
    assert torch.equal(y, replicated.expected())


def test_few_rows_go_to_one_shard_together_and_the_shards_take_turns(replicated: World) -> None:
    replicated.remote = Remote(replicated.transport, replicated.placement, replicated.clock)
    y, report = replicated.run()
    assert torch.equal(y, replicated.expected())
    assert report.expert_calls == 1
    every = frozenset(range(E))
    healthy = frozenset({0, 1})
    assert [together(replicated.placement, healthy, every, turn) for turn in range(4)] == [0, 1, 0, 1]


def test_few_rows_are_still_split_where_no_shard_holds_all_their_experts(single: World) -> None:
    single.remote = Remote(single.transport, single.placement, single.clock)
    y, report = single.run()
    assert torch.equal(y, single.expected())
    assert report.expert_calls == 2
