"""What the probe asks beyond standing requests: changes, counts, sounds, questions, counting aloud and delegation.

Each writes one conversation: it adds sound to the item and says what is expected.
"""

from __future__ import annotations

from collections.abc import Callable

from training import tasks, vocab
from training.effects import sound
from training.probe_items import ANSWER_S, SILENT_S, Desk, Expect, Item, Recorder, add, timed
from training.tasks import Kind, Utterance

_UNTIL_S = 27.0


def _changed(desk: Desk, item: Item, recorder: Recorder, at: float) -> None:
    """A period of up to 7 s, changed after its first answer."""
    rng = desk.rng
    asked = tasks.request(rng, Kind.EVERY, desk.phrases, int(rng.choice((30, 40, 50, 60, 70))))
    end = add(item.samples_N, recorder.say(asked)[1], at)
    tenths = int(rng.choice([n for n in (30, 40, 50, 60, 70, 80) if n != asked.tenths]))
    words = f"make it {vocab.say_number(tenths)} seconds"
    at = end + asked.tenths / 10 + 1.0
    changed = add(item.samples_N, recorder.say(Utterance(kind=Kind.CHANGE, words=words))[1], at)
    first = [e for e in timed(asked, end) if e.to_s < changed]
    maybe = [
        Expect(e.text, e.from_s, e.to_s, False) for e in timed(asked, end) if e.from_s < changed + 0.3 < e.to_s + 0.3
    ]
    again = timed(Utterance(kind=Kind.EVERY, words="", say=asked.say, tenths=tenths), changed)
    item.asked, item.expect = f"{asked.words}, {words}", [*first, *maybe, *again]


def _since(desk: Desk, item: Item, recorder: Recorder, at: float) -> None:
    went = add(item.samples_N, recorder.say(Utterance(kind=Kind.CHATTER, words="go"))[1], at)
    asked = tasks.since(desk.rng)
    _, clip = recorder.say(asked)
    gap = float(desk.rng.uniform(3.5, 19.0))
    end = add(item.samples_N, clip, went + max(1.0, gap - len(clip) / 16000))
    seconds = round(end - went)
    texts = "|".join(f"{vocab.number(n)} seconds" for n in (seconds, seconds - 1, seconds + 1) if n > 0)
    item.asked, item.expect = asked.words, [Expect(texts, end + ANSWER_S[0], end + ANSWER_S[1])]


def _asked(make: Callable[..., Utterance]) -> Callable[[Desk, Item, Recorder, float], None]:
    """Questions one after the other, each with its answer."""

    def write(desk: Desk, item: Item, recorder: Recorder, at: float) -> None:
        while at < _UNTIL_S - 3:
            asked = make(desk.rng)
            end = add(item.samples_N, recorder.say(asked)[1], at)
            item.expect.append(Expect(asked.say, end + ANSWER_S[0], end + ANSWER_S[1]))
            item.asked += f"{asked.words}; "
            at = end + float(desk.rng.uniform(3.0, 6.0))

    return write


def _sounded(desk: Desk, item: Item, recorder: Recorder, at: float) -> None:
    asked = tasks.request(desk.rng, Kind.SOUND, desk.phrases)
    at = add(item.samples_N, recorder.say(asked)[1], at) + 1.5
    item.asked = asked.words
    while at < _UNTIL_S:
        name = str(desk.rng.choice(tasks.SOUNDS)) if desk.rng.random() < 0.5 else asked.cue
        if desk.rng.random() < 0.3:
            at = add(item.samples_N, recorder.say(tasks.chatter(desk.rng))[1], at)
        else:
            at = add(item.samples_N, sound(desk.rng, name), at)
            if name == asked.cue:
                item.expect.append(Expect(asked.say, at, at + 1.5))
        at += float(desk.rng.uniform(1.5, 4.0))


def _counted(desk: Desk, item: Item, recorder: Recorder, at: float) -> None:
    rng = desk.rng
    asked = tasks.request(rng, Kind.COUNT, desk.phrases)
    at = add(item.samples_N, recorder.say(asked)[1], at) + 1.5
    item.asked = asked.words
    while at < _UNTIL_S:
        said = tasks.chatter(rng)
        if rng.random() < 0.45:
            said = Utterance(kind=Kind.CHATTER, words=f"{rng.choice(vocab.CHATTER)} {asked.cue}")
        at = add(item.samples_N, recorder.say(said)[1], at)
        if said.words.split()[-1] == asked.cue:
            item.expect.append(Expect(vocab.number(len(item.expect) + 1), at, at + 1.5))
        at += float(rng.uniform(0.3, 2.5))


def _talked(desk: Desk, item: Item, recorder: Recorder, at: float) -> None:
    """Counting aloud: in thirds alone, with a backchannel, and stopped."""
    rng = desk.rng
    asked = tasks.talk(rng)
    end = add(item.samples_N, recorder.say(asked)[1], at)
    manner = int(rng.integers(3))
    meanwhile = (None, tasks.back(rng), Utterance(kind=Kind.STOP, words="stop"))[manner]
    onset = end + float(rng.uniform(1.5, 1.0 + 0.6 * asked.tenths))
    if meanwhile is not None:
        add(item.samples_N, recorder.say(meanwhile)[1], onset)
    until = onset if manner == 2 else SECONDS_MAX
    for n in range(asked.tenths):
        soon, late = end + 0.55 * n, min(end + 2.5 + 0.65 * n + (1.5 if manner == 1 else 0.0), until + SILENT_S)
        if soon < late:
            item.expect.append(Expect(vocab.number(n + 1), soon, late, needed=end + 2.5 + 0.65 * n < until))
    item.asked = f"{asked.words}; {meanwhile.words if meanwhile else ''}"


SECONDS_MAX = 1e9
FAMILIES: dict[str, Callable[[Desk, Item, Recorder, float], None]] = {
    "changed": _changed,
    "since": _since,
    "ask": _asked(tasks.ask),
    "delegate": _asked(tasks.delegate),
    "sound": _sounded,
    "count": _counted,
    "talk": _talked,
}
