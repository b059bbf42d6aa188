"""`plan --fit`: rows of a bench result to a prediction, and to what was measured where that is among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from cluster.planning.capacity import BUDGET_S, Load
from cluster.planning.fit import MeasuredRow, Tick, bracket, fit

RESERVE = Load().reserve


def fitted(path: Path, against: Path | None = None) -> dict[str, Any]:
    """The field `fit` of the report; against: the run to compare the prediction with, instead of the same one.

    Raises BadParameter for a file that is no bench result or cannot be fitted.
    """
    rows, machine = _read("--fit", path)
    try:
        found = fit(rows)
    except ValueError as error:
        raise _useless("--fit", path, error) from error
    measured = bracket(rows if against is None else _read("--against", against)[0])
    predicted = found.capacity(BUDGET_S)
    error = measured.error(predicted)
    return {
        "predicted": predicted,
        "measured": None if error is None else measured.held,
        "error": None if error is None else round(error, 4),
        "between": [measured.held, measured.late],  # on time, and the next that was measured and was not
        "refused": measured.refused,
        "rated": found.capacity(BUDGET_S, RESERVE),
        "reserve": RESERVE,
        "base_ms": round(1e3 * found.base_s, 2),
        "each_ms": round(1e3 * found.each_s, 3),
        "pass_ms": round(1e3 * found.pass_s, 2),
        "token_ms": round(1e3 * found.token_s, 3),
        "speaking": round(found.speaking, 4),
        "due_ms": round(1e3 * BUDGET_S),
        "machine": machine,
        "derate": 1.0,  # it is measured
    }


def _read(option: str, path: Path) -> tuple[list[MeasuredRow], str]:
    """Rows, and the machine they are of."""
    try:
        told = json.loads(path.read_text())
        judged = (row for row in told["rows"] if row["what"] == "counterpoint" and row["on_time_rate"] is not None)
        rows = [_row(row) for row in judged]
        return rows, f"{told['machine']['cpu']}, {told['machine']['cores']} cores"
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _useless(option, path, error) from error


def _useless(option: str, path: Path, error: Exception) -> typer.BadParameter:
    hint = f"{path} cannot be fitted ({error}); `counterpoint bench --only capacity --out {path}` makes one"
    return typer.BadParameter(hint, param_hint=option)


def _row(row: dict[str, Any]) -> MeasuredRow:
    sessions = int(row["sessions"])
    return MeasuredRow(
        sessions=sessions,
        on_time_rate=float(row["on_time_rate"]),
        rejected=int(row["rejected"]),
        ticks=tuple(
            Tick(
                sessions=sessions,
                passes=int(passes),
                tokens=int(tokens),
                engine_s=float(engine_ms) / 1e3,
                total_s=float(total_ms) / 1e3,
            )
            for passes, tokens, engine_ms, total_ms in row.get("ticks", ())
        ),
        tokens={int(count): int(times) for count, times in row.get("tokens", {}).items()},
    )
