"""ProactiveVideoQA: a folder with `anno.json` and `videos/`, or several such (WEB, EGO, TV, VAD).

An entry: video, question_id, duration, conversation [{role, content, time}], answer [{content, related_timespan,
reply_timespan}]. Its answers are sentences that were judged by a language model; here they are scored by their key
words, which is stricter and not comparable. What is said after the end of `related_timespan` cannot spoil a right
answer. Of subtitles their words are typed; one without words ("♪", "...") is none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cluster.errors import ConfigError
from evals.items import Event, Expect, Item
from evals.proactivevideoqa.score import RELATED_END
from evals.readers.files import SHOWN_S, TAIL_S, field, first, loaded, number, shown, span, typed

QUIET = "stay quiet until something new in the video answers this question, then answer it in a few words: "


def read(folder: Path) -> list[Item]:
    files = sorted([*folder.glob("anno.json"), *folder.glob("*/anno.json")])
    if not files:
        raise ConfigError(str(folder), "annotations: neither anno.json nor */anno.json is there")
    return [item for path in files for item in _read_one(path, "" if path.parent == folder else path.parent.name)]


def _read_one(path: Path, category: str) -> list[Item]:
    entries = loaded(path)
    if not isinstance(entries, list):
        raise ConfigError(str(path), "is not a list of questions")
    return [_item(path, f"{path}[{index}]", entry, category) for index, entry in enumerate(entries)]


def _item(path: Path, where: str, entry: Any, category: str) -> Item:
    name, length = str(field(where, entry, "video")), number(where, "duration", field(where, entry, "duration"))
    turns = _conversation(where, entry)
    film = first(path.parent, (f"{place}{name}" for place in ("videos/", "video/", "")), f"{where}.video")
    (asked_s, question), *later = turns
    expect, gone = _answers(where, entry)
    # What was asked before the film is typed with the beginning of the session, the rest (subtitles) in its time.
    return Item(
        id=f"{category or 'all'}:{field(where, entry, 'question_id')}",
        duration_s=round(SHOWN_S + length + TAIL_S, 3),
        video=str(film),
        text=QUIET + question,
        events=(*(Event(t_s=SHOWN_S + at, kind="text", text=text) for at, text in later), *gone),
        expect=expect,
        tags={"family": category or "all", "format": "proactivevideoqa", "asked_at_s": f"{asked_s}", **shown()},
    )


def _conversation(where: str, entry: Any) -> list[tuple[float, str]]:
    turns = []
    for index, turn in enumerate(field(where, entry, "conversation")):
        at = f"{where}.conversation[{index}]"
        if field(at, turn, "role") == "user":
            text = typed(str(field(at, turn, "content")))
            turns += [(number(at, "time", field(at, turn, "time")), text)] if text else []
    if not turns:
        raise ConfigError(f"{where}.conversation", "nobody asks anything")
    return turns


def _answers(where: str, entry: Any) -> tuple[tuple[Expect, ...], tuple[Event, ...]]:
    """What is due, and when that of which each answer tells has gone."""
    expect, gone = [], []
    for index, answer in enumerate(field(where, entry, "answer")):
        at = f"{where}.answer[{index}]"
        low, high = span(at, "reply_timespan", field(at, answer, "reply_timespan"))
        _, end = span(at, "related_timespan", field(at, answer, "related_timespan"))
        text = str(field(at, answer, "content"))
        expect.append(Expect(text=text, from_s=SHOWN_S + low, to_s=SHOWN_S + high))
        gone.append(Event(t_s=SHOWN_S + end, kind=RELATED_END))
    return tuple(expect), tuple(gone)
