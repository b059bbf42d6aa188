"""Who used how much: one line in the file of its tenant for each session that ended, and nothing of what was said."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from actors.scheduler_journal import HistoryFiles
from cluster.runtime import Effects, SchedulerCore
from cluster.session.state import Session
from cluster.telemetry.metrics import Metrics
from cluster.types import MICRO_TURN_MS


class Usage:
    """Told when a session writes its last record, by the owner it has then: a session counts once, whoever held it."""

    def __init__(self, folder: Path, metrics: Metrics) -> None:
        self._files = HistoryFiles(folder, metrics)
        self._ending: set[str] = set()  # told already; a store that is away has the last record written again

    def note(self, effects: Effects, core: SchedulerCore) -> None:
        for write in effects.journal:
            if write.last and write.session not in self._ending:
                self._ending.add(write.session)
                self.put(core.session(write.session))
        self._ending.difference_update(effects.ended)

    def put(self, state: Session) -> None:
        self._files.put(((state.terms.tenant, _line(state)),))

    async def run(self) -> None:
        await self._files.run()

    def flush(self) -> None:
        self._files.flush()


def _line(state: Session) -> bytes:
    terms, micro_turns = state.terms, state.answered_k + 1
    began = datetime.fromtimestamp(terms.unix_epoch_ns / 1e9, UTC).isoformat() if terms.unix_epoch_ns else ""
    used = {
        "tenant": terms.tenant,
        "session": terms.session,
        "tier": terms.tier,
        "lockstep": terms.lockstep,
        "began": began,
        "micro_turns": micro_turns,
        "seconds": micro_turns * MICRO_TURN_MS / 1000,
    }
    return json.dumps(used).encode()
