"""A real Prometheus over a real cluster under load: every dashboard and every rule has something to show."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from actors.handles import ActorInfo
from actors.top import watch
from cluster.telemetry.overview import Overview
from counterpoint.client import Session
from observability.prometheus import MISSING, PROGRAM, RULES, Prometheus, prometheus
from tests.e2e.conftest import Served
from tests.e2e.talking import Talk, converse

# What a cluster in good health must leave empty; a quantile of nothing is empty too. observability/tests/ makes each of
# the alerts speak (actors.test.yaml) and the gap of a failover show (state.test.yaml), and
# tests/actors/test_app_scaling.py what scaling goes by.
EMPTY_IN_HEALTH = {
    "sessions / What scaling goes by, the worst pair / A": "shows only where scaling.most lets pairs come and go",
    "state / Gap of a failover, by what was lost / A": "nobody is lost, so no gap has a length",
    "CounterpointActorFrozen": "looks a minute back, at actors older than this test",
    "CounterpointNoScheduler": "speaks of a scheduler that is not there",
    "CounterpointTargetsUnlabelled": "speaks of targets without labels",
}
# An alert without its threshold: what it looks at.
THRESHOLD = re.compile(r" (?:>|<|==) [\d.]+(?: \* [\d.]+)?")
SECOND_AT_K, SECONDS = 20, 9.0

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
]


async def test_top_sees_who_talks_and_that_everybody_moves(cluster: Served) -> None:
    seen: list[Overview] = []

    async def actors() -> tuple[ActorInfo, ...]:
        return tuple(ActorInfo(**actor) for actor in cluster.facts["actors"])

    async def look(_: Session) -> None:
        await watch(actors, 2.0, seen.append, once=True)

    await converse(cluster.target, 5.0, at_k=5, then=look)
    (view,) = seen
    assert (view.attached, view.places) == (1, 4)
    assert view.on_time_rate is not None
    assert view.expert_calls["answered"] > 0
    assert {line.actor for line in view.actors if line.moves} == {actor["name"] for actor in cluster.facts["actors"]}


def rules() -> dict[str, str]:
    found = [
        rule
        for path in RULES.glob("*.yaml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]
    return {rule.get("alert") or rule["record"]: THRESHOLD.sub(" > -Inf", rule["expr"]) for rule in found}


def panels() -> dict[str, str]:
    found = {}
    for path in (RULES.parent / "dashboards").glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                at = f"{path.stem} / {panel['title']} / {target['refId']}"
                found[at] = target["expr"].replace("$__rate_interval", "10s")
    return found


async def ask_until(served: Prometheus, ended: Callable[[], bool]) -> set[str]:
    """What showed nothing at all, once only what must not is left, or once it ended."""
    left = rules() | panels()
    while not ended() and set(left) != set(EMPTY_IN_HEALTH):
        left = await asyncio.to_thread(
            lambda asked: {at: query for at, query in asked.items() if not served.ask(query)}, left
        )
        await asyncio.sleep(0.5)
    return set(left)


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
async def test_every_panel_and_every_rule_shows_something_while_people_talk(cluster: Served, tmp_path: Path) -> None:
    second = asyncio.Event()

    async def come(_: Session) -> None:
        second.set()

    async def talk_later() -> Talk:
        await second.wait()  # one more while it is watched: sessions rise, and their places have an end in sight
        return await converse(cluster.target, SECONDS)

    with prometheus(cluster.facts["actors"], tmp_path) as served:
        talks = asyncio.gather(converse(cluster.target, SECONDS, at_k=SECOND_AT_K, then=come), talk_later())
        silent = await ask_until(served, talks.done)
        assert all(talk.turns for talk in await talks)
        assert silent == set(EMPTY_IN_HEALTH)
        assert served.ask("up == 0") == []
