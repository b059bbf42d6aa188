"""Who owns which slot, and what a tick may do to it. Torch-free.

Everything a SlotWork asks is checked here before anything is touched, so that a stale or malformed one changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.errors import Fenced, InvalidInput
from cluster.model.config import ModelConfig
from cluster.model.sequence import Context, check_tokens, check_turn, turn_rows
from cluster.types import Prefill, SlotWork


@dataclass(slots=True)
class Slot:
    """An open slot, bound to a session's epoch and to the scheduler (engine epoch) that last used it."""

    session: str
    epoch: int
    engine_epoch: int
    context: Context


class SlotTable:
    def __init__(self, num_slots: int, config: ModelConfig) -> None:
        self._num_slots, self._config = num_slots, config
        self._slots: dict[int, Slot] = {}

    def __getitem__(self, slot: int) -> Slot:
        return self._slots[slot]

    def get(self, slot: int) -> Slot | None:
        return self._slots.get(slot)

    def __len__(self) -> int:
        return len(self._slots)

    def open(self, slot: int, work: SlotWork, engine_epoch: int) -> Context:
        context = Context(slot)
        self._slots[slot] = Slot(work.session, work.epoch, engine_epoch, context)
        return context

    def touch(self, slot: int, work: SlotWork, engine_epoch: int) -> Context:
        """Bind an open slot to the epochs that use it now."""
        held = self._slots[slot]
        held.epoch, held.engine_epoch = work.epoch, engine_epoch
        return held.context

    def close(self, slot: int) -> None:
        self._slots.pop(slot, None)

    def check(self, work: SlotWork, engine_epoch: int) -> dict[int, int]:
        """Rows each slot of the work will hold at most when the tick is done.

        Raises Fenced for a stale epoch, InvalidInput (naming the field) for work this engine or checkpoint cannot do.
        """
        self._check_epoch(work)
        for slot in work.free:
            self._check_owner(work, slot, "free")
        contexts: dict[int, tuple[int, int]] = {}  # slot: rows, turns
        for i, prefill in enumerate(work.prefills):
            path = f"prefills[{i}]"
            rows, turns = self._base(work, prefill.slot, prefill.reset, engine_epoch, contexts, f"{path}.slot")
            added = self._check_prefill(prefill, turns, path)
            contexts[prefill.slot] = rows + added, turns + len(prefill.items)
        if work.turns:
            rows, turns = self._base(work, work.slot, False, engine_epoch, contexts, "slot")
            contexts[work.slot] = rows + self._check_turns(work), turns + len(work.turns)
        for slot, (_, turns) in contexts.items():
            if turns > self._config.max_context_turns:
                raise InvalidInput("turns", f"slot {slot} would hold {turns} of {self._config.max_context_turns}")
        return {slot: rows for slot, (rows, _) in contexts.items()}

    def _check_epoch(self, work: SlotWork) -> None:
        held = max((slot.epoch for slot in self._slots.values() if slot.session == work.session), default=work.epoch)
        if work.epoch < held:
            raise Fenced(work.session, work.epoch, held)

    def _check_owner(self, work: SlotWork, slot: int, path: str) -> None:
        held = self._slots.get(slot)
        if held is not None and held.session != work.session:
            raise InvalidInput(path, f"slot {slot} belongs to another session")

    def _base(
        self,
        work: SlotWork,
        slot: int,
        reset: bool,
        engine_epoch: int,
        contexts: dict[int, tuple[int, int]],
        path: str,
    ) -> tuple[int, int]:
        """Rows and turns the slot holds before this part of the work."""
        if not 0 <= slot < self._num_slots:
            raise InvalidInput(path, f"{slot} is not in 0..{self._num_slots - 1}")
        held = self._slots.get(slot)
        # a scheduler that lost its engine leaves slots behind; only its successor may take them from their sessions
        if held is not None and not (reset and held.engine_epoch < engine_epoch):
            self._check_owner(work, slot, path)
        if reset and slot in contexts:
            raise InvalidInput(path, f"slot {slot} was already used in this tick; reset it first")
        if reset:
            return 0, 0
        if slot in contexts:
            return contexts[slot]
        if held is None or slot in work.free:
            raise InvalidInput(path, f"slot {slot} is not open; open it with a prefill that resets it")
        return held.context.rows + len(held.context.pending), held.context.turns

    def _check_prefill(self, prefill: Prefill, turns: int, path: str) -> int:
        if prefill.index != turns:
            raise InvalidInput(f"{path}.index", f"is {prefill.index}, the context continues at {turns}")
        if prefill.prefix and not prefill.reset:
            raise InvalidInput(f"{path}.prefix", "is given once, with the prefill that resets the slot")
        limits, vocab = self._config.micro_turn, self._config.vocab_size
        check_tokens(prefill.prefix, self._config.window.prefix_max, vocab, f"{path}.prefix")
        rows = len(prefill.prefix)
        for i, item in enumerate(prefill.items):
            check_turn(item.turn, self._config, f"{path}.items[{i}].turn")
            check_tokens(item.out, limits.text_out_max, vocab, f"{path}.items[{i}].out")
            rows += turn_rows(item.turn, self._config) + len(item.out) + 1
        return rows

    def _check_turns(self, work: SlotWork) -> int:
        if work.max_passes < 1:
            raise InvalidInput("max_passes", f"is {work.max_passes}, at least 1 is needed to enter micro-turns")
        for i, turn in enumerate(work.turns):
            check_turn(turn, self._config, f"turns[{i}]")
        rows = sum(turn_rows(turn, self._config) + 1 for turn in work.turns)
        return rows + self._config.micro_turn.text_out_max
