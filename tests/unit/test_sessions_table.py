"""`counterpoint sessions` in a narrow terminal."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console

from actors.scheduler import SessionLine
from actors.serve import table_of


def test_a_session_can_be_copied_from_eighty_columns() -> None:
    name = "default.206937831b3d97f3"
    line = SessionLine(
        session=name, tier="best_effort", attached=True, micro_turns=90_000, pins=12, volatile=True, lockstep=False
    )
    console = Console(width=80)
    with console.capture() as shown:
        console.print(table_of([asdict(line)]))
    assert name in shown.get()
    assert "…" not in shown.get()
