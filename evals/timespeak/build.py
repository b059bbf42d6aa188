"""TimeSpeak-style items: something is to be said at a time that was asked for by speech, and only then."""

from __future__ import annotations

from pathlib import Path

from evals.booth import Booth, Speak
from evals.engines.voices import Split, speak
from evals.fillers import Filler
from evals.items import Expect, Forbid, Item
from evals.numbers import say_count, say_tenths
from evals.sets import build_set
from evals.timespeak import texts, texts_dev
from training import vocab

FAMILIES = {
    "every": 75,
    "in": 60,
    "in by people": 24,
    "changed": 30,
    "ended": 30,
    "since": 26,
    "cancelled": 28,
    "decoy": 42,
    "decoy by people": 12,
}
# Intervals in tenths of a second, named by what training left out when the sets were frozen; `training.vocab` says what
# it leaves out now.
TRAINED = {"every": (30, 40, 50, 60, 80, 90, 100), "in": (20, 30, 50, 80, 90, 110, 120)}
HELD_OUT = {"every": (45, 65, 70, 75, 110, 155, 170, 230), "in": (45, 65, 170, 330)}
LONG = {"every": (230,), "in": (450, 470, 500, 550, 570, 600)}
SHARES = {"every": (0.25, 0.97), "in": (0.3, 0.82)}  # trained up to the first, held out up to the second
_FILLERS = tuple(Filler)


def build(
    folder: Path, split: Split = Split.TEST, seed: int = 0, items: int | None = None, say: Speak = speak
) -> list[Item]:
    """Writes the set into `folder`. items: about as many, with the same shares."""
    return build_set(folder, "timespeak", split, seed, FAMILIES, record, items, say)


def slack(interval_s: float) -> float:
    return max(0.4, 0.05 * interval_s)


def record(booth: Booth, name: str, family: str) -> Item:
    booth.wait(0.4, 4.0)
    return _RECORDERS[family](booth, name)


def _every(booth: Booth, name: str) -> Item:
    interval, say = _interval(booth, "every"), _phrase(booth)
    end = booth.ask(booth.way(texts.EVERY, texts_dev.EVERY).format(n=say_tenths(round(interval * 10)), say=say))
    times = max(1, min(5, round(float(booth.rng.uniform(14, 30)) / interval)))
    expect = _grid(say, end, interval, times)
    seconds = _close(expect, interval)
    booth.fill(_filler(booth), end + 0.8, seconds)
    return booth.finish(name, seconds, expect)


def _in(booth: Booth, name: str) -> Item:
    interval, say = _interval(booth, "in"), _phrase(booth)
    way = booth.pick(texts.IN_RECORDED) if booth.recorded else booth.way(texts.IN, texts_dev.IN)
    end = booth.ask(way.format(n=say_tenths(round(interval * 10)), say=say))
    expect = _grid(say, end, interval, 1)
    seconds = expect[-1].to_s + float(booth.rng.uniform(2.5, 6.0))  # room to repeat it, which is wrong
    booth.fill(_filler(booth), end + 0.8, seconds)
    return booth.finish(name, seconds, expect)


def _changed(booth: Booth, name: str) -> Item:
    say, new = _phrase(booth), float(booth.rng.choice((45, 60, 65, 75, 90, 130))) / 10
    change = booth.way(texts.CHANGED, texts_dev.CHANGED).format(n=say_tenths(round(new * 10)))
    old = _roomy(booth, change, avoid=new)
    end = booth.ask(booth.way(texts.EVERY, texts_dev.EVERY).format(n=say_tenths(round(old * 10)), say=say))
    before = _grid(say, end, old, int(booth.rng.integers(1, 3)) if old < 9 else 1)
    booth.at_s = before[-1].to_s + 0.5
    changed = booth.say(change, "change")
    after = _grid(say, changed, new, 2 if new > 8 else 3)
    seconds = _close(after, new)
    booth.fill(_filler(booth), changed + 0.8, seconds)
    booth.tags |= {"n": f"{new}", "n_before": f"{old}"}
    return booth.finish(name, seconds, (*before, *after))


def _ended(booth: Booth, name: str) -> Item:
    say, stop = _phrase(booth), booth.way(texts.ENDED, texts_dev.ENDED)
    interval = _roomy(booth, stop)
    end = booth.ask(booth.way(texts.EVERY, texts_dev.EVERY).format(n=say_tenths(round(interval * 10)), say=say))
    expect = _grid(say, end, interval, int(booth.rng.integers(1, 4)) if interval < 7 else 1)
    booth.at_s = expect[-1].to_s + 0.5
    stopped = booth.say(stop, "stop")
    seconds = stopped + 1.6 * interval + 1.5
    booth.fill(_filler(booth), stopped + 0.8, seconds)
    booth.tags["n"] = f"{interval}"
    return booth.finish(name, seconds, expect, (Forbid(from_s=stopped, to_s=seconds),))


def _cancelled(booth: Booth, name: str) -> Item:
    """A one-shot that is taken back in time: silence is right."""
    say, stop = _phrase(booth), booth.way(texts.ENDED, texts_dev.ENDED)
    interval = _roomy(booth, stop, among=(65, 80, 90, 110, 130, 170))
    end = booth.ask(booth.way(texts.IN, texts_dev.IN).format(n=say_tenths(round(interval * 10)), say=say))
    spare = interval - len(booth.clip(stop)) / 16000 - 1.6
    booth.at_s = end + 0.7 + max(0.0, spare) * float(booth.rng.uniform(0, 1))
    booth.say(stop, "stop")
    seconds = max(end + interval, booth.at_s) + 4.0
    booth.fill(_filler(booth), booth.at_s + 0.8, seconds)
    booth.tags["n"] = f"{interval}"
    return booth.finish(name, seconds, (), (Forbid(from_s=0.0, to_s=seconds),))


def _since(booth: Booth, name: str) -> Item:
    went = booth.say(booth.pick(texts.GO), "go")
    question = booth.way(texts.SINCE, texts_dev.SINCE)
    length = len(booth.clip(question)) / 16000
    asked_after = float(booth.rng.uniform(max(2.6, length + 1.0), 20.4))
    booth.fill(_filler(booth), went + 0.8, went + asked_after - length - 0.6)
    booth.at_s = went + asked_after - length
    end = booth.ask(question)
    elapsed = max(2, min(20, round(end - went)))
    booth.tags["n"] = f"{elapsed}"
    answer = Expect(text=f"{say_count(elapsed)} seconds", from_s=end, to_s=end + 2.0)
    return booth.finish(name, end + 2.0 + float(booth.rng.uniform(1.0, 3.0)), (answer,))


def _decoy(booth: Booth, name: str) -> Item:
    seconds = float(booth.rng.uniform(14, 26))
    booth.fill(Filler.SILENCE, 0.0, seconds)
    numbers = [say_count(value) for value in (3, 5, 7, 9, 10, 12, 20, 30)]
    while True:
        text = booth.talk([booth.pick(texts.DECOYS).format(n=booth.pick(numbers))])
        if booth.at_s + len(booth.clip(text)) / 16000 > seconds - 1.0:
            break
        booth.say(text)
        booth.wait(0.3, 3.0)
    return booth.finish(name, seconds, (), (Forbid(from_s=0.0, to_s=seconds),))


_RECORDERS = {
    "every": _every,
    "in": _in,
    "changed": _changed,
    "ended": _ended,
    "cancelled": _cancelled,
    "since": _since,
    "decoy": _decoy,
}


def _grid(say: str, start_s: float, interval: float, times: int) -> tuple[Expect, ...]:
    moments = (start_s + interval * index for index in range(1, times + 1))
    off = slack(interval)
    return tuple(Expect(text=say, from_s=at - off, to_s=at + off) for at in moments)


def _close(expect: tuple[Expect, ...], interval: float) -> float:
    """An end after the last window and before the next one."""
    return expect[-1].to_s + min(3.0, 0.6 * (interval - 2 * slack(interval)))


def _interval(booth: Booth, family: str) -> float:
    draw, (trained, held_out) = booth.rng.random(), SHARES[family]
    kind, choice = (
        ("trained", TRAINED) if draw < trained else ("held out", HELD_OUT) if draw < held_out else ("long", LONG)
    )
    among = [n for n in choice[family] if n % 10 == 0 or not booth.recorded]  # no half was recorded
    interval = float(booth.rng.choice(among)) / 10
    booth.tags |= {"n": f"{interval}", "n_kind": kind}
    return interval


def _roomy(booth: Booth, utterance: str, avoid: float = 0.0, among: tuple[int, ...] = (45, 65, 70, 75, 130)) -> float:
    """An interval between whose answers the utterance fits."""
    length = len(booth.clip(utterance)) / 16000
    fitting = [n / 10 for n in among if n / 10 > length + 2.6 and n / 10 != avoid]
    return fitting[int(booth.rng.integers(min(3, len(fitting))))]


def _phrase(booth: Booth) -> str:
    if booth.recorded:
        booth.tags["phrase"] = booth.pick(texts.SAY_RECORDED)
        return booth.tags["phrase"]
    phrases = vocab.HELD_OUT_PHRASES
    say = booth.pick([each for index, each in enumerate(phrases) if (index % 4 == 0) == booth.dev])
    booth.tags["phrase"] = say
    return say


def _filler(booth: Booth) -> Filler:
    return _FILLERS[int(booth.rng.integers(len(_FILLERS)))]
