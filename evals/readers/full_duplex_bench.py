"""Full-Duplex-Bench v1, v1.5: TASK/ID/input.wav beside pause.json, turn_taking.json, interrupt.json or metadata.json.

A folder of either version, of both, or of one task. The judge is `evals.dialogue.recorded`: who speaks when, by the
text that was spoken. What needs a language model (how good an answer is) is not scored. A copy of pauses or
backchannels alone gives no report that stands: whoever never speaks is perfect there.
"""

from __future__ import annotations

import wave
from pathlib import Path

from cluster.errors import ConfigError
from evals.items import Event, Forbid, Item
from evals.readers.files import field, loaded, span

WATCH_S = 8.0  # how long a session goes on after the user's last word
# The annotation of each task, and what the model should do about it. ICC backchannels have none.
TASKS = {
    "candor_pause_handling": ("pause.json", "fdb pause"),
    "synthetic_pause_handling": ("pause.json", "fdb pause"),
    "candor_turn_taking": ("turn_taking.json", "fdb turn"),
    "icc_backchannel": ("", "fdb listen"),
    "synthetic_user_interruption": ("interrupt.json", "fdb interruption"),
    "user_interruption": ("metadata.json", "fdb interruption"),
    "user_backchannel": ("metadata.json", "fdb go on"),
    "talking_to_other": ("metadata.json", "fdb go on"),
    "background_speech": ("metadata.json", "fdb go on"),
}


def read(folder: Path) -> list[Item]:
    tasks = [path for name in TASKS for path in sorted([*folder.glob(name), *folder.glob(f"*/{name}")])]
    tasks += [folder] if folder.name in TASKS else []
    if not tasks:
        raise ConfigError(str(folder), f"none of the folders {', '.join(TASKS)} is there")
    return [_item(sample, task.name) for task in tasks for sample in sorted(task.iterdir()) if sample.is_dir()]


def _item(sample: Path, task: str) -> Item:
    annotation, family = TASKS[task]
    sound = sample / "input.wav"
    seconds = _seconds(sound)
    spans = _spans(sample / annotation) if annotation else []
    for _, high in spans:
        if high > seconds + 0.5:
            raise ConfigError(f"{sample / annotation}", f"timestamp: {high} s is beyond the {seconds:.1f} s of sound")
    events, forbid = [], []
    for low, high in spans:
        match family:
            case "fdb pause":
                events += [Event(t_s=low, kind="pause"), Event(t_s=high, kind="pause end")]
                forbid.append(Forbid(from_s=low, to_s=high))
            case "fdb turn":
                events.append(Event(t_s=low, kind="request end"))
            case _:
                events += [Event(t_s=low, kind="overlap"), Event(t_s=high, kind="overlap end")]
    waits = 0.0 if family in ("fdb pause", "fdb listen") else WATCH_S
    return Item(
        id=f"{task}-{sample.name}",
        duration_s=round(seconds + waits, 3),
        audio=str(sound),
        events=tuple(events),
        forbid=tuple(forbid),
        tags={"family": family, "task": task, "format": "full-duplex-bench", "voice": task},
    )


def _spans(path: Path) -> list[tuple[float, float]]:
    """v1: a list of {"timestamp": [from, to]}; v1.5: one {"timestamps": [from, to]}."""
    content = loaded(path)
    if isinstance(content, dict):
        return [span(str(path), "timestamps", field(str(path), content, "timestamps"))]
    if not isinstance(content, list) or not content:
        raise ConfigError(str(path), "is neither an annotation nor a list of them")
    return [
        span(f"{path}[{index}]", "timestamp", field(f"{path}[{index}]", each, "timestamp"))
        for index, each in enumerate(content)
    ]


def _seconds(path: Path) -> float:
    try:
        with wave.open(str(path)) as file:
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(str(path), f"no sound can be read from it: {error}") from None
