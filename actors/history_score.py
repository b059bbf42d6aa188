"""A session of a server as something that can be drawn: its history, as the scheduler saw it.

What came in is drawn from its dMel codes, what was said from the voice; times end where the scheduler let go of the
result, before voice and egress.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import typer
from tokenizers import Tokenizer

from cluster.config import Config, load
from cluster.errors import CounterpointError
from cluster.media.dmel import DMelConfig
from cluster.session.events import Detach, Reattach, Slipped, TurnReady
from cluster.session.history import Entry, Header, WholeLines, read_history
from cluster.session.terms import PERIOD_NS
from cluster.voice.state import VoiceState
from cluster.voice.units import load_units
from counterpoint.score.session import DrawnSession, Track, UnreadableSession, drawn

_MS = 1_000_000
_PERIOD_MS = PERIOD_NS // _MS
_SAMPLES_PER_FRAME = 8  # the input is drawn as a wave whose height is the level of a frame
_TALLEST = 16_000
_QUEUE_S = 60


def read(session: str, config_file: Path | None = None, data_dir: Path | None = None) -> DrawnSession:
    """session: a history file, or the name of a session whose history lies below `serve.data_dir`.

    data_dir wins over what the configuration says. A last line that is torn is told and left out.
    Raises UnreadableSession saying where was looked.
    """
    try:
        config = load(config_file, overrides={"serve.data_dir": data_dir} if data_dir else None)
        path = Path(session)
        if not path.is_file():
            path = config.serve.data_dir / "history" / f"{session}.jsonl"
        with path.open("rb") as history:
            lines = WholeLines(history)
            found = draw(read_history(lines), config)
    except OSError as error:
        raise UnreadableSession(
            f"{session}: neither a file nor a session with a history at {path} ({error.strerror}); give --config or "
            "--data of its server, on the machine of its scheduler; with limits.history: drop it has none unless its "
            "client asked for one"
        ) from error
    except CounterpointError as error:
        raise UnreadableSession(f"{session}: {error}") from error
    if lines.torn_at:
        typer.echo(
            f"{path}: line {lines.torn_at} is torn: its end was never written. What is before it is drawn.", err=True
        )
    return found


def draw(history: Iterator[Header | Entry], config: Config) -> DrawnSession:
    """Raises InvalidInput for a history that cannot be read, ConfigError for a voice that is not there."""
    header = next(history)
    assert isinstance(header, Header)  # read_history begins with one
    speaker = _Speaker(config, header)
    records: list[dict[str, Any]] = [_facts(header)]
    heard: dict[int, bytes] = {}
    lost_s = 0.0
    for entry in (found for found in history if isinstance(found, Entry)):
        at_s = (entry.at_ns - header.terms.media_epoch_ns) / 1e9
        match entry.event:
            case TurnReady(turn=turn) if turn.audio and turn.k >= 0:
                heard[turn.k] = turn.audio[header.terms.limits.context_bytes :]
            case Detach():
                lost_s = at_s
                records.append({"kind": "disconnected", "t_s": at_s})
            case Reattach():
                records.append({"kind": "resumed", "after_ms": (at_s - lost_s) * 1000})
            case Slipped(k=k):
                slip = {"kind": "media", "t_s": k * _PERIOD_MS / 1000, "track": "audio", "outcome": "slipped"}
                records.append(slip)
        results = (command for command in entry.commands if command["kind"] == "Result")
        records += [speaker.turn(result, entry.at_ns) for result in results]
    return drawn(records, _input_track(heard), Track.of(speaker.sound, speaker.sample_rate))


class _Speaker:
    """Says a session's words again: the sound is a function of the tokens, so it need not be kept."""

    def __init__(self, config: Config, header: Header) -> None:
        self._terms = header.terms
        self._words = Tokenizer.from_file(str(config.engine.checkpoint / "tokenizer.json"))
        units = load_units(Path(config.serve.voice))
        self.sample_rate = units.sample_rate
        self._voice = VoiceState(units, limit=_QUEUE_S * units.sample_rate)
        self.sound: array[int] = array("h")

    def turn(self, result: dict[str, Any], at_ns: int) -> dict[str, Any]:
        """A record as `counterpoint talk` writes it, of the result of one micro-turn."""
        terms, k, timing = self._terms, result["k"], result.get("timing", "on_time")
        out_ms = _PERIOD_MS * (k + 1) + terms.jitter_ms + terms.due_ms
        tokens = [self._words.id_to_token(token) or "<unk>" for token in result.get("tokens", ())]
        self._voice.push(tuple(tokens))
        sounding = self._voice.pending_samples > 0
        samples = self.sample_rate * _PERIOD_MS // 1000
        pcm, marks = self._voice.take(samples)
        self.sound.extend([0] * max(0, out_ms * self.sample_rate // 1000 - len(self.sound)))
        self.sound.frombytes(pcm)
        late_ms = (at_ns - terms.due_ns(k)) / _MS
        stages = {name: result.get(f"{name}_ns", 0) // 1000 for name in ("queue", "engine")}
        return {
            "kind": "turn",
            "k": k,
            "out_s": out_ms / 1000,
            "timing": timing,
            "missed": timing in ("late", "skipped") or late_ms > 0,
            "latency_ms": None if terms.lockstep else (at_ns - terms.cutoff_ns(k)) / _MS,
            "lateness_ms": None if terms.lockstep else late_ms,
            "said": [{"t_s": out_ms / 1000 + mark.start / self.sample_rate, "text": mark.word} for mark in marks],
            "audio": sounding,
            "events": [{"what": what, "text": ""} for what in result.get("events", ())],
            "degradations": [{"what": what, "cause": ""} for what in result.get("degradations", ())],
            "stages": {
                "ingest_us": 0,
                "queue_us": stages["queue"],
                "engine_us": stages["engine"],
                "experts_us": result.get("expert_ns", 0) // 1000,
                "voice_us": 0,
                "egress_us": 0,
            },
        }


def _facts(header: Header) -> dict[str, Any]:
    terms = header.terms
    return {
        "kind": "session",
        "session_id": terms.session,
        "checkpoint": f"weights {header.versions.weights_sha256[:12]}",
        "micro_turn_ms": _PERIOD_MS,
        "due_ms": terms.due_ms,
        "jitter_ms": terms.jitter_ms,
        "lockstep": terms.lockstep,
        "until": "the scheduler's hand-over, before voice and egress",
    }


def _input_track(heard: dict[int, bytes]) -> Track:
    """heard: the dMel codes of each micro-turn without their context. The level of a frame is its mean power."""
    config, last = DMelConfig(), max(heard, default=-1)
    frames = _PERIOD_MS * config.sample_rate // 1000 // config.hop
    level_KF = np.zeros((last + 1, frames))
    for k, codes in heard.items():
        code_N = np.frombuffer(codes, np.uint8)
        power_N = np.where(code_N > 0, 10.0 ** ((config.db_min + code_N * config.db_step) / 10), 0.0)
        level_KF[k] = np.sqrt(np.repeat(power_N, frames).reshape(frames, -1).mean(axis=1))
    height_KF = level_KF * (_TALLEST / level_KF.max(initial=1e-9))
    signs = np.resize([1, -1], _SAMPLES_PER_FRAME)
    wave = (height_KF[..., None] * signs).astype(np.int16).ravel()
    return Track.of(array("h", wave.tolist()), config.sample_rate // config.hop * _SAMPLES_PER_FRAME)
