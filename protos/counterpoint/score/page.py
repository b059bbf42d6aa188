"""The whole page: figures, systems, data for hovering, the sound. One string, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import io
import json
import wave
from array import array
from html import escape
from importlib.resources import files
from itertools import zip_longest
from typing import Any

from counterpoint.client import Percentiles
from counterpoint.client.timeline import MS
from counterpoint.score import layout
from counterpoint.score.session import DrawnSession
from counterpoint.score.svg import draw_system, took_ms

STAGES = (
    ("ingest", "ingest_us"),
    ("queue", "queue_us"),
    ("engine", "engine_us"),
    ("of it experts", "experts_us"),
    ("voice", "voice_us"),
    ("egress", "egress_us"),
)
SOUND_S = 150.0  # a longer session is drawn without its sound, so that the page stays small


def draw_page(session: DrawnSession, *, title: str, sound: bool = True) -> str:
    """title: a line about the session; sound: embed what was heard and said, mixed to one channel."""
    drawn = [draw_system(session, system) for system in layout.systems(session.seconds)]
    heard = sound and 0 < session.seconds <= SOUND_S
    resources = files("counterpoint.score")
    data = json.dumps(hover_data(session)).replace("</", "<\\/")
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Counterpoint score</title>
<style>{resources.joinpath("page.css").read_text()}</style>
<main>
<header>
<div><h1>{escape(title)}</h1><p class="about">{escape(about(session))}</p></div>
<dl class="figures">{figures(session)}</dl>
</header>
<section class="sheet">
<div class="bar-above">{legend(session)}{'<button id="play">▶ Listen</button>' if heard else ""}</div>
<div class="scroll">{"".join(drawn)}</div>
</section>
<footer>{footer(session)}</footer>
<div id="card" role="status"></div>
{f'<audio id="audio" src="data:audio/wav;base64,{mixed(session)}"></audio>' if heard else ""}
<script type="application/json" id="data">{data}</script>
<script>{resources.joinpath("page.js").read_text()}</script>
</main>
</html>
"""


def about(session: DrawnSession) -> str:
    facts = session.facts
    mode = "lockstep" if facts["lockstep"] else f"results due {facts['due_ms']} ms after cutoff"
    return (
        f"{facts['checkpoint']} · session {facts['session_id']} · micro-turns of {facts['micro_turn_ms']} ms · {mode}"
    )


def figures(session: DrawnSession) -> str:
    turns = session.turns
    missed = sum(turn["missed"] for turn in turns)
    shown = [
        ("length", f"{session.seconds:.1f} <small>s</small>", ""),
        ("micro-turns", str(len(turns)), ""),
        ("on time", f"{100 * (1 - missed / len(turns)):.1f} <small>%</small>" if turns else "–", "bad" * bool(missed)),
    ]
    took = Percentiles.of([round(took_ms(turn) * MS) for turn in turns if turn["timing"] in ("on_time", "late")])
    if took is not None:
        what = "engine" if session.facts["lockstep"] else "cutoff to result"
        shown.append((what, f"{took.p50:.0f} <small>ms median</small> · {took.p99:.0f} <small>ms p99</small>", ""))
    return "".join(f'<div class="{kind}"><dt>{name}</dt><dd>{value}</dd></div>' for name, value, kind in shown)


def legend(session: DrawnSession) -> str:
    keys = [("in", "what went in"), ("spoke", "what the model said"), ("", "a silent micro-turn")]
    if any(turn["missed"] for turn in session.turns):
        keys.append(("missed", "missed its due time"))
    if not session.facts["lockstep"]:
        keys.append(("rule", "due"))
    return "".join(f'<span class="key"><i class="{name}"></i>{text}</span>' for name, text in keys)


def footer(session: DrawnSession) -> str:
    facts = session.facts
    after = facts["jitter_ms"] + facts["due_ms"]
    bars = (
        "the cluster worked on it; a lockstep session has no clock to be late by"
        if facts["lockstep"]
        else f"the result took from its cutoff to {facts.get('until', 'this client')}"
    )
    return (
        f"Every {facts['micro_turn_ms']} ms the model hears one micro-turn and decides what to say. The answer to a "
        f"micro-turn sounds {after} ms after its end; the bars show how long {bars}. "
        "Move over the score to see one micro-turn."
    )


def hover_data(session: DrawnSession) -> dict[str, Any]:
    return {
        "period": session.period_s,
        "left": layout.LEFT,
        "width": layout.WIDTH - layout.LEFT - layout.RIGHT,
        "staves": {
            "in": layout.INPUT_Y,
            "out": layout.OUTPUT_Y,
            "height": layout.STAVE,
            "time": layout.TIME_Y,
            "timeHeight": layout.TIME_STAVE,
        },
        "due": session.facts["due_ms"],
        "lockstep": session.facts["lockstep"],
        "turns": [
            {
                "k": turn["k"],
                "out": turn["out_s"],
                "timing": turn["timing"],
                "took": round(took_ms(turn), 2),
                "late": turn["lateness_ms"],
                "said": [said["text"] for said in turn["said"]],
                "events": [f"{event['what']} {event['text']}".strip() for event in turn["events"]],
                "trouble": [f"{item['what']} {item['cause']}".strip() for item in turn["degradations"]],
                "stages": [[name, turn["stages"][key]] for name, key in STAGES],
            }
            for turn in session.turns
        ],
    }


def mixed(session: DrawnSession) -> str:
    """Both tracks as one mono wav, base64; halved, so that their sum never clips."""
    pairs = zip_longest(session.left.samples, session.right.samples, fillvalue=0)
    both = array("h", [(a + b) >> 1 for a, b in pairs])
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, session.left.sample_rate_hz, 0, "NONE", "not compressed"))
        file.writeframes(both.tobytes())
    return base64.b64encode(buffer.getvalue()).decode()
