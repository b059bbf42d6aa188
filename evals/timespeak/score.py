"""TimeSpeak-style: was the phrase said at its time, each time, and nothing else?

A hit is an onset within max(0.4 s, 5 % of N) of the moment asked for; the moments of a periodic request lie on the
absolute grid that begins at the end of the request, so drift shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.items import Expect, Item, Outcome, Said
from evals.numbers import number, say_count
from evals.windows import TOLERANCES_S, judge_windows, summary_of


def judge(item: Item, said: Sequence[Said]) -> Outcome:
    if item.tags.get("family") == "since":
        return judge_windows(item, said, centred=False, accepts=_about)
    return judge_windows(item, said, centred=True)


def _about(due: Expect) -> tuple[str, ...]:
    """Elapsed seconds may be one off: the right one first."""
    words, _, unit = due.text.rpartition(" ")
    seconds = number(words)
    return tuple(f"{say_count(each)} {unit}" for each in (seconds, seconds - 1, seconds + 1) if each > 0)


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The figures of a run; "score" is 0 to 100."""
    curve = {
        f"within {tolerance} s": 100 * sum(values) / len(values)
        for tolerance in TOLERANCES_S
        if (values := [each.measures[key] for each in outcomes if (key := f"within_{tolerance}") in each.measures])
    }
    return summary_of(outcomes) | curve
