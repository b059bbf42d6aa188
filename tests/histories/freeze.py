"""Write the history of a transcript: python tests/histories/freeze.py SCENARIO.

Frozen histories stay as they are when the code changes; new behaviour gets a new file. They must replay for ever, or
until a new version of the format says otherwise.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "unit")]

from core_rig import Rig  # noqa: E402 - found through the path above
from test_session_scenarios import RULES, act  # noqa: E402 - as above


async def history_of(text: str) -> list[bytes]:
    rig = Rig(rules=RULES, keep_history=True)
    for line in text.splitlines():
        if line.startswith("> "):
            await act(rig, line[2:])
    return rig.history["s"]


if __name__ == "__main__":
    name = sys.argv[1]
    lines = asyncio.run(history_of((HERE.parent / "scenarios" / f"{name}.txt").read_text()))
    (HERE / f"{name}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
