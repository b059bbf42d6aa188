"""`counterpoint replay`: a recorded session run again, through the session machine or through the model itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cluster.errors import CounterpointError, InvalidInput, ReplayDivergence
from cluster.session.history import Header, WholeLines
from cluster.session.replay import ModelStep, model_steps, replay_machine
from cluster.types import Dtype, Prefill, SlotWork, TickBatch, Versions

if TYPE_CHECKING:
    from cluster.engine import Engine

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was found to be the same. torn_line: the last line, if its end was never written; it is left out."""

    what: str  # machine | model
    micro_turns: int
    torn_line: int | None = None
    tokens: int = 0
    steps: int = 0


def replay(
    file: Annotated[Path, typer.Argument(help="A history: one line of JSON per event.")],
    machine: Annotated[bool, typer.Option("--machine", help="Only the session machine; exact everywhere.")] = False,
    model: Annotated[bool, typer.Option("--model", help="The model too; exact on what it was recorded on.")] = False,
    checkpoint: Annotated[Path, typer.Option(help="For --model: folder of the weights it was recorded with.")] = Path(
        "models/counterpoint-micro"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run a recorded session again and stop at the first difference. A last line that is torn is told and left out.

    Example: counterpoint replay --machine out/data/history/default.3f2a.jsonl
    """
    if machine == model:
        raise typer.BadParameter("give one of --machine and --model")
    try:
        done = replay_model(file, partial(_engine, checkpoint)) if model else _machine(file)
    except (CounterpointError, OSError) as error:
        why = f"{file}: cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
        if as_json:
            at = error.at if isinstance(error, ReplayDivergence) else None
            out.print_json(json.dumps({"same": False, "at": at, "error": why}))
        else:
            err.print(why, style="red", markup=False)
        raise typer.Exit(1) from error
    if as_json:
        out.print_json(json.dumps({"same": True, **asdict(done)}))
    else:
        if done.torn_line:
            err.print(f"{file}: line {done.torn_line} is torn: its end was never written. Before it:")
        said = f", {done.tokens} tokens in {done.steps} steps" if model else ""
        out.print(f"[green]the same[/]: {done.micro_turns} micro-turns{said}")


def _machine(file: Path) -> Replayed:
    with file.open("rb") as history:
        lines = WholeLines(history)
        micro_turns = replay_machine(lines).answered_k + 1
    return Replayed(what="machine", micro_turns=micro_turns, torn_line=lines.torn_at)


def replay_model(file: Path, engine_for: Callable[[Versions], Engine]) -> Replayed:
    """engine_for: called once, with what the history was recorded on; its slots 0 and 1 are used.

    Raises ReplayDivergence at the first difference, InvalidInput for a broken file or another version.
    """
    done, engine, epoch = Replayed(what="model", micro_turns=0), None, 0
    slots: dict[int, int] = {}
    with file.open("rb") as history:
        lines = WholeLines(history)
        for found in model_steps(lines):
            if isinstance(found, Header):
                epoch, slots = epoch + 1, dict(zip(found.slots, (0, 1), strict=True))
                engine = engine or engine_for(found.versions)
                _check_versions(found.versions, engine.versions)
                continue
            assert engine is not None  # a history begins with a header
            _same(found, engine, TickBatch(n=found.n, engine_epoch=epoch, work=(_on_slots(found.work, slots),)))
            done = replace(
                done,
                micro_turns=done.micro_turns + len(found.outputs),
                tokens=done.tokens + sum(len(output.tokens) for output in found.outputs),
                steps=done.steps + 1,
            )
    return replace(done, torn_line=lines.torn_at)


def _engine(checkpoint: Path, recorded: Versions) -> Engine:
    from cluster.engine import Engine, compute_alone

    compute_alone()
    return Engine(checkpoint, num_slots=2, dtype=Dtype(recorded.dtype), deterministic=recorded.deterministic)


def _check_versions(recorded: Versions, here: Versions) -> None:
    """Raises InvalidInput naming the first thing that differs: the bits would too."""
    was, now = asdict(recorded), asdict(here)
    for name in ("weights_sha256", "torch", "isa", "dtype", "deterministic"):
        if was[name] != now[name]:
            raise InvalidInput(f"versions.{name}", f"was {was[name]!r} when recorded and is {now[name]!r} here")


def _same(step: ModelStep, engine: Engine, batch: TickBatch) -> None:
    result = engine.step(batch)
    got = tuple(output for slot in result.results for output in slot.outputs)
    if engine.refusals:
        raise ReplayDivergence(step.at, step.outputs, engine.refusals)
    said = [(output.k, output.tokens, output.truncated) for output in step.outputs]
    says = [(output.k, output.tokens, output.truncated) for output in got]
    if said != says:
        inexact = "" if engine.versions.deterministic else " (not deterministic: neighbours may have changed bits)"
        raise ReplayDivergence(step.at, said, f"{says}{inexact}")


def _on_slots(work: SlotWork, slots: dict[int, int]) -> SlotWork:
    def moved(run: Prefill) -> Prefill:
        return replace(run, slot=slots[run.slot])

    return replace(
        work,
        slot=slots[work.slot],
        prefills=tuple(moved(run) for run in work.prefills),
        free=tuple(slots[slot] for slot in work.free),
    )
