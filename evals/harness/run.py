"""One evaluation from set to report: what is run, in which order, and what a failure of a part means."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cluster.errors import ConfigError
from cluster.types import Dtype
from cluster.voice.voice import Voice
from evals.bench.machine import describe
from evals.cascade import kept
from evals.cascade.pipeline import FACTS
from evals.harness import looks, refusal
from evals.harness.controls import controls
from evals.harness.lockstep import Listened, listen
from evals.harness.model import Model, dtype_of, load_model, write_zeroed
from evals.harness.names import Named, Policy, named
from evals.harness.others import others
from evals.harness.page import page
from evals.harness.realtime import Live, listen_live
from evals.harness.report import Findings, report
from evals.harness.scoring import sample, score
from evals.harness.script import Script, script_of
from evals.harness.sets import EvalSet, open_set
from evals.harness.trace import Trace
from evals.items import Item, Said
from evals.served import DidNotServe, served

SEED = 20_261_127
TOGETHER = 32  # sessions of one lockstep batch
ZEROED_ITEMS = 60
Tell = Callable[[str, int, int], None]  # stage, done, of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """realtime, cascade: how many items; 0 leaves that part out, and the report says so."""

    name: str
    checkpoint: Path
    voice: Path
    folder: Path | None = None
    published: str = ""
    split: str = "dev"
    realtime: int = 100
    sessions: int = 8
    cascade: int = refusal.CASCADE_ITEMS
    deterministic: bool = False
    dtype: str = "auto"  # of the weights, on the virtual clock and in the cluster alike
    out: Path = Path("out/eval")
    date: str = ""


def evaluate(wanted: Wanted, tell: Tell) -> dict[str, Any]:
    """Writes NAME.json, NAME.html, NAME.items.jsonl and, after a real-time run, NAME.trace.jsonl; returns the report.

    Raises ConfigError: no such set, looks used up, something that is not installed or cannot be read.
    """
    machine = describe()  # before anything of ours makes it busy
    name, eval_set = named(wanted.name), open_set(wanted.name, wanted.folder, wanted.split, wanted.published)
    if eval_set.spends_a_look:
        looks.check(name.name, eval_set.sha256)
    wanted.out.mkdir(parents=True, exist_ok=True)
    items = eval_set.items
    missing: list[str] = []
    known = _policies(name, eval_set, missing)
    controlled = {group: _scored(name, items, members) for group, members in known.items()}
    cascade = _cascade(wanted, eval_set, missing, tell)
    dtype = dtype_of(wanted.checkpoint, wanted.dtype)
    model = load_model(
        wanted.checkpoint, wanted.voice, sessions=TOGETHER, deterministic=wanted.deterministic, dtype=dtype
    )
    scripts = {item.id: script_of(item, eval_set.folder, side=model.picture_side) for item in items}
    heard = listen(model, scripts.values(), progress=lambda done, of: tell("lockstep", done, of))
    found = Findings(
        lockstep=score(name, items, _said(heard)),
        controls=controlled["controls"],
        floors=controlled["floors"],
        baselines=controlled["baselines"],
        missing=missing,
        versions={**machine, "checkpoint": f"{wanted.checkpoint.name}@{model.sha256[:12]}"},
        dtypes={"lockstep": model.dtype},
        sound=[each.sound for each in heard],
    )
    if cascade:
        chosen = sample(items, wanted.cascade)
        found.controls[refusal.CASCADE] = score(name, chosen, {each.id: each.said for each in cascade})
        silent = sum(not item.audio for item in chosen)  # it hears nothing of them
        score_of = found.controls[refusal.CASCADE].as_json()
        found.cascade = {**FACTS, "score": score_of, "without_sound": silent, **_stages(cascade)}
    _zeroed(wanted, name, eval_set, scripts, dtype, found, tell)
    if wanted.realtime:
        _realtime(wanted, name, eval_set, scripts, model, found, tell)
    else:
        missing.append("real time: --realtime 100")
    result = report(name, eval_set, found)
    if eval_set.spends_a_look:
        shown = {"lockstep": found.lockstep.score, "realtime": found.realtime.score if found.realtime else -1.0}
        looks.log(name.name, eval_set.sha256, model.sha256, shown, wanted.date)
    (wanted.out / f"{name.name}.json").write_text(json.dumps(result, indent=2) + "\n")
    live_ms = [ms for each in found.live for ms in each.latency_ms]
    errors_s = [error for outcome in (found.realtime or found.lockstep).outcomes for error in outcome.errors_s]
    (wanted.out / f"{name.name}.html").write_text(page(result, live_ms, errors_s))
    _write_items(wanted.out / f"{name.name}.items.jsonl", items, heard, found)
    return result


def _policies(name: Named, eval_set: EvalSet, missing: list[str]) -> dict[str, Mapping[str, Policy]]:
    found: dict[str, Mapping[str, Policy]] = {"controls": controls(name, eval_set.items)}
    found["floors"] = name.floors(eval_set.items, SEED)
    try:
        found["baselines"] = name.baselines(eval_set.folder, SEED)
    except ConfigError as error:
        found["baselines"] = {}
        missing.append(f"sighted baselines: {error}")
    return found


def _scored(name: Named, items: Sequence[Item], policies: Mapping[str, Policy]) -> dict[str, Any]:
    return {each: score(name, items, {item.id: policy(item) for item in items}) for each, policy in policies.items()}


def _said(heard: Sequence[Listened | Live]) -> dict[str, Sequence[Said]]:
    return {each.id: each.said for each in heard}


def _cascade(wanted: Wanted, eval_set: EvalSet, missing: list[str], tell: Tell) -> list[Any]:
    if not wanted.cascade:
        missing.append("the cascade: --cascade 60")
        return []
    chosen = sample(eval_set.items, wanted.cascade)
    try:
        return kept.answers(
            chosen,
            eval_set.folder,
            eval_set.sha256,
            Voice(wanted.voice),
            lambda done, of: tell("cascade", done, of),
        )
    except ConfigError as error:
        missing.append(f"the cascade: {error}")
        return []


def _stages(cascade: Sequence[Any]) -> dict[str, Any]:
    turns = [turn for each in cascade for turn in each.turns]
    middle = {}
    for stage in ("asr_s", "llm_s"):
        values = sorted(float(turn[stage]) for turn in turns)
        middle[f"{stage}_median"] = round(values[len(values) // 2], 3) if values else None
    return {"turns": len(turns), **middle}


def _zeroed(
    wanted: Wanted,
    name: Named,
    eval_set: EvalSet,
    scripts: Mapping[str, Script],
    dtype: Dtype,
    found: Findings,
    tell: Tell,
) -> None:
    """The same model with nothing in it: on a sample, for it has to be silent on each item."""
    chosen = sample(eval_set.items, ZEROED_ITEMS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_zeroed(wanted.checkpoint, Path(scratch) / "zeroed")
        empty = load_model(folder, wanted.voice, sessions=TOGETHER, deterministic=False, dtype=dtype)
        heard = listen(
            empty, [scripts[item.id] for item in chosen], progress=lambda done, of: tell("weights of zero", done, of)
        )
    found.controls[refusal.ZEROED] = score(name, chosen, _said(heard))
    found.zeroed_spoke = sum(len(each.outputs) for each in heard)


def _realtime(
    wanted: Wanted,
    name: Named,
    eval_set: EvalSet,
    scripts: Mapping[str, Script],
    model: Model,
    found: Findings,
    tell: Tell,
) -> None:
    chosen = sample(eval_set.items, wanted.realtime)
    live = _live(wanted, [scripts[item.id] for item in chosen], model.dtype, found, tell)
    found.live = live
    found.realtime = score(name, chosen, _said(live))
    trace = Trace(each.trace for each in live if each.trace is not None)
    trace.write(wanted.out / f"{name.name}.trace.jsonl")
    traced = [item for item in chosen if any(each.id == item.id and each.trace for each in live)]
    again = listen(
        model,
        [scripts[item.id] for item in traced],
        trace,
        progress=lambda done, of: tell("replay of the delays", done, of),
    )
    found.replay = score(name, traced, _said(again))


def _live(wanted: Wanted, scripts: Sequence[Script], dtype: str, found: Findings, tell: Tell) -> list[Live]:
    options = ("--sessions", str(max(wanted.sessions, 8)), "--checkpoint", str(wanted.checkpoint))
    log = wanted.out / f"{wanted.name}.serve.log"
    environment = {name: value for name, value in os.environ.items() if name.startswith("COUNTERPOINT_")}
    environment["COUNTERPOINT_ENGINE__DTYPE"] = dtype  # not what it would choose again, and perhaps otherwise
    try:
        with served(*options, environment=environment, log=log) as cluster, others() as found.others:
            found.dtypes["realtime"] = str(cluster.facts["dtype"])
            return asyncio.run(
                listen_live(
                    cluster.target,
                    scripts,
                    sessions=wanted.sessions,
                    progress=lambda done, of: tell("real time", done, of),
                )
            )
    except DidNotServe as error:
        raise ConfigError("real time", str(error)) from None


def _write_items(path: Path, items: Sequence[Item], heard: Sequence[Listened], found: Findings) -> None:
    """One item a line: what was due, what was said, how it was judged, for whoever wants to know why."""
    live = {each.id: each for each in found.live}
    judged = {each.id: each for each in found.lockstep.everything}
    judged_live = {each.id: each for each in found.realtime.everything} if found.realtime else {}
    with path.open("w") as file:
        for item, each in zip(items, heard, strict=True):
            row: dict[str, Any] = {
                "id": item.id,
                "tags": dict(item.tags),
                "expect": [asdict(due) for due in item.expect],
                "lockstep": {"score": judged[item.id].score, "said": [asdict(said) for said in each.said]},
            }
            if item.id in live:
                row["realtime"] = {
                    "score": judged_live[item.id].score,
                    "said": [asdict(said) for said in live[item.id].said],
                    "failed": live[item.id].failed,
                    "timing": dict(live[item.id].timing),
                }
            file.write(json.dumps(row) + "\n")
