"""Behaviour as transcripts: tests/scenarios/*.txt, each a sentence of intent, what is done, and all that comes of it.

With UPDATE_SCENARIOS=1 in the environment the transcripts are written anew; the change is then reviewed as a diff.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from core_rig import KEEP, LOUD, QUIET, RELEASE, Rig

from cluster.session import commands as out
from cluster.session.commands import Command
from cluster.session.events import Slipped, Unheard
from cluster.session.limits import SessionRules
from cluster.session.record import RECORDS
from cluster.types import SlotWork

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.txt"))
RULES = SessionRules(volatile_retry_ticks=2)
WORDS = {"keep": KEEP, "release": RELEASE}


@pytest.mark.parametrize("file", SCENARIOS, ids=[file.stem for file in SCENARIOS])
def test_the_transcript_still_tells_what_happens(file: Path) -> None:
    written = file.read_text()
    played = asyncio.run(play(written))
    if os.environ.get("UPDATE_SCENARIOS"):
        file.write_text(played)
    assert played == written


def test_there_are_transcripts() -> None:
    assert len(SCENARIOS) >= 12


async def play(text: str) -> str:
    """The transcript with its answers computed anew; lines that begin with `> ` are what is done."""
    intent, _, _ = text.partition("\n>")
    rig, lines = Rig(rules=RULES), [intent.rstrip("\n"), ""]
    for line in text.splitlines():
        if line.startswith("> "):
            lines += [line, *await act(rig, line[2:])]
    return "\n".join(lines) + "\n"


async def act(rig: Rig, line: str) -> list[str]:
    verb, *words = line.split()
    fields = dict(word.split("=", 1) for word in words if "=" in word)
    bare = [word for word in words if "=" not in word]
    return [f"  {told}" for told in await VERBS[verb](rig, bare, fields)]


async def _limits(rig: Rig, _: list[str], fields: dict[str, str]) -> list[str]:
    """limits NAME=NUMBER…: of the checkpoint; before anything else."""
    rig.limits = replace(rig.limits, **{name: int(value) for name, value in fields.items()})  # type: ignore[arg-type]  # fields by name
    rig.core = rig.new_core()
    return []


async def _rules(rig: Rig, _: list[str], fields: dict[str, str]) -> list[str]:
    """rules NAME=NUMBER…: of the sessions; before anything else."""
    kinds = {name: type(getattr(rig.rules, name)) for name in fields}
    rig.rules = replace(rig.rules, **{name: kinds[name](int(value)) for name, value in fields.items()})  # type: ignore[arg-type]  # as above
    rig.core = rig.new_core()
    return []


async def _open(rig: Rig, _: list[str], fields: dict[str, str]) -> list[str]:
    prefix = tuple(int(token) for token in fields.get("prefix", "").split(",") if token)
    return render(await rig.open(prefix=prefix))


async def _turn(rig: Rig, bare: list[str], fields: dict[str, str]) -> list[str]:
    """turn K|K-K [loud] [text=1,2] [stretch=ppm]"""
    first, _, last = bare[0].partition("-")
    text = tuple(int(token) for token in fields.get("text", "").split(",") if token)
    audio, stretch_ppm = LOUD if "loud" in bare else QUIET, int(fields.get("stretch", "0"))
    told: list[Command] = []
    for k in range(int(first), int(last or first) + 1):
        told += await rig.turn(k, audio=audio, text=text, stretch_ppm=stretch_ppm)
    return render(told)


async def _slip(rig: Rig, bare: list[str], _: dict[str, str]) -> list[str]:
    """slip K [inserted]: micro-turn K, which comes next, is two that were merged, or silence that was inserted."""
    return render(await rig.send(Slipped, "s", k=int(bare[0]), inserted="inserted" in bare))


async def _say(rig: Rig, bare: list[str], _: dict[str, str]) -> list[str]:
    """say K TOKEN… [cut]: what the model will emit in micro-turn K; cut: it would have gone on."""
    k, *words = bare
    if "cut" in words:
        rig.cut_off.add(int(k))
    rig.say[int(k)] = tuple(WORDS.get(word) or int(word) for word in words if word != "cut")
    return []


async def _tick(rig: Rig, bare: list[str], fields: dict[str, str]) -> list[str]:
    """tick [COUNT] [fail=why] [refuse=session] [took=ms]; `give` hands every micro-turn over just before its cutoff."""
    told = []
    for _ in range(int(next((word for word in bare if word.isdigit()), "1"))):
        if "give" in bare:
            await rig.turn(rig.k())
        took_ns = int(fields.get("took", "30")) * 1_000_000
        refused = [fields["refuse"]] if "refuse" in fields else []
        n = rig.n
        told += [f"tick {n}:", *render(await rig.tick(fail=fields.get("fail", ""), refuse=refused, took_ns=took_ns))]
    return told


async def _skip(rig: Rig, bare: list[str], _: dict[str, str]) -> list[str]:
    rig.n += int(bare[0])
    return []


async def _store(rig: Rig, bare: list[str], _: dict[str, str]) -> list[str]:
    return render(await rig.set_store(bare[0]))


async def _detach(rig: Rig, _: list[str], __: dict[str, str]) -> list[str]:
    return render(await rig.detach())


async def _reattach(rig: Rig, bare: list[str], fields: dict[str, str]) -> list[str]:
    """reattach received_k=K [ring]: with it the ingest that never left asks, and tells what it has sent."""
    ring = tuple(rig.results()) if "ring" in bare else ()
    return render(await rig.reattach(int(fields["received_k"]), ring=ring, seat=1 if ring else 2))


async def _unheard(rig: Rig, _: list[str], __: dict[str, str]) -> list[str]:
    return render(await rig.send(Unheard, "s"))


async def _close(rig: Rig, _: list[str], __: dict[str, str]) -> list[str]:
    return render(await rig.close())


async def _control(rig: Rig, bare: list[str], fields: dict[str, str]) -> list[str]:
    prefix = tuple(int(token) for token in fields.get("prefix", "").split(",") if token)
    seq = int(fields["seq"])
    return render(await rig.control(seq=seq, control_id=f"c{seq}", kind=bare[0], prefix=prefix))


async def _played(rig: Rig, bare: list[str], fields: dict[str, str]) -> list[str]:
    return render(await rig.played(k=int(fields["k"]), sample=int(fields["sample"]), cut="cut" in bare))


async def _engine(rig: Rig, bare: list[str], _: dict[str, str]) -> list[str]:
    """engine EPOCH: another engine process serves."""
    return render(await rig.carry_out(rig.core.engine_replaced(int(bare[0]), rig.now_ns)))


async def _takeover(rig: Rig, _: list[str], __: dict[str, str]) -> list[str]:
    """The scheduler dies; another one of the same phase group goes on from the journal."""
    held = rig.epoch["s"]
    rig.epoch["s"] = await rig.store.claim("default", "s", held=held, owner="other")
    rig.core = rig.new_core(engine_epoch=2)
    rig.attachment["s"] = 0
    stored = await rig.store.load("default", "s")
    return render(await rig.carry_out(rig.core.adopt(stored, rig.epoch["s"], rig.now_ns)))


async def _claimed(rig: Rig, _: list[str], __: dict[str, str]) -> list[str]:
    """Somebody else has claimed the session."""
    await rig.store.claim("default", "s", held=rig.epoch["s"], owner="other")
    return []


VERBS: dict[str, Callable[[Rig, list[str], dict[str, str]], Awaitable[list[str]]]] = {
    "limits": _limits,
    "rules": _rules,
    "open": _open,
    "turn": _turn,
    "slip": _slip,
    "say": _say,
    "tick": _tick,
    "skip": _skip,
    "store": _store,
    "detach": _detach,
    "reattach": _reattach,
    "unheard": _unheard,
    "close": _close,
    "control": _control,
    "played": _played,
    "engine": _engine,
    "takeover": _takeover,
    "claimed": _claimed,
}


def render(told: list[Command]) -> list[str]:
    return [one(command) for command in told]


def one(command: Command) -> str:
    match command:
        case SlotWork():
            runs = [
                f"{'open' if run.reset else 'fill'} {run.slot}@{run.index}{_ks([item.turn.k for item in run.items])}"
                for run in command.prefills
            ]
            gaps = [f"gap={turn.k}" for turn in command.turns if turn.gap]
            text = [f"text={turn.k}:{','.join(map(str, turn.text))}" for turn in command.turns if turn.text]
            free = [f"free={','.join(map(str, command.free))}"] if command.free else []
            live = _ks([turn.k for turn in command.turns])
            on = ["goes on"] if command.goes_on else []
            return " ".join(["work", f"slot={command.slot}{live}", *on, *gaps, *text, *runs, *free])
        case out.Result():
            said = f" said={','.join(map(str, command.tokens))}" if command.tokens else ""
            lacks = "".join(f" !{what}" for what in command.degradations)
            events = "".join(f" <{event}>" for event in command.events)
            return f"result k={command.k} {command.timing}{said}{events}{lacks}"
        case out.OpenGranted():
            replay = f" replay={_list([result.k for result in command.replay])}" if command.resumed else ""
            voice = f" voice={command.voiced_turns}+{list(command.speaking)}" if command.resumed else ""
            return (
                f"granted attachment={command.attachment} next_k={command.next_k} "
                f"accepted={command.accepted_through}{replay}{voice}"
            )
        case out.OpenRejected():
            return f"rejected {command.code} {command.limit}: {command.reason}"
        case out.AcceptedThrough():
            return f"accepted {command.through}{' volatile' if command.volatile else ''}"
        case out.Sealed():
            return f"sealed {command.from_k}-{command.to_k} {command.reason}"
        case out.ControlEffective():
            return f"effective {command.control_id} tick={command.tick} k={command.k}"
        case out.SessionEnded():
            return f"ended {command.code} after {command.micro_turns}: {command.reason}"
        case out.Superseded():
            return f"superseded attachment={command.attachment}"
        case out.JournalWrite():
            dropped = f" drop<{command.drop_below}" if command.drop_below else ""
            records = [RECORDS.decode(record) for record in command.records]
            heard = "".join(f" cut={cut.k}@{cut.sample}" for record in records for cut in record.cuts)
            ppm = "".join(f" stretch={','.join(map(str, one.stretch_ppm))}" for one in records if one.stretch_ppm)
            slips = [slip for record in records for slip in record.slips]
            drift = ppm + "".join(f" {'inserted' if slip.inserted else 'merged'}={slip.k}" for slip in slips)
            last = " last" if command.last else ""
            return f"write {command.index}+{len(command.records)}{dropped}{heard}{drift}{last}"
    raise AssertionError(command)


def _ks(ks: list[int]) -> str:
    return f" k={_list(ks)}" if ks else ""


def _list(ks: list[int]) -> str:
    """1,2,3,7 as 1-3,7"""
    runs: list[list[int]] = []
    for k in ks:
        if runs and k == runs[-1][-1] + 1:
            runs[-1].append(k)
        else:
            runs.append([k])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or "none"
