"""`python -m evals.typed SET OUT`: a copy of a set in which every request is typed instead of spoken.

Typing begins so early that the last words, of which a micro-turn takes four, are in when the sound would have ended.
What a model scores on the copy and not on the set it has lost by hearing; what it scores on neither it does not
understand. All else that is said stays speech.
"""

from __future__ import annotations

import argparse
import shutil
import wave
from dataclasses import replace
from pathlib import Path

from cluster.errors import ConfigError
from cluster.model.config import MicroTurnLimits
from cluster.types import MICRO_TURN_MS
from evals.items import Event, Item, read_set, write_set

PER_TURN = MicroTurnLimits().text_in_max


def typed(item: Item) -> tuple[Item, list[tuple[float, float]]]:
    """The item with its requests as text at the moment their sound was over, and the seconds of that sound."""
    events, spans, asked = list(item.events), [], None
    for event in item.events:
        if event.kind == "request":
            asked = event
        elif event.kind == "request end" and asked:
            typing_s = (len(asked.text.split()) - 1) // PER_TURN * MICRO_TURN_MS / 1000
            events.append(Event(t_s=max(0.0, event.t_s - typing_s), kind="text", text=asked.text))
            spans.append((asked.t_s, event.t_s))
            asked = None
    if asked:
        raise ConfigError(f"item {item.id}", f"no `request end` follows the request at {asked.t_s} s")
    return replace(item, events=tuple(events)), spans


def mute(source: Path, target: Path, spans: list[tuple[float, float]]) -> None:
    """A copy of a wav file with silence in these seconds."""
    with wave.open(str(source)) as sound:
        parameters, pcm = sound.getparams(), bytearray(sound.readframes(sound.getnframes()))
    size = parameters.sampwidth * parameters.nchannels
    for span in spans:
        start, end = (min(round(at_s * parameters.framerate) * size, len(pcm)) for at_s in span)
        pcm[start:end] = bytes(end - start)
    with wave.open(str(target), "wb") as copy:
        copy.setparams(parameters)
        copy.writeframes(pcm)


def copy(folder: Path, out: Path) -> int:
    """Writes the copy and says how many requests are typed.

    Raises ConfigError for a set that cannot be read, for a copy in its own folder, or for a request without an end.
    """
    if out.resolve() == folder.resolve():
        raise ConfigError(f"{out}", "the copy would overwrite the set; name another folder")
    items = [(item, *typed(item)) for item in read_set(folder)]
    write_set(out, [new for _, new, _ in items])
    for item, _, spans in items:
        if item.audio:
            mute(folder / item.audio, out / item.audio, spans)
        if item.video:
            shutil.copy(folder / item.video, out / item.video)
    return sum(len(spans) for _, _, spans in items)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m evals.typed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    print(f"{copy(args.set, args.out)} requests are typed in {args.out}")


if __name__ == "__main__":
    main()
