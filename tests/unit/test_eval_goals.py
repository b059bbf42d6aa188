"""What the model is to reach: every goal by value and interval, against rivals on the same items, people apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evals.harness import goals
from evals.harness.intervals import bootstrap_each
from evals.harness.names import named
from evals.harness.report import Findings, report
from evals.harness.scoring import Scored, figures, sample, score, scored
from evals.harness.sets import EvalSet
from evals.items import Expect, Item, Outcome, Said

TIMESPEAK, DIALOGUE, REPCOUNT = named("timespeak"), named("dialogue"), named("repcount")
WANTED = [  # set, figure, limit, whether it is the least
    ("timespeak", "score", 90, True),
    ("cuespeak", "score", 85, True),
    ("dialogue", "answer_onset_ms p50", 400, False),
    ("dialogue", "stop_ms p50", 600, False),
    ("dialogue", "stopped within 1 s", 95, True),
    ("dialogue", "backchannels ignored", 95, True),
    ("repcount", "live_f1", 85, True),
    ("charades", "miou_strict", 60, True),
    ("proactivevideoqa", "score", 50, True),
    *((name, "false_alarms_per_min", 0.2, False) for name in goals.GOALS),
]


def outcome(name: str, score: float = 1.0, alarms: int = 0, voice: str = "flite:slt", **measures: float) -> Outcome:
    tags = {"family": "question", "voice": voice, "engine": voice.split(":")[0]}
    return Outcome(id=name, score=score, alarms=alarms, seconds=30.0, tags=tags, measures=measures)


def of(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in rows if name in row["what"])


def timed(*scores: float) -> Scored:
    return scored(TIMESPEAK, [outcome(f"{place}", each) for place, each in enumerate(scores)])


@pytest.mark.parametrize(("name", "metric", "limit", "least"), WANTED)
def test_each_set_has_its_goals(name: str, metric: str, limit: float, least: bool) -> None:
    assert [(goal.limit, goal.at_least) for goal in goals.GOALS[name] if goal.metric == metric] == [(limit, least)]
    assert metric in goals.measures(name)


def test_a_goal_is_reached_by_its_value_and_shown_with_its_interval() -> None:
    rows = goals.rows(TIMESPEAK, timed(*[1.0] * 19, 0.0), {}, {}, None)
    strict = of("strict", rows)
    assert (strict["value"], strict["wanted"], strict["reached"]) == (95.0, 90.0, True)
    low, high = strict["ci95"]
    assert low < 90 < high
    assert of("false alarms", rows)["reached"]


def test_what_was_never_measured_is_not_reached() -> None:
    silent = scored(DIALOGUE, [outcome("a", 0.0, expected=1)])
    rows = goals.rows(DIALOGUE, silent, {}, {}, None)
    assert [of(what, rows)["reached"] for what in ("onset", "stop on", "ignored", "blind", "sighted")] == [None] * 5


def test_the_model_is_compared_with_the_best_of_its_rivals_and_twice_the_best_that_hears_nothing() -> None:
    model = timed(1, 1, 1, 0)
    rows = goals.rows(TIMESPEAK, model, {"weak": timed(0, 0, 0, 0), "best": timed(1, 0, 1, 0)}, {"vad": model}, None)
    floor, sighted = of("blind", rows), of("sighted", rows)
    assert (floor["rival"], floor["wanted"], floor["ahead"], floor["reached"]) == ("best", 100.0, -25.0, False)
    assert (sighted["wanted"], sighted["reached"]) == (75.0, False)  # as good is not above
    assert floor["ahead_ci95"][0] < -25 < floor["ahead_ci95"][1]


def test_nothing_is_not_twice_nothing() -> None:
    assert of("blind", goals.rows(TIMESPEAK, timed(0, 0), {"silence": timed(0, 0)}, {}, None))["reached"] is False


def test_a_rival_that_had_fewer_items_is_compared_on_those() -> None:
    model, cascade = timed(1, 1, 0, 0), timed(1, 0)
    row = of("cascade", goals.rows(TIMESPEAK, model, {}, {}, cascade))
    assert (row["value"], row["wanted"], row["reached"]) == (100.0, 50.0, True)


def test_a_smaller_sample_is_part_of_a_larger_one() -> None:
    items = [Item(id=f"{n}", duration_s=9.0, tags={"family": f"f{n % 7}", "voice": f"v{n % 3}"}) for n in range(300)]
    small, large = ({item.id for item in sample(items, count)} for count in (60, 100))
    assert (len(small), len(large), small <= large) == (60, 100, True)
    assert len(sample(items, 999)) == 300


def test_every_figure_has_an_interval_and_a_draw_without_it_tells_nothing_of_it() -> None:
    heard = [outcome("a", answer_onset_ms=300.0), *(outcome(f"b{n}") for n in range(9))]
    found = scored(DIALOGUE, heard)
    assert found.intervals["answer_onset_ms p50"] == (300.0, 300.0)
    assert found.intervals.keys() == found.metrics.keys() == figures(DIALOGUE, heard).keys()
    assert bootstrap_each([], len, rounds=9) == {}


def test_live_counting_and_its_published_rule_are_told_of_every_way_of_answering(tmp_path: Path) -> None:
    due = tuple(Expect(text=text, from_s=at, to_s=at + 1) for text, at in (("one", 5.0), ("two", 7.0)))
    items = (Item(id="a", duration_s=12.0, expect=due, tags={"family": "squats", "voice": "flite:slt"}),)
    right = {"a": [Said(onset_s=5.2, text="one"), Said(onset_s=7.2, text="two")]}
    at_the_end = {"a": [Said(onset_s=8.5, text="two")]}
    found = Findings(
        lockstep=score(REPCOUNT, items, right),
        floors={"constant": score(REPCOUNT, items, at_the_end)},
        controls={"silence": score(REPCOUNT, items, {})},
    )
    told = report(REPCOUNT, a_set(tmp_path, "repcount", items), found)["measures"]
    assert told["lockstep"]["live_f1"] == {"value": 100.0, "ci95": (100.0, 100.0)}
    floor = told["blind_floors"]["constant"]
    assert (floor["live_f1"]["value"], floor["off_by_one"]["value"]) == (0.0, 100.0)
    assert told["controls"]["silence"]["off_by_one"]["value"] == 0.0


def asked_by(*voices: str) -> tuple[Item, ...]:
    due = (Expect(text="drink water", from_s=4.6, to_s=5.4),)
    return tuple(
        Item(id=f"{place}", duration_s=9.0, expect=due, tags={"family": "in", "n": "5", "voice": voice})
        for place, voice in enumerate(voices)
    )


def answered(items: tuple[Item, ...], *right: str) -> Scored:
    said = [Said(onset_s=5.0, text="drink water")]
    return score(TIMESPEAK, items, {item.id: said for item in items if item.tags["voice"] in right})


def test_recorded_people_are_in_no_headline_and_have_a_score_of_their_own(tmp_path: Path) -> None:
    items = asked_by("flite:slt", "flite:slt", "human:allison")
    found = Findings(
        lockstep=answered(items, "flite:slt"),
        floors={"blind": answered(items, "human:allison"), "other": answered(items)},
    )
    told = report(TIMESPEAK, a_set(tmp_path, "timespeak", items), found)
    assert (told["set"]["items"], told["set"]["recorded"]) == (3, 1)
    assert (told["lockstep"]["score"], told["lockstep"]["items"]) == (100.0, 2)
    assert (told["recorded"]["lockstep"]["score"], told["recorded"]["lockstep"]["items"]) == (0.0, 1)
    assert told["recorded"]["best_blind_floor"]["name"] == "blind"
    assert told["blind_floors"]["blind"] == 0.0
    assert told["by_voice"] == {"flite:slt": 100.0, "human:allison": 0.0}
    assert told["recorded"]["realtime"] is None


@pytest.mark.parametrize(
    ("voices", "says", "score"),
    [(("flite:slt",), "No recorded person asks", 100.0), (("human:allison",), "asks in every item", 0.0)],
)
def test_a_set_without_people_or_of_people_alone_says_so(
    tmp_path: Path, voices: tuple[str, ...], says: str, score: float
) -> None:
    items = asked_by(*voices)
    found = Findings(lockstep=answered(items, "flite:slt"))
    told = report(TIMESPEAK, a_set(tmp_path, "timespeak", items), found)
    assert says in told["recorded"]["says"]
    assert (told["recorded"]["lockstep"], told["lockstep"]["score"]) == (None, score)


def test_goals_say_what_their_figures_fall_short_of(tmp_path: Path) -> None:
    items = asked_by("flite:slt")
    found = Findings(lockstep=answered(items, "flite:slt"))
    block = report(TIMESPEAK, a_set(tmp_path, "timespeak", items), found)["goals"]
    assert block["short_of"] == ["on the virtual clock, not in real time", "of the dev split, not of the test set"]
    assert (block["of"], block["reached"], block["wanted"]) == ("lockstep", 2, 5)
    found.realtime = found.lockstep
    block = report(TIMESPEAK, a_set(tmp_path, "timespeak", items, "test"), found)["goals"]
    assert (block["of"], block["short_of"]) == ("realtime", [])


def a_set(folder: Path, name: str, items: tuple[Item, ...], split: str = "dev") -> EvalSet:
    return EvalSet(name=name, folder=folder, items=items, sha256="0" * 64, split=split, known="not frozen")
