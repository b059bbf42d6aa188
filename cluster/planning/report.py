"""What `counterpoint plan` reports: the fields of `--json`, and the lines a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cluster.planning.capacity import DETECT_S, Capacity, Load
from cluster.planning.checks import checks
from cluster.planning.passes import Deployment

Report = dict[str, Any]


def report(deployment: Deployment, load: Load, found: Capacity, usd_per_gpu_hour: float) -> Report:
    """Figures of one plan. Those of time rest on `derate`; bytes and published points do not."""
    shape, sessions = deployment.shape, found.sessions_per_gpu
    return {
        "model": shape.name,
        "shape": {"total_params": shape.total_params, "active_params": shape.active_params, "note": shape.note},
        "hardware": {
            "gpu": deployment.gpu.name,
            "ep": deployment.ep,
            "weight_bytes": deployment.weight_bytes,
            "kv_bytes": deployment.kv_bytes,
            "usd_per_gpu_hour": usd_per_gpu_hour,
        },
        "load": {name: getattr(load, name) for name in ("tokens_in", "tokens_out", "window", "reserve")},
        "sessions_per_gpu": sessions,
        "sessions_per_group": sessions * deployment.ep,
        "binds": found.binds,
        "limits": {"tick": found.by_tick, "memory": found.by_memory},
        "tick_ms": round(1e3 * found.tick_s, 1),
        "tick_allowed_ms": round(1e3 * load.tick_allowed_s, 1),
        "all_to_all_us": {name: round(value, 1) for name, value in found.all_to_all_us.items()},
        "kv_gb_per_hour": round(found.kv_gb_per_hour, 2),
        "kv_gb_per_session": round(found.kv_gb_per_session, 3),
        "weights_gb_per_gpu": round(found.weights_gb_per_gpu, 2),
        "failover_s": round(DETECT_S + found.replay_s, 2),
        "failover": {
            "detect_s": DETECT_S,
            "replay_s": round(found.replay_s, 2),
            "buddy_transfer_s": round(found.transfer_s, 3),
        },
        "cost_per_session_hour": round(usd_per_gpu_hour / sessions, 4) if sessions else None,
        "derate": load.derate,
        "checks": [{**asdict(check), "error": round(check.error, 4)} for check in checks()],
        "fit": None,
    }


def lines(told: Report) -> Iterator[tuple[str, str, str]]:
    """(figure, value, what it rests on) of a report."""
    derated = f"derate {told['derate']:g}"
    limits, exchange, failover = told["limits"], told["all_to_all_us"], told["failover"]
    yield "sessions per GPU", str(told["sessions_per_gpu"]), f"{derated}; {told['binds']} binds"
    yield "sessions per group", str(told["sessions_per_group"]), f"{derated}; {told['hardware']['ep']} GPUs"
    yield "by tick", str(limits["tick"]), f"{derated}; {told['tick_allowed_ms']:g} ms allowed"
    yield "by memory", str(limits["memory"]), "bytes, no derate"
    yield "tick of a full GPU", f"{told['tick_ms']:g} ms", derated
    yield "all-to-all of a layer, append", f"{exchange['append']:g} us", "published kernels, before derate"
    yield "all-to-all of a layer, decode", f"{exchange['decode']:g} us", "published kernels, before derate"
    yield "all-to-all of a tick", f"{exchange['tick'] / 1e3:.1f} ms", "published kernels, before derate"
    yield "KV of a session, per hour", f"{told['kv_gb_per_hour']:g} GB", "bytes, no derate"
    yield "KV of a session, held", f"{told['kv_gb_per_session']:g} GB", "bytes, no derate"
    yield "weights per GPU", f"{told['weights_gb_per_gpu']:g} GB", "bytes, no derate"
    yield "failover by replay", f"{told['failover_s']:g} s", f"{derated}; detection {failover['detect_s']:g} s"
    yield "buddy KV instead of replay", f"{failover['buddy_transfer_s']:g} s", "bytes over the link, no derate"
    cost = told["cost_per_session_hour"]
    price = f"{derated}; {told['hardware']['usd_per_gpu_hour']:g} $ per GPU hour"
    yield "cost per session hour", "-" if cost is None else f"{cost:g} $", price


def fit_lines(fit: Report) -> Iterator[tuple[str, str, str]]:
    """The same of what was measured on a machine."""
    rests = "ticks of at most 8 sessions; derate 1"
    yield "capacity predicted", str(fit["predicted"]), f"{rests}; due {fit['due_ms']} ms after the cutoff"
    yield "capacity measured", _measured(fit), "99.5 % on time"
    error = "-" if fit["error"] is None else f"{100 * fit['error']:+.0f} %"
    yield "error", error, "prediction over measurement, the worst that the rows allow"
    yield "rated sessions", str(fit["rated"]), f"{rests}; a reserve of {100 * fit['reserve']:.0f} %"
    cost = f"{fit['base_ms']:g} + {fit['each_ms']:g} n + {fit['pass_ms']:g} p + {fit['token_ms']:g} t ms"
    yield "cutoff to the last result", cost, "n sessions, p further passes, t tokens; fitted to single ticks"
    yield "micro-turns that say anything", f"{100 * fit['speaking']:.1f} %", "how many passes n sessions need"


def _measured(fit: Report) -> str:
    held, late = fit["between"]
    if fit["refused"]:
        return f"{held}; at {late} sessions were refused"
    if late == held + 1:
        return str(held)
    return f"at least {held}" + (f", below {late}" if late else "")
