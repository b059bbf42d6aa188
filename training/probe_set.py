"""Generated conversations for the probe: held-out voices, held-out phrases, sound mixed sample by sample.

A conversation is half a minute of one voice. Expected answers are known from where the request ended.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from training import probe_families as families
from training import tasks, vocab
from training.clips import read_recorded_samples
from training.probe_items import CUE_S, SECONDS, STANDING, Expect, Item, Recorder, add, timed
from training.tasks import Kind, Utterance
from training.voices import HELD_OUT_VARIANTS, SAMPLE_RATE, VARIANTS, random_voice

LONGEST_TENTHS = 200  # what is asked for longer than this would not be due before the conversation ends


class Builder:
    def __init__(self, seed: int, development: bool, recordings: Path | None) -> None:
        self.rng = np.random.default_rng(seed)
        self._variants = VARIANTS if development else HELD_OUT_VARIANTS
        self.phrases = vocab.TRAINED_PHRASES if development else vocab.HELD_OUT_PHRASES
        recorded = read_recorded_samples(recordings) if recordings is not None else ()
        self._recorded = [each for each in recorded if each[0].tenths <= LONGEST_TENTHS]

    def build(self, counts: dict[str, int], recorded_share: float) -> list[Item]:
        items = []
        for kind, count in counts.items():
            recorded = round(count * recorded_share) if self._recorded else 0
            if kind not in ("every", "in", "idle"):
                recorded = 0  # recordings do not hold a cue word or a question in every voice
            items += [self._item(f"{kind}-{i:02d}", kind, recorded=i < recorded) for i in range(count)]
        return items

    def _item(self, name: str, kind: str, recorded: bool) -> Item:
        rng = self.rng
        voice = None if recorded else random_voice(rng, self._variants)
        recorder = Recorder(rng, voice, self._recorded)
        mix = np.zeros(int(SECONDS * SAMPLE_RATE), np.float32)
        at = rng.uniform(0.4, 2.0)
        item = Item(id=name, kind=kind, voice="kokoro" if recorded else "espeak", asked="", samples_N=mix)
        if kind not in STANDING:
            families.FAMILIES[kind](self, item, recorder, at)
        elif kind == "idle":
            self.chat(mix, recorder, at, SECONDS, rng.uniform(0.3, 4.0))
        else:
            tenths = 0 if kind == "cue" else self._interval()
            asked, clip = recorder.say(tasks.request(rng, Kind(kind), self.phrases, tenths))
            at = add(mix, clip, at)
            item.asked = asked.words
            item.tags = {"phrase": asked.say, "n": vocab.say_number(asked.tenths) if asked.tenths else ""}
            if kind == "cue":
                self._cue(item, recorder, asked, at)
            else:
                item.expect = timed(asked, at)
                if rng.random() < 0.5:
                    self.chat(mix, recorder, at + rng.uniform(1, 4), SECONDS, 5.0)
        item.samples_N = self._disturb(mix)
        return item

    def _interval(self) -> int:
        while (tenths := tasks.interval(self.rng)) > LONGEST_TENTHS:
            pass
        return tenths

    def _cue(self, item: Item, recorder: Recorder, asked: Utterance, at: float) -> None:
        rng = self.rng
        at += rng.uniform(1.0, 2.5)
        while at < SECONDS - 4.0:
            utterance = tasks.chatter(rng)
            if rng.random() < 0.35:
                utterance = Utterance(kind=Kind.CHATTER, words=f"{rng.choice(vocab.CHATTER)} {asked.cue}")
            _, clip = recorder.say(utterance)
            at = add(item.samples_N, clip, at)
            if utterance.words.split()[-1] == asked.cue:
                item.expect.append(Expect(asked.say, at + CUE_S[0], at + CUE_S[1]))
            at += rng.uniform(0.3, 2.5)

    def chat(self, mix: npt.NDArray[np.float32], recorder: Recorder, at: float, until: float, pause: float) -> None:
        while at < until - 3.0:
            _, clip = recorder.say(tasks.chatter(self.rng))
            at = add(mix, clip, at) + self.rng.uniform(0.2, pause + 0.2)

    def _disturb(self, mix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Steady noise 20 to 45 dB under the speech, and in some a soft chord."""
        rng = self.rng
        noise = rng.normal(0, 0.06 * 10 ** (-rng.uniform(20, 45) / 20), len(mix))
        if rng.random() < 0.1:
            seconds = np.arange(len(mix)) / SAMPLE_RATE
            noise += sum(0.004 * np.sin(2 * np.pi * hz * seconds) for hz in rng.uniform(150, 900, 3))
        return (mix * rng.uniform(0.6, 1.4) + noise).astype(np.float32)
