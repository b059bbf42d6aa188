"""One system of the score as SVG. Colours and fonts are the page's; here are only shapes and classes."""

from __future__ import annotations

from html import escape
from typing import Any

from counterpoint.score import layout
from counterpoint.score.layout import System
from counterpoint.score.session import DrawnSession, Mark, Track

COLUMNS_PER_S = 50
CHARACTER = 7.4  # pixels of an average letter of a word label


def draw_system(session: DrawnSession, system: System) -> str:
    parts = [
        grid(session, system),
        *(band(mark, system) for mark in session.marks if mark.lasts_s and overlaps(mark, system)),
        wave_path(session.left, system, layout.INPUT_Y, "in"),
        wave_path(session.right, system, layout.OUTPUT_Y, "out"),
        words(session, system),
        marks(session, system),
        *(time_bar(turn, session, system) for turn in session.turns if system.holds(turn["k"] * session.period_s)),
        names(session),
        '<g class="hover"></g><line class="playhead" y1="14" y2="268"/>',
    ]
    box = f"0 0 {layout.WIDTH} {layout.HEIGHT}"
    data = f'data-start="{system.starts_s:g}" data-end="{system.ends_s:g}" data-span="{system.lasts_s:g}"'
    label = f"Seconds {system.starts_s:g} to {system.ends_s:g} of the session"
    return f'<svg class="system" viewBox="{box}" role="img" aria-label="{label}" {data}>{"".join(parts)}</svg>'


def grid(session: DrawnSession, system: System) -> str:
    """Bar lines every second, faint ones every micro-turn on the time stave, and the stave lines."""
    right = system.x(system.ends_s)
    lines = []
    for second in range(int(system.starts_s), int(system.ends_s) + 1):
        x = system.x(second)
        strong = " strong" if second % 5 == 0 else ""
        lines.append(
            f'<line class="bar{strong}" x1="{x:.1f}" x2="{x:.1f}" y1="{layout.INPUT_Y}" y2="{layout.BOTTOM}"/>'
        )
        if second % 5 == 0 or system.lasts_s <= 12:
            lines.append(f'<text class="second" x="{x + 3:.1f}" y="{layout.BOTTOM + 13}">{clock(second)}</text>')
    for y in (layout.INPUT_Y, layout.OUTPUT_Y):
        middle = y + layout.STAVE / 2
        lines.append(f'<line class="stave" x1="{layout.LEFT}" x2="{right:.1f}" y1="{middle}" y2="{middle}"/>')
    bottom = layout.BOTTOM
    lines.append(f'<line class="stave" x1="{layout.LEFT}" x2="{right:.1f}" y1="{bottom}" y2="{bottom}"/>')
    lines.append(f'<line class="due" x1="{layout.LEFT}" x2="{right:.1f}" y1="{due_y()}" y2="{due_y()}"/>')
    return "".join(lines)


def names(session: DrawnSession) -> str:
    """What each stave is, as instruments are named in a score."""
    clue = "took" if not session.facts["lockstep"] else "engine"
    shown = [("input", layout.INPUT_Y + 33), ("output", layout.OUTPUT_Y + 33), (clue, layout.BOTTOM - 16)]
    texts = [f'<text class="name" x="{layout.LEFT - 12}" y="{y}">{name}</text>' for name, y in shown]
    rule = f"{session.facts['due_ms']} ms" if session.facts["lockstep"] else "due"
    texts.append(f'<text class="name small" x="{layout.LEFT - 12}" y="{due_y() + 3}">{rule}</text>')
    return "".join(texts)


def due_y() -> float:
    """The due line lies a little below the top, so that what came too late rises above it."""
    return layout.TIME_Y + layout.TIME_STAVE * 0.2


def wave_path(track: Track, system: System, top: float, name: str) -> str:
    gain = layout.STAVE / 2 * 32768 / track.loudest
    middle = top + layout.STAVE / 2
    columns = layout.envelope(track.samples, track.sample_rate_hz, system, COLUMNS_PER_S)
    upper, lower = [], []
    for column, (low, high) in enumerate(columns):
        x = system.x(system.starts_s + (column + 0.5) / COLUMNS_PER_S)
        upper.append(f"{x:.1f} {middle - max(high * gain, 0.4):.1f}")
        lower.append(f"{x:.1f} {middle - min(low * gain, -0.4):.1f}")
    return f'<path class="wave {name}" d="M{"L".join(upper + lower[::-1])}Z"/>' if columns else ""


def words(session: DrawnSession, system: System) -> str:
    """Phrases as lyrics below the output stave, a stem at every word."""
    stems = [
        f'<line class="stem" x1="{system.x(t_s):.1f}" x2="{system.x(t_s):.1f}" '
        f'y1="{layout.OUTPUT_Y + layout.STAVE}" y2="{layout.OUTPUT_Y + layout.STAVE + 6}"/>'
        for t_s in session.words_s
        if system.holds(t_s)
    ]
    shown = [phrase for phrase in session.phrases if system.holds(phrase.starts_ms / 1000)]
    places = [(system.x(phrase.starts_ms / 1000), len(phrase.text) * CHARACTER + 8) for phrase in shown]
    chosen = layout.rows(places, layout.NUM_WORD_ROWS)
    texts = [
        f'<text class="word" x="{min(x, layout.WIDTH - width):.1f}" y="{layout.WORDS_Y + row * layout.WORD_ROW}">'
        f"{escape(phrase.text)}</text>"
        for phrase, (x, width), row in zip(shown, places, chosen, strict=True)
    ]
    return "".join(stems + texts)


def marks(session: DrawnSession, system: System) -> str:
    """Events of the model and troubles of the wire, on their own line above the time stave."""
    shown = [mark for mark in session.marks if system.holds(mark.t_s)]
    places = [(system.x(mark.t_s), len(mark.text) * 5.6 + 14) for mark in shown]
    parts, y = [], layout.MARKS_Y
    limits = [x + 4 for x, _ in places[1:]] + [layout.WIDTH]
    for mark, (x, width), limit in zip(shown, places, limits, strict=False):
        parts.append(f'<path class="mark {mark.tone}" d="M{x:.1f} {y - 4}l4 4l-4 4l-4 -4Z"/>')
        if x + width <= limit:  # a crowded one is named when the pointer is over it
            parts.append(f'<text class="mark {mark.tone}" x="{x + 7:.1f}" y="{y + 3.5}">{escape(mark.text)}</text>')
    return "".join(parts)


def band(mark: Mark, system: System) -> str:
    left, right = system.x(system.clip(mark.t_s)), system.x(system.clip(mark.t_s + mark.lasts_s))
    top, height = layout.INPUT_Y, layout.BOTTOM - layout.INPUT_Y
    return (
        f'<rect class="band {mark.tone}" x="{left:.1f}" y="{top}" width="{max(1.5, right - left):.1f}" '
        f'height="{height}"/>'
    )


def overlaps(mark: Mark, system: System) -> bool:
    return mark.t_s < system.ends_s and mark.t_s + mark.lasts_s > system.starts_s


def time_bar(turn: dict[str, Any], session: DrawnSession, system: System) -> str:
    """From cutoff (the bottom line) up to the result; the due line is D."""
    bottom = layout.BOTTOM
    share = took_ms(turn) / session.facts["due_ms"]
    height = min(max(share, 0.02) * (bottom - due_y()), layout.TIME_STAVE)
    period = session.period_s
    left = system.x(turn["k"] * period)
    width = system.x(turn["k"] * period + period) - left
    kind = "missed" if turn["missed"] else "spoke" if turn["audio"] else "kept"
    return (
        f'<rect class="took {kind}" x="{left + width * 0.14:.1f}" y="{bottom - height:.1f}" '
        f'width="{width * 0.72:.1f}" height="{height:.1f}" rx="1"/>'
    )


def took_ms(turn: dict[str, Any]) -> float:
    """Cutoff to result at the client; in lockstep, which has no cutoff in time, what the stages took."""
    if turn["latency_ms"] is not None:
        return max(0.0, turn["latency_ms"])
    names = ("ingest_us", "queue_us", "engine_us", "voice_us", "egress_us")
    return sum(turn["stages"][name] for name in names) / 1000


def clock(second: int) -> str:
    return f"{second // 60}:{second % 60:02d}"
