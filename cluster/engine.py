"""One engine: slots of KV, and a step that advances all of them by one tick."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from cluster.clock import Clock, ManualClock
from cluster.errors import Fenced, InvalidInput, Rejected
from cluster.model.cache import KvCache
from cluster.model.dispatch import Exchange, Local, Timed
from cluster.model.moe import ExpertBank
from cluster.model.sampling import Draw, Sampler
from cluster.model.sequence import Context, Rows, turn_rows
from cluster.model.slots import SlotTable
from cluster.model.transformer import Transformer
from cluster.model.versions import versions
from cluster.model.weights import TORCH_DTYPES, Checkpoint
from cluster.types import Degradation, Dtype, SlotResult, SlotWork, StepResult, TickBatch, TurnOutput, Versions


def compute_alone() -> None:
    """Torch computes on the calling thread only, without a pool: its matrices are too small to be shared out."""
    torch.set_num_threads(1)


@dataclass(slots=True)
class _Turn:
    """The last micro-turn of a session's work while it may still speak."""

    work: SlotWork
    context: Context
    goes_on: bool = False  # two rows of logits: of what would have followed the output before, and its own
    out: list[int] = field(default_factory=list)
    passes: int = 0
    truncated: bool = False
    open: bool = True

    def draw(self) -> Draw:
        work = self.work
        return Draw(work.session, work.turns[-1].k, len(self.out), work.temperature, work.seed)


class Engine:
    """Steps a checkpoint over slots. Single-threaded; nothing it decides depends on a clock.

    Work that is stale or malformed is refused alone: its session is in StepResult.rejected, the reason in `refusals`,
    and nothing of it was done. If `step` raises, KV and contexts are undefined and the engine must be replaced.
    `progress` grows after every layer and pass, and at least every 20 ms while experts are awaited.
    """

    def __init__(
        self,
        checkpoint_dir: Path,
        *,
        num_slots: int,
        exchange: Exchange | None = None,
        dtype: Dtype = Dtype.F32,
        deterministic: bool = False,
        seed: int = 0,
        num_pages: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`exchange` defaults to Local over every expert; `num_pages` to room for every slot at its longest."""
        checkpoint = Checkpoint(checkpoint_dir)
        self.checkpoint_dir = checkpoint.dir
        self.config = config = checkpoint.config
        self.versions: Versions = versions(checkpoint, dtype=dtype, deterministic=deterministic)
        self.progress = 0
        self.refusals: dict[str, str] = {}
        self._clock = clock or ManualClock()
        if exchange is None:
            exchange = Local(ExpertBank(checkpoint_dir, dtype=dtype, deterministic=deterministic))
        self._exchange = Timed(exchange, self._clock)
        self._model = Transformer(checkpoint.trunk(), config, dtype=TORCH_DTYPES[dtype], deterministic=deterministic)
        max_rows = config.window.prefix_max + config.max_context_turns * config.position_stride
        self.cache = KvCache(
            num_layers=config.num_hidden_layers,
            kv_heads=config.num_key_value_heads,
            head_dim=config.head_dim,
            num_pages=num_pages,
            max_rows=max_rows,
            num_slots=num_slots,
        )
        self.slots = SlotTable(num_slots, config)
        self._sampler = Sampler(config, seed)
        self._engine_epoch = 0

    def step(self, batch: TickBatch) -> StepResult:
        """One tick. The first pass takes everything new of every session, each later one those that still speak.

        Raises ValueError, with nothing done, if a session appears twice.
        """
        if len({work.session for work in batch.work}) < len(batch.work):
            raise ValueError(f"work: a session appears twice in tick {batch.n}; merge its work")
        started_ns, self._exchange.run_ns = self._clock.now_ns(), 0
        self.refusals = {}
        self._engine_epoch = max(self._engine_epoch, batch.engine_epoch)
        rows, turns, accepted = Rows(), [], []
        for work in batch.work:
            if self._admit(work, batch):
                accepted.append(work)
                turns.append(self._enter(work, rows))
        passes = calls = used = reissued = 0
        tainted: set[int] = set()
        while self._exchange.agree(len(rows) > 0):
            self._exchange.begin_pass(batch.n, passes, self._beat)
            logits_SV = self._model.forward(rows, self.cache, self._exchange, self._beat)
            report = self._exchange.end_pass()
            passes, calls = passes + 1, calls + report.expert_calls
            used, reissued = used + report.shards_used, reissued + report.reissued_calls
            tainted |= rows.slots_of(report.degraded_rows)
            rows = self._speak([turn for turn in turns if turn and turn.open], logits_SV)
            self._beat()
        return StepResult(
            n=batch.n,
            engine_epoch=self._engine_epoch,
            results=tuple(self._result(work, turn, tainted) for work, turn in zip(accepted, turns, strict=True)),
            engine_ns=self._clock.now_ns() - started_ns,
            expert_ns=self._exchange.run_ns,
            passes=passes,
            expert_calls=calls,
            shards_used=used,
            reissued_calls=reissued,
            rejected=tuple(self.refusals),
        )

    def _admit(self, work: SlotWork, batch: TickBatch) -> bool:
        """Check the work, give back and reserve KV for it. False if it was refused."""
        try:
            if batch.engine_epoch < self._engine_epoch:
                raise Fenced(work.session, batch.engine_epoch, self._engine_epoch)
            demand = self.slots.check(work, self._engine_epoch)
            released = {*work.free, *(prefill.slot for prefill in work.prefills if prefill.reset)}
            self.cache.table.check_room(demand, released)
        except (Fenced, InvalidInput, Rejected) as error:
            self.refusals[work.session] = str(error)
            return False
        for slot in released:
            self.slots.close(slot)
            self.cache.table.release(slot)
        for slot, num_rows in demand.items():
            self.cache.table.reserve(slot, num_rows)
        return True

    def _enter(self, work: SlotWork, rows: Rows) -> _Turn | None:
        """Append the work's prefills and micro-turns to the first pass; the last micro-turn may speak."""
        for prefill in work.prefills:
            bind = self.slots.open if prefill.reset else self.slots.touch
            rows.append_prefill(bind(prefill.slot, work, self._engine_epoch), prefill, self.config)
        if not work.turns:
            return None
        turn = _Turn(work, self.slots.touch(work.slot, work, self._engine_epoch))
        before = rows.append_turns(turn.context, work.turns, self.config)
        if turn_rows(work.turns[-1], self.config):
            turn.goes_on = work.goes_on and before is not None
            rows.logits += [before, len(rows) - 1] if turn.goes_on else [len(rows) - 1]
        else:  # without any input there is no row whose logits could choose an output
            self._close(turn)
        return turn

    def _speak(self, turns: list[_Turn], logits_SV: torch.Tensor) -> Rows:
        """Give each open micro-turn its next token; the rows of those that go on are the next pass."""
        limits, sil, rows = self.config.micro_turn, self.config.sil_token_id, Rows()
        drawn = iter(self._sampler(logits_SV, [turn.draw() for turn in turns for _ in range(1 + turn.goes_on)]))
        for turn in turns:
            token = next(drawn)
            if turn.goes_on:  # silence would have followed: nothing was cut off
                own = next(drawn)
                token, turn.goes_on = (own if token == sil else token), False
            turn.passes += 1
            if token != sil:
                turn.out.append(token)
                turn.context.emit(token)
            full = len(turn.out) == limits.text_out_max
            turn.truncated = token != sil and not full and turn.passes == min(turn.work.max_passes, limits.passes_max)
            if token == sil or full or turn.truncated:
                self._close(turn)
            else:
                rows.append_pending(turn.context)
                rows.logits.append(len(rows) - 1)
        return rows

    def _close(self, turn: _Turn) -> None:
        turn.context.close(self.config.sil_token_id)
        turn.open = False

    def _result(self, work: SlotWork, turn: _Turn | None, tainted: set[int]) -> SlotResult:
        held = self.slots.get(work.slot)
        touched = {work.slot, *(prefill.slot for prefill in work.prefills)}
        degradations = [Degradation.EXPERT_DROPPED] if touched & tainted else []
        outputs = [TurnOutput(k=earlier.k) for earlier in work.turns[:-1]]
        if turn is not None:
            k, out = work.turns[-1].k, tuple(turn.out)
            outputs.append(TurnOutput(k=k, tokens=out, passes=turn.passes, truncated=turn.truncated))
            degradations += [Degradation.OUTPUT_TRUNCATED] if turn.truncated else []
        return SlotResult(
            session=work.session,
            epoch=work.epoch,
            outputs=tuple(outputs),
            context_tokens=held.context.rows if held and held.session == work.session else 0,
            degradations=tuple(degradations),
        )

    def _beat(self) -> None:
        self.progress += 1
