"""Recordings of a held-out voice with a request, for the demo and the benchmark: speech, room noise, light chatter.

Each is a 16 kHz mono wav with a JSON beside it: what is said, by whom, when the request ends and what should be said
when. Phrase, interval and voice of the demo are absent from training; the control asks for nothing.

    python -m training.recordings

A recording that is already there is kept.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training import vocab
from training.kokoro import Kokoro, fetch, write_wav
from training.readings import parse
from training.recording_plans import PLANS, Plan
from training.tasks import Kind
from training.voices import HELD_OUT_STYLES, HELD_OUT_VARIANTS, SAMPLE_RATE, Voice, level, synthesise, trim

REQUEST_S = 1.0  # when the request begins
NOISE_DB = -58.0  # RMS of the room, relative to full scale
EARLY_S, LATE_S = 0.4, 0.8  # around a due time; late counts the micro-turn and the delivery of its output
RELATIVE = 0.05  # of the interval, where that is more than EARLY_S
GAP_S = 0.5  # the least silence between two utterances


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An utterance of a recording, placed: seconds from the start."""

    text: str
    from_s: float
    to_s: float


ASKING = ("demo",)  # must ask with what training never heard

Sound = npt.NDArray[np.float32]
Speak = Callable[[str, str], Sound]


def speaker() -> Speak:
    """Text and voice to speech; "kokoro:STYLE" or "espeak:ACCENT+VARIANT"."""

    @cache
    def kokoro() -> Kokoro:
        fetch()
        return Kokoro()

    @cache
    def speak(text: str, voice: str) -> Sound:
        engine, _, name = voice.partition(":")
        if engine == "kokoro":
            return level(trim(kokoro().synthesise(text, name, 1.0, SAMPLE_RATE)))
        accent, _, variant = name.partition("+")
        return synthesise(text, Voice(accent=accent, variant=variant, rate=155, pitch=50))

    return speak


def compose(plan: Plan, speak: Speak, seed: int) -> tuple[Sound, dict[str, object]]:
    """The samples of a plan and its description. Raises ValueError where the utterances do not fit."""
    length = round(plan.seconds * SAMPLE_RATE)
    track = np.zeros(length, np.float32)
    free_s, said = 0.0, []
    for at_s, text in ([(REQUEST_S, plan.request)] if plan.request else []) + list(plan.later):
        sound = speak(text, plan.voice)
        start_s = max(at_s, free_s)
        start = round(start_s * SAMPLE_RATE)
        if start + len(sound) > length:
            raise ValueError(
                f"{plan.name}.seconds: {text!r} does not fit into {plan.seconds} s; plan a longer recording"
            )
        track[start : start + len(sound)] += sound
        end_s = start_s + len(sound) / SAMPLE_RATE
        said.append(Said(text=text, from_s=round(start_s, 2), to_s=round(end_s, 2)))
        free_s = end_s + GAP_S
    return track + _room(length, seed), _describe(plan, said)


def answers(said: Sequence[Said], until_s: float) -> list[tuple[str, float]]:
    """What a perfect listener says: each phrase and when it is due, until a stop, the next request or the end."""
    asked = [(parse(one.text), one.to_s) for one in said]
    turns = [(request, end_s) for request, end_s in asked if request.kind is not Kind.CHATTER]
    ends_s = [*(end_s for _, end_s in turns[1:]), until_s]
    return [
        (request.say, round(end_s + index * request.tenths / 10, 2))
        for (request, end_s), next_s in zip(turns, ends_s, strict=True)
        if request.kind is Kind.EVERY
        for index in range(1, 1 + int((next_s - end_s) * 10 / request.tenths))
    ]


def _room(length: int, seed: int) -> Sound:
    """Pink-ish noise at NOISE_DB."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 50.0)), length)
    return (noise * 10 ** (NOISE_DB / 20) / np.sqrt(np.mean(noise**2))).astype(np.float32)


def _describe(plan: Plan, said: list[Said]) -> dict[str, object]:
    what: dict[str, object] = {"text": plan.request, "voice": plan.voice, "seconds": plan.seconds}
    if plan.request:
        n_s, end_s = plan.tenths / 10, said[0].to_s
        margin_s = max(EARLY_S, RELATIVE * n_s)
        what |= {"phrase": plan.phrase, "n_s": n_s, "request_end_s": end_s}
        what["expected"] = {
            "text": plan.phrase,
            "from_s": round(end_s + n_s - margin_s, 2),
            "to_s": round(end_s + n_s + margin_s + LATE_S - EARLY_S, 2),
        }
        what["due"] = [{"text": text, "at_s": at_s} for text, at_s in answers(said, plan.seconds - LATE_S)]
    return what | {"said": [asdict(one) for one in said]}


def check(plan: Plan) -> None:
    """Raises ValueError where a voice, a demo's first phrase or interval was trained, or a word is unknown."""
    held_out = {f"kokoro:{style}" for style in HELD_OUT_STYLES} | {f"espeak:{name}" for name in HELD_OUT_VARIANTS}
    engine, _, voice = plan.voice.partition(":")
    if f"{engine}:{voice.rpartition('+')[2]}" not in held_out:
        raise ValueError(f"{plan.name}.voice: {plan.voice!r} is not held out; take one of {sorted(held_out)}")
    if unknown := {word for _, text in plan.later for word in text.split()} - vocab.TOKEN_ID.keys():
        raise ValueError(f"{plan.name}.later: not in the vocabulary: {', '.join(sorted(unknown))}")
    if plan.name in ASKING and plan.phrase not in vocab.HELD_OUT_PHRASES:
        raise ValueError(f"{plan.name}.phrase: {plan.phrase!r} is trained; take one of {vocab.HELD_OUT_PHRASES}")
    if plan.name in ASKING and plan.tenths not in vocab.HELD_OUT_TENTHS:
        raise ValueError(f"{plan.name}.tenths: {plan.tenths} is trained; take one of {vocab.HELD_OUT_TENTHS}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.recordings",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("models/counterpoint-micro/demo"))
    parser.add_argument("--only", default="", help="the beginning of the names to make")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    speak = speaker()
    for seed, plan in enumerate(PLANS):
        if not plan.name.startswith(args.only) or (args.out / f"{plan.name}.json").exists():
            continue
        check(plan)
        track, description = compose(plan, speak, seed)
        write_wav(args.out / f"{plan.name}.wav", np.clip(track, -1.0, 1.0), SAMPLE_RATE)
        (args.out / f"{plan.name}.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
