"""A checkpoint listening to a sound file through the reference forward pass: what it says, micro-turn by micro-turn.

python -m training.listener FILE.wav [--checkpoint models/counterpoint-micro]
"""

from __future__ import annotations

import argparse
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from cluster.media.dmel import DMelConfig, dmel, from_s16
from cluster.session.limits import CheckpointLimits
from cluster.session.pins import cut_pin, held_turns
from cluster.session.since import told_since
from cluster.types import ContextTurn, MicroTurn
from training import vocab
from training.forward import Cache, Context, Reference, Rows, lay_out

TURN_S = 0.2
# When output k is heard: its micro-turn has ended, plus the jitter margin and the time to the due moment.
EGRESS_S = 0.19


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was emitted in micro-turn k; `words` are voiced, `events` are control tokens."""

    k: int
    words: str
    events: tuple[str, ...]

    @property
    def onset_s(self) -> float:
        return (self.k + 1) * TURN_S + EGRESS_S


class Past:
    """What a session without anchors has said and keeps, as far as its micro-turns are told of it."""

    def __init__(self) -> None:
        self._newest: tuple[ContextTurn, ...] = ()
        self._pins: tuple[tuple[ContextTurn, ...], ...] = ()
        self._told = MicroTurn(k=-1)

    def tell(self, turn: MicroTurn) -> MicroTurn:
        (self._told,) = told_since([turn], self._newest, self._pins)
        return self._told

    def enter(self, out: tuple[int, ...]) -> None:
        """The micro-turn that was told last is over, with this output."""
        self._newest = (ContextTurn(turn=self._told, out=out),)
        for token in out:
            if token == vocab.TOKEN_ID[vocab.KEEP]:
                self._pins = (*self._pins, self._newest)
            elif token == vocab.TOKEN_ID[vocab.RELEASE]:
                self._pins = self._pins[1:]


class Listener:
    """One conversation, greedy, with anchors as the server makes them."""

    def __init__(self, reference: Reference, prefix: tuple[int, ...] = ()) -> None:
        self._reference, self._prefix = reference, prefix
        self._tail: list[ContextTurn] = []
        self._pins: list[tuple[ContextTurn, ...]] = []
        self._restart(())

    def hear(self, turn: MicroTurn) -> tuple[int, ...]:
        """Appends one micro-turn; returns the tokens emitted, without the final silence."""
        c, rows = self._reference.config, self._pending
        (turn,) = told_since([turn], tuple(self._tail), tuple(self._pins))
        position = self._reference.add_input(rows, turn, self._base + c.position_stride * self._index)
        out: list[int] = []
        while True:
            logits_V = self._reference.run(rows, self._cache)[-1].clone()
            logits_V[c.sil_token_id] += self._reference.sil_bias
            token = int(logits_V.argmax())
            rows = Rows()
            if token == c.sil_token_id or len(out) == c.micro_turn.text_out_max:
                break
            out.append(token)
            rows.add(self._reference.token(token), position)
            position += 1
        self._pending = Rows()
        self._pending.add(self._reference.token(c.sil_token_id), position)
        self._index += 1
        self._tail.append(ContextTurn(turn=turn, out=tuple(out)))
        self._keep(out)
        if len(self._tail) >= c.window.micro_turns:
            self._anchor()
        return tuple(out)

    @property
    def turns_in_context(self) -> int:
        return self._index

    def _keep(self, out: list[int]) -> None:
        if vocab.TOKEN_ID[vocab.KEEP] in out:
            limits = CheckpointLimits()
            self._pins.append(cut_pin(tuple(self._tail), limits, limits.pins_max))
        for _ in range(min(out.count(vocab.TOKEN_ID[vocab.RELEASE]), len(self._pins))):
            self._pins.pop(0)

    def _anchor(self) -> None:
        self._tail = self._tail[-self._reference.config.window.micro_turns // 2 :]
        first = self._tail[0].turn.k
        pinned = tuple(item for item in held_turns(tuple(self._pins)) if item.turn.k < first)
        self._restart(pinned + tuple(self._tail))

    def _restart(self, turns: tuple[ContextTurn, ...]) -> None:
        stride = self._reference.config.position_stride
        self._cache, self._index = Cache(), len(turns)
        self._base = -(-len(self._prefix) // stride) * stride
        self._pending = Rows()
        rows = lay_out(self._reference, Context(prefix=self._prefix, turns=turns))
        if rows.positions:
            self._reference.run(rows, self._cache)


def micro_turns(samples_N: npt.NDArray[np.float32], config: DMelConfig) -> Iterator[MicroTurn]:
    """The sound as micro-turns; a rest shorter than one is left out."""
    codes_FC = dmel(samples_N, config)
    padded_FC = np.concatenate([np.zeros((5, config.num_mels), np.uint8), codes_FC])
    for k in range(len(codes_FC) // 10):
        yield MicroTurn(k=k, audio=padded_FC[10 * k : 10 * k + 15].tobytes())


def listen(
    reference: Reference, samples_N: npt.NDArray[np.float32], text: dict[int, tuple[int, ...]] | None = None
) -> list[Said]:
    """Everything said while hearing the samples (16 kHz). text: token ids given in micro-turns."""
    listener, said = Listener(reference), []
    for turn in micro_turns(samples_N, DMelConfig()):
        written = (text or {}).get(turn.k, ())
        out = listener.hear(MicroTurn(k=turn.k, audio=turn.audio, text=written))
        if out:
            said.append(to_said(turn.k, out, reference.words))
    return said


def to_said(k: int, tokens: tuple[int, ...], words: tuple[str, ...]) -> Said:
    """words: the vocabulary of the checkpoint that emitted them."""
    texts = [words[token] for token in tokens]
    voiced = " ".join(text for text in texts if not text.startswith("<"))
    return Said(k=k, words=voiced, events=tuple(text for text in texts if text.startswith("<")))


def read_wav(path: Path) -> npt.NDArray[np.float32]:
    """Raises ValueError for anything but 16 kHz mono 16 bit."""
    with wave.open(str(path)) as wav:
        if (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) != (16000, 1, 2):
            raise ValueError(f"{path}: must be 16 kHz mono 16 bit")
        return from_s16(wav.readframes(wav.getnframes()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="+")
    parser.add_argument("--checkpoint", type=Path, default=Path("models/counterpoint-micro"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    reference = Reference(args.checkpoint)
    for path in args.file:
        said = listen(reference, read_wav(path))
        print(path.name, "; ".join(f"{item.onset_s:.2f} {item.words}{' '.join(item.events)}" for item in said))


if __name__ == "__main__":
    main()
