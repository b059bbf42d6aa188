"""Evaluations from sets to reports: what is run, in which order, and what a failure of a part means.

First what tells, of every set, whether its report could stand at all; then every item on the virtual clock, where each
answer is kept as it comes; then real time through one cluster, which wants the machine for itself. A report is written
as soon as its set has been through all three.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cluster.errors import ConfigError
from cluster.types import Dtype
from evals.bench.machine import describe
from evals.harness import files, looks, refusal, sounding
from evals.harness.beside import Beside, beside
from evals.harness.controls import for_zeroed
from evals.harness.live import Cluster
from evals.harness.lockstep import Listened
from evals.harness.model import Model, dtype_of, load_model, write_zeroed
from evals.harness.names import named
from evals.harness.report import Findings, report
from evals.harness.scoring import Scored, sample, score
from evals.harness.scripts import Scripts
from evals.harness.sets import EvalSet
from evals.harness.stages import Tell
from evals.harness.trace import Trace
from evals.harness.virtual import lockstep, replay
from evals.harness.wanted import Wanted
from evals.items import Item

TOGETHER = 32  # sessions of one lockstep batch


def evaluate(sets: Sequence[EvalSet], wanted: Wanted, tell: Tell) -> Iterator[dict[str, Any]]:
    """Writes of each set NAME.json, NAME.html, NAME.items.jsonl and, after a real-time run, NAME.trace.jsonl; yields
    the reports as they are written.

    Raises ConfigError: looks used up or about to be wasted, something that is not installed or cannot be read.
    """
    machine = describe()  # before anything of ours makes it busy
    for each in sets:
        if each.spends_a_look:
            looks.check(each.name, each.sha256)
    wanted.out.mkdir(parents=True, exist_ok=True)
    dtype = dtype_of(wanted.checkpoint, wanted.dtype)
    model = load_model(
        wanted.checkpoint, wanted.voice, sessions=TOGETHER, deterministic=wanted.deterministic, dtype=dtype
    )
    scripts = Scripts(side=model.picture_side)
    evaluations = [_Evaluation(each, wanted, model, scripts, machine, tell) for each in sets]
    with tempfile.TemporaryDirectory() as scratch:
        empty = _emptied(wanted, dtype, Path(scratch) / "zeroed")
        for each in evaluations:
            each.zeroed(empty)
    for each in evaluations:
        each.beside()
    for each in evaluations:
        each.lockstep()
    with Cluster(wanted, model.dtype) as cluster:
        for each in evaluations:
            if wanted.realtime:
                each.realtime(cluster)
            yield each.report()


def _emptied(wanted: Wanted, dtype: Dtype, folder: Path) -> Model:
    """The same model with nothing in it."""
    write_zeroed(wanted.checkpoint, folder)
    return load_model(folder, wanted.voice, sessions=TOGETHER, deterministic=False, dtype=dtype)


class _Evaluation:
    """One set; its methods are called in the order in which they stand here."""

    _zeroed: Scored
    _zeroed_spoke: int
    _beside: Beside
    _heard: list[Listened]
    _found: Findings

    def __init__(
        self, eval_set: EvalSet, wanted: Wanted, model: Model, scripts: Scripts, machine: dict[str, Any], tell: Tell
    ) -> None:
        self._name, self._set, self._wanted, self._model = named(eval_set.name), eval_set, wanted, model
        self._scripts, self._machine, self._tell = scripts, machine, tell

    def zeroed(self, empty: Model) -> None:
        """First, for it is cheap and would make all else worthless."""
        chosen = for_zeroed(self._set.items)
        heard = self._on_virtual_clock(empty, chosen, "weights of zero")
        self._zeroed = score(self._name, chosen, {each.id: each.said for each in heard})
        self._zeroed_spoke = sum(len(each.outputs) for each in heard)
        if self._zeroed_spoke:
            self._spare_the_look([f"with its weights set to zero it spoke {self._zeroed_spoke} times"])

    def beside(self) -> None:
        wanted = self._wanted
        self._beside = found = beside(self._name, self._set, wanted.voice, wanted.cascade, self._tell)
        found.controls[refusal.ZEROED] = self._zeroed
        cascade = found.controls.get(refusal.CASCADE)
        reasons = refusal.reasons(
            model=100.0,  # whatever it says
            controls={each: scored.score for each, scored in found.controls.items()},
            floors={each: scored.score for each, scored in found.floors.items()},
            zeroed_spoke=self._zeroed_spoke,
            cascade_items=len(cascade.everything) if cascade else 0,
            cascade_wanted=min(refusal.CASCADE_ITEMS, len(self._set.items)),
        )
        if reasons:
            self._spare_the_look([*reasons, *found.missing])

    def lockstep(self) -> None:
        items, model, others = self._set.items, self._model, self._beside
        self._heard = self._on_virtual_clock(model, items, "lockstep")
        if disagree := sounding.reasons([each.sound for each in self._heard]):
            self._spare_the_look(disagree)
        self._found = Findings(
            lockstep=score(self._name, items, {each.id: each.said for each in self._heard}),
            controls=others.controls,
            floors=others.floors,
            baselines=others.baselines,
            zeroed_spoke=self._zeroed_spoke,
            cascade=others.cascade,
            missing=others.missing,
            versions={**self._machine, "checkpoint": f"{self._wanted.checkpoint.name}@{model.sha256[:12]}"},
            dtypes={"lockstep": model.dtype},
            sound=[each.sound for each in self._heard],
        )

    def realtime(self, cluster: Cluster) -> None:
        """And what it lost to delays alone, on the virtual clock."""
        name, found = self._name, self._found
        chosen = sample(self._set.items, self._wanted.realtime)
        asked = [each.open() for each in self._scripts.of(self._set.folder, chosen)]  # not while somebody counts
        heard = cluster.listen(asked, self._stage("real time"), self._tell)
        found.live, found.others, found.dtypes["realtime"] = heard.live, heard.others, heard.dtype
        found.realtime = score(name, chosen, {each.id: each.said for each in heard.live})
        traces = [each.trace for each in heard.live if each.trace is not None]
        Trace(traces).write(self._wanted.out / f"{name.name}.trace.jsonl")
        alone = {each.id: each for each in self._heard}
        again = replay(self._model, traces, asked, alone, self._stage("replay of what was disturbed"), self._tell)
        said = {each.id: each.said for each in again}
        found.replay = score(name, [item for item in chosen if item.id in said], said)

    def report(self) -> dict[str, Any]:
        """A look is written down before anybody can see a score of it."""
        name, found = self._name, self._found
        if found.realtime is None:
            found.missing.append("real time: --realtime 100")
        result = report(name, self._set, found)
        if self._set.spends_a_look:
            shown = {"lockstep": found.lockstep.score, "realtime": found.realtime.score if found.realtime else -1.0}
            looks.log(name.name, self._set.sha256, self._model.sha256, shown, self._wanted.date)
        files.write(self._wanted.out, self._set.items, self._heard, found, result)
        return result

    def _on_virtual_clock(self, model: Model, items: Sequence[Item], what: str) -> list[Listened]:
        asked = self._scripts.of(self._set.folder, items)
        return lockstep(model, self._wanted.voice, self._set, asked, self._stage(what), self._tell)

    def _stage(self, what: str) -> str:
        return f"{self._name.name}: {what}"

    def _spare_the_look(self, reasons: Sequence[str]) -> None:
        """Raises ConfigError where a look would be spent on a report that is refused."""
        if self._set.spends_a_look:
            why = "; ".join(reasons)
            raise ConfigError(f"{self._name.name}.test", f"is not looked at for a report that would be refused: {why}")
