"""What is drawn: the log and the recording a session left behind, read back into plain values."""

from __future__ import annotations

import json
import wave
from array import array
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from counterpoint.client import Said
from counterpoint.talk.transcript import Phrase, Transcript
from counterpoint.talk.wav import samples


class UnreadableSession(Exception):
    """The files of a session are missing or broken; the message names the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at a time, or over a span of it. tone: "note", "warn" or "bad"."""

    t_s: float
    text: str
    tone: str = "note"
    lasts_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """loudest: the largest sample, at least a twentieth of full scale, so that noise is not drawn as speech."""

    samples: array[int]
    sample_rate_hz: int
    loudest: int

    @classmethod
    def of(cls, found: array[int], sample_rate_hz: int) -> Track:
        loudest = max(max(found, default=0), -min(found, default=0), 32768 // 20)
        return cls(samples=found, sample_rate_hz=sample_rate_hz, loudest=loudest)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSession:
    """turns: the records of kind "turn", ascending k. left, right: input and output on the media clock."""

    facts: dict[str, Any]
    turns: list[dict[str, Any]]
    phrases: list[Phrase]
    words_s: list[float]
    marks: list[Mark]
    left: Track
    right: Track

    @property
    def seconds(self) -> float:
        sound = max(self.left.seconds, self.right.seconds)
        return max([sound, *(turn["out_s"] + self.period_s for turn in self.turns[-1:])])

    @property
    def period_s(self) -> float:
        return self.facts["micro_turn_ms"] / 1000


def read_session(path: Path) -> DrawnSession:
    """path: the folder `counterpoint talk` left, or the session.jsonl in it. Raises UnreadableSession."""
    log = path / "session.jsonl" if path.is_dir() else path
    records = read_records(log)
    if not any(record["kind"] == "session" for record in records):
        raise UnreadableSession(f"{log}: no line of kind session; is this the log of counterpoint talk?")
    return drawn(records, *read_tracks(log.with_name("out.wav")))


def drawn(records: list[dict[str, Any]], left: Track, right: Track) -> DrawnSession:
    """records: of a session log, one of them of kind "session"."""
    facts = next(record for record in records if record["kind"] == "session")
    turns = sorted((record for record in records if record["kind"] == "turn"), key=lambda turn: turn["k"])
    transcript = Transcript()
    words = [Said(text=said["text"], media_ms=round(said["t_s"] * 1000)) for turn in turns for said in turn["said"]]
    for word in words:
        transcript.say(word)
    return DrawnSession(
        facts=facts,
        turns=turns,
        phrases=transcript.phrases,
        words_s=[word.media_ms / 1000 for word in words],
        marks=find_marks(records, facts["micro_turn_ms"] / 1000),
        left=left,
        right=right,
    )


def read_records(log: Path) -> list[dict[str, Any]]:
    try:
        lines = log.read_text().splitlines()
    except OSError as error:
        raise UnreadableSession(f"{log}: {error.strerror}; counterpoint talk leaves it in its --out folder") from error
    records = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            record["kind"]
        except (ValueError, TypeError, KeyError) as error:
            raise UnreadableSession(f"{log}, line {number}: not a record of a session log ({error})") from error
        records.append(record)
    return records


def read_tracks(path: Path) -> tuple[Track, Track]:
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (2, 2):
                raise UnreadableSession(f"{path}: not stereo of 16 bits; left must be input, right output")
            both, rate = samples(file.readframes(file.getnframes())), file.getframerate()
    except (OSError, wave.Error, EOFError) as error:
        raise UnreadableSession(f"{path}: {error}; it must lie beside the log") from error
    return Track.of(both[0::2], rate), Track.of(both[1::2], rate)


def find_marks(records: list[dict[str, Any]], period_s: float) -> list[Mark]:
    marks, lost_s = [], 0.0
    for record in records:
        match record["kind"]:
            case "turn":
                heard_s = (record["k"] + 1) * period_s
                marks += [
                    Mark(t_s=heard_s, text=f"{event['what']} {event['text']}".strip()) for event in record["events"]
                ]
                marks += [
                    Mark(t_s=record["k"] * period_s, text=item["what"].replace("_", " "), tone="warn", lasts_s=period_s)
                    for item in record["degradations"]
                ]
            case "disconnected":
                lost_s = record["t_s"]
            case "resumed":
                lasts_s = record["after_ms"] / 1000
                marks.append(Mark(t_s=lost_s, text="connection lost", tone="bad", lasts_s=lasts_s))
            case "media":
                text = f"{record['track']} {record['outcome']}".replace("_", " ")
                marks.append(Mark(t_s=record["t_s"], text=text, tone="warn"))
            case "error":
                marks.append(Mark(t_s=record.get("t_s", 0.0), text=record["code"], tone="bad"))
    return merged(sorted(marks, key=lambda mark: mark.t_s))


def merged(marks: list[Mark]) -> list[Mark]:
    """The same trouble in one micro-turn after the other is one mark. marks: ascending."""
    found: list[Mark] = []
    open_at: dict[str, int] = {}
    for mark in marks:
        before = open_at.get(mark.text)
        if mark.lasts_s and before is not None and mark.t_s <= found[before].t_s + found[before].lasts_s + 1e-6:
            found[before] = replace(found[before], lasts_s=mark.t_s + mark.lasts_s - found[before].t_s)
            continue
        open_at[mark.text] = len(found)
        found.append(mark)
    return found
