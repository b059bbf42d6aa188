"""Micro-turns as rows of a flat sequence, with their positions (the contract is in cluster/DESIGN.md). Torch-free."""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.errors import InvalidInput
from cluster.model.config import ModelConfig
from cluster.types import MicroTurn, Prefill


@dataclass(frozen=True, slots=True)
class Segment:
    """Neighbouring rows of one slot: the rows start … start+count-1 of the pass continue a context of `past` rows."""

    slot: int
    start: int
    count: int
    past: int


@dataclass(slots=True)
class Context:
    """What the engine knows of one slot's context beside its KV."""

    slot: int
    base: int = 0  # position of micro-turn 0
    rows: int = 0  # rows in the KV, those of the pass being built included
    turns: int = 0  # micro-turns closed
    cursor: int = 0  # next position of the open micro-turn
    pending: list[tuple[int, int]] = field(default_factory=list)  # (token, position) decided but not yet in the KV

    def emit(self, token: int) -> None:
        self.pending.append((token, self.cursor))
        self.cursor += 1

    def close(self, sil: int) -> None:
        """End the open micro-turn; its sil enters the KV with the next one."""
        self.emit(sil)
        self.turns += 1


@dataclass(slots=True)
class Rows:
    """The rows of one pass, over all slots."""

    tokens: list[int] = field(default_factory=list)  # 0 where an audio token or a patch stands
    positions: list[int] = field(default_factory=list)
    audio: list[tuple[int, bytes]] = field(default_factory=list)  # first row, dMel codes of a micro-turn
    patches: list[tuple[int, bytes]] = field(default_factory=list)  # first row, pixels
    elapsed: list[tuple[int, int]] = field(default_factory=list)  # row, k
    since: list[tuple[int, int]] = field(default_factory=list)  # of the same rows: since output, since kept
    segments: list[Segment] = field(default_factory=list)
    logits: list[int] = field(default_factory=list)  # rows whose logits are wanted

    def __len__(self) -> int:
        return len(self.tokens)

    def last_block(self) -> tuple[list[int], list[Segment]]:
        """Rows that the last block has to work on, and where they stand: nobody reads its output for the others.

        One at least, so that every block calls its experts.
        """
        kept = self.logits or [len(self) - 1][: len(self)]
        segments, found = iter(self.segments), []
        segment = next(segments, None)
        for place, row in enumerate(kept):
            while segment is not None and row >= segment.start + segment.count:
                segment = next(segments, None)
            assert segment is not None  # every row belongs to one
            found.append(Segment(segment.slot, place, 1, segment.past + row - segment.start))
        return kept, found

    def slots_of(self, rows: frozenset[int]) -> set[int]:
        """Slots that any of the rows belongs to."""
        return {s.slot for s in self.segments if not rows.isdisjoint(range(s.start, s.start + s.count))}

    def append_prefill(self, context: Context, prefill: Prefill, config: ModelConfig) -> None:
        start = len(self)
        if prefill.index == 0 and prefill.prefix:
            for position, token in enumerate(prefill.prefix):
                self._token(token, position)
            context.base = base_position(len(prefill.prefix), config.position_stride)
        for item in prefill.items:
            self._open_turn(context, item.turn, config)
            for token in item.out:
                context.emit(token)
            context.close(config.sil_token_id)
            # out tokens stand in the KV before their sil, as they do after live passes
            self._flush(context, keep=1)
        self._segment(context, start)

    def append_turns(self, context: Context, turns: tuple[MicroTurn, ...], config: ModelConfig) -> int | None:
        """Enter live micro-turns; all but the last are closed in silence, the last is left open to speak.

        Returns the row before the silence that ended the micro-turn before, if it is of this pass.
        """
        start = len(self)
        before = start + len(context.pending) - 2
        whole = before >= start or (bool(self.segments) and self.segments[-1].slot == context.slot)
        for turn in turns[:-1]:
            self._open_turn(context, turn, config)
            context.close(config.sil_token_id)
        self._open_turn(context, turns[-1], config)
        self._segment(context, start)
        return before if whole else None

    def append_pending(self, context: Context) -> None:
        start = len(self)
        self._flush(context)
        self._segment(context, start)

    def _open_turn(self, context: Context, turn: MicroTurn, config: ModelConfig) -> None:
        self._flush(context)
        first, position = len(self), context.base + config.position_stride * context.turns
        audio_rows = config.micro_turn.audio_in if turn.audio else 0
        if turn.audio:
            self.audio.append((first, turn.audio))
        if turn.num_patches:
            self.patches.append((first + audio_rows, turn.patches))
        for token in (*(0,) * (audio_rows + turn.num_patches), *turn.text):
            self._token(token, position)
            position += 1
        timed = audio_rows or len(self) - first
        self.elapsed.extend((first + offset, turn.k) for offset in range(timed))
        self.since.extend([(turn.since_output, turn.since_kept)] * timed)
        context.cursor = position

    def _flush(self, context: Context, keep: int = 0) -> None:
        flushed = len(context.pending) - keep
        for token, position in context.pending[:flushed]:
            self._token(token, position)
        del context.pending[:flushed]

    def _token(self, token: int, position: int) -> None:
        self.tokens.append(token)
        self.positions.append(position)

    def _segment(self, context: Context, start: int) -> None:
        if count := len(self) - start:
            self.segments.append(Segment(context.slot, start, count, context.rows))
            context.rows += count


def base_position(num_prefix: int, stride: int) -> int:
    return stride * -(-num_prefix // stride)


def turn_rows(turn: MicroTurn, config: ModelConfig) -> int:
    return (config.micro_turn.audio_in if turn.audio else 0) + turn.num_patches + len(turn.text)


def check_turn(turn: MicroTurn, config: ModelConfig, path: str) -> None:
    """Raises InvalidInput, naming the field under `path`, if the micro-turn is not one this checkpoint can take."""
    limits = config.micro_turn
    if turn.audio and len(turn.audio) != config.audio_bytes:
        raise InvalidInput(f"{path}.audio", f"has {len(turn.audio)} bytes, the checkpoint takes {config.audio_bytes}")
    if turn.audio and max(turn.audio) >= config.audio.levels:
        raise InvalidInput(f"{path}.audio", f"dMel codes must be below {config.audio.levels}")
    if turn.num_patches > limits.video_in_max:
        raise InvalidInput(f"{path}.num_patches", f"is {turn.num_patches}, the checkpoint takes {limits.video_in_max}")
    patch_bytes = config.vision.patch_bytes if config.vision else 0
    if len(turn.patches) != turn.num_patches * patch_bytes:
        raise InvalidInput(
            f"{path}.patches", f"has {len(turn.patches)} bytes, num_patches implies {turn.num_patches * patch_bytes}"
        )
    check_tokens(turn.text, limits.text_in_max, config.vocab_size, f"{path}.text")


def check_tokens(tokens: tuple[int, ...], limit: int, vocab_size: int, path: str) -> None:
    if len(tokens) > limit:
        raise InvalidInput(path, f"has {len(tokens)} tokens, the checkpoint takes {limit}")
    if any(not 0 <= token < vocab_size for token in tokens):
        raise InvalidInput(path, f"token ids must be in 0..{vocab_size - 1}")
