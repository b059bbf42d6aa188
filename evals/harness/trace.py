"""What the cluster did to each micro-turn of a real-time run, and the same again on the virtual clock.

The tick that carried each micro-turn, the ticks that never ran, what was sealed, and how late each result came: enough
to say again what was heard, without the machine that was busy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from evals.harness.lockstep import OPEN_LEAD_TICKS


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTrace:
    """n0: the tick of micro-turn 0. ticks: what carried each k, -1 where none did. late_ms: beyond due, or 0."""

    id: str
    n0: int
    ticks: tuple[int, ...]
    late_ms: tuple[float, ...]

    @property
    def disturbed(self) -> bool:
        """Whether a micro-turn was not carried by the tick that was its own, or a result came late. All others were
        heard as on the virtual clock.
        """
        return any(self.late_ms) or any(tick != self.n0 + k for k, tick in enumerate(self.ticks))


class Trace:
    """A schedule for `lockstep.listen`."""

    def __init__(self, items: Iterable[ItemTrace]) -> None:
        self.items = tuple(items)
        first = min((item.n0 for item in self.items), default=0)
        self._shift = OPEN_LEAD_TICKS - first
        self._by_id = {item.id: item for item in self.items}
        self._ran, self._busy = set[int](), set[int]()
        for item in self.items:
            carried = [tick for tick in item.ticks if tick >= 0]
            self._ran.update(tick + self._shift for tick in carried)
            self._busy.update(range(item.n0 + self._shift, max(carried, default=item.n0) + self._shift + 1))

    @property
    def skipped(self) -> int:
        """Ticks in which a session was due and the engine did not run."""
        return len(self._busy - self._ran)

    def opens(self, id: str) -> int:
        return self._by_id[id].n0 + self._shift - OPEN_LEAD_TICKS

    def carries(self, id: str, k: int, n0: int) -> int:
        """A micro-turn that none carried came too late: never, as far as the scheduler knows."""
        ticks = self._by_id[id].ticks
        if k >= len(ticks):
            return n0 + k
        return ticks[k] + self._shift if ticks[k] >= 0 else n0 + k + 2 * OPEN_LEAD_TICKS

    def runs(self, n: int) -> bool:
        return n in self._ran or n not in self._busy

    def late_s(self, id: str, k: int) -> float:
        late_ms = self._by_id[id].late_ms
        return late_ms[k] / 1000 if k < len(late_ms) else 0.0

    def write(self, path: Path) -> None:
        path.write_text("".join(json.dumps(asdict(item)) + "\n" for item in self.items))

    @classmethod
    def read(cls, path: Path) -> Trace:
        rows = (json.loads(line) for line in path.read_text().splitlines())
        return cls(
            ItemTrace(id=row["id"], n0=row["n0"], ticks=tuple(row["ticks"]), late_ms=tuple(row["late_ms"]))
            for row in rows
        )
