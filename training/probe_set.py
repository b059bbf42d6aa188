"""Generated conversations for the probe: held-out voices, held-out phrases, sound mixed sample by sample.

A conversation is half a minute of one voice. Expected answers are known from where the request ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training import tasks, vocab
from training.clips import read_recorded_samples
from training.tasks import Kind, Utterance
from training.voices import HELD_OUT_VARIANTS, SAMPLE_RATE, VARIANTS, Voice, random_voice, synthesise

SECONDS = 31.0
TIMED_S = 0.4  # an onset may be this far off, or TIMED_SHARE of the interval
TIMED_SHARE = 0.05
CUE_S = (0.0, 1.4)  # an answer to a cue starts this long after the word's end


@dataclass(frozen=True, slots=True)
class Expect:
    text: str
    from_s: float
    to_s: float


@dataclass(slots=True, kw_only=True)
class Item:
    """One conversation. kind: as asked, or "idle", which asks nothing. voice: "espeak" or "kokoro"."""

    id: str
    kind: str
    voice: str
    asked: str
    samples_N: npt.NDArray[np.float32]
    expect: list[Expect] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


Recording = tuple[Utterance, npt.NDArray[np.float32]]


class Recorder:
    """Clips of one voice: espeak-ng made on the spot, or recordings drawn from a folder."""

    def __init__(
        self, rng: np.random.Generator, voice: Voice | None, recorded: list[tuple[Utterance, np.ndarray]]
    ) -> None:
        self._rng, self._voice, self._recorded = rng, voice, recorded

    def say(self, utterance: Utterance) -> tuple[Utterance, npt.NDArray[np.float32]]:
        """The utterance, or for recordings one of the same kind."""
        if self._voice is not None:
            return utterance, synthesise(utterance.words, self._voice)
        same = [item for item in self._recorded if item[0].kind is utterance.kind]
        return same[int(self._rng.integers(len(same)))]


class Builder:
    def __init__(self, seed: int, development: bool, recordings: Path | None) -> None:
        self._rng = np.random.default_rng(seed)
        self._variants = VARIANTS if development else HELD_OUT_VARIANTS
        self._phrases = vocab.TRAINED_PHRASES if development else vocab.HELD_OUT_PHRASES
        self._recorded = list(read_recorded_samples(recordings)) if recordings is not None else []

    def build(self, counts: dict[str, int], recorded_share: float) -> list[Item]:
        items = []
        for kind, count in counts.items():
            recorded = round(count * recorded_share) if self._recorded else 0
            if kind == "cue":
                recorded = 0  # recordings do not hold a cue word in every voice
            items += [self._item(f"{kind}-{i:02d}", kind, recorded=i < recorded) for i in range(count)]
        return items

    def _item(self, name: str, kind: str, recorded: bool) -> Item:
        rng = self._rng
        voice = None if recorded else random_voice(rng, self._variants)
        recorder = Recorder(rng, voice, self._recorded)
        mix = np.zeros(int(SECONDS * SAMPLE_RATE), np.float32)
        at = rng.uniform(0.4, 2.0)
        item = Item(id=name, kind=kind, voice="kokoro" if recorded else "espeak", asked="", samples_N=mix)
        if kind == "idle":
            self._chat(mix, recorder, at, SECONDS, rng.uniform(0.3, 4.0))
        else:
            asked, clip = recorder.say(tasks.request(rng, Kind(kind), self._phrases))
            at = _add(mix, clip, at)
            item.asked = asked.words
            item.tags = {"phrase": asked.say, "n": vocab.say_number(asked.tenths) if asked.tenths else ""}
            if kind == "cue":
                self._cue(item, recorder, asked, at)
            else:
                item.expect = _timed(asked, at)
                if rng.random() < 0.5:
                    self._chat(mix, recorder, at + rng.uniform(1, 4), SECONDS, 5.0)
        item.samples_N = self._disturb(mix)
        return item

    def _cue(self, item: Item, recorder: Recorder, asked: Utterance, at: float) -> None:
        rng = self._rng
        at += rng.uniform(1.0, 2.5)
        while at < SECONDS - 4.0:
            utterance = tasks.chatter(rng)
            if rng.random() < 0.35:
                utterance = Utterance(kind=Kind.CHATTER, words=f"{rng.choice(vocab.CHATTER)} {asked.cue}")
            _, clip = recorder.say(utterance)
            at = _add(item.samples_N, clip, at)
            if utterance.words.split()[-1] == asked.cue:
                item.expect.append(Expect(asked.say, at + CUE_S[0], at + CUE_S[1]))
            at += rng.uniform(0.3, 2.5)

    def _chat(self, mix: npt.NDArray[np.float32], recorder: Recorder, at: float, until: float, pause: float) -> None:
        while at < until - 3.0:
            _, clip = recorder.say(tasks.chatter(self._rng))
            at = _add(mix, clip, at) + self._rng.uniform(0.2, pause + 0.2)

    def _disturb(self, mix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Steady noise 20 to 45 dB under the speech, and in some a soft chord."""
        rng = self._rng
        noise = rng.normal(0, 0.06 * 10 ** (-rng.uniform(20, 45) / 20), len(mix))
        if rng.random() < 0.1:
            seconds = np.arange(len(mix)) / SAMPLE_RATE
            noise += sum(0.004 * np.sin(2 * np.pi * hz * seconds) for hz in rng.uniform(150, 900, 3))
        return (mix * rng.uniform(0.6, 1.4) + noise).astype(np.float32)


def _add(mix: npt.NDArray[np.float32], clip: npt.NDArray[np.float32], at: float) -> float:
    """Adds a clip at `at` seconds; returns when it ends."""
    start = int(at * SAMPLE_RATE)
    mix[start : start + len(clip)] += clip[: len(mix) - start]
    return (start + len(clip)) / SAMPLE_RATE


def _timed(asked: Utterance, end: float) -> list[Expect]:
    """Answers whose whole window lies inside the conversation."""
    interval = asked.tenths / 10
    slack = max(TIMED_S, TIMED_SHARE * interval)
    times = [end + interval * index for index in range(1, 2 if asked.kind is Kind.IN else 1000)]
    return [Expect(asked.say, t - slack, t + slack) for t in times if t + slack < SECONDS - 0.2]
