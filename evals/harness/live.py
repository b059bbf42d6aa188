"""The served cluster of a run: one for the real-time parts of all its sets, started for the first of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cluster.errors import ConfigError
from evals.harness.others import Others, others
from evals.harness.realtime import Live, listen_live
from evals.harness.script import Script
from evals.harness.stages import Tell
from evals.harness.wanted import Wanted
from evals.served import DidNotServe, Served, served


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """dtype: of the cluster's weights. others: how much of the machine was not ours meanwhile."""

    live: list[Live]
    dtype: str
    others: Others


class Cluster:
    """`with Cluster(wanted, dtype) as cluster`: nothing is started before somebody wants to be heard."""

    def __init__(self, wanted: Wanted, dtype: str) -> None:
        """dtype: of the weights, as on the virtual clock."""
        self._wanted, self._dtype = wanted, dtype
        self._running = ExitStack()
        # one loop for the clients of all sets: grpc brings what is left of one through the next, and to a closed one
        # it cannot
        self._runner = self._running.enter_context(asyncio.Runner())
        self._served: Served | None = None

    def listen(self, scripts: Sequence[Script], stage: str, tell: Tell) -> Heard:
        """Raises ConfigError where nothing is served, or not until the last item ended: that measures no cluster."""
        cluster = self._served or self._start()
        with others() as beside:
            live = self._runner.run(
                listen_live(
                    cluster.target,
                    scripts,
                    sessions=self._wanted.sessions,
                    progress=lambda done, of: tell(stage, done, of),
                )
            )
        if not cluster.running():
            raise ConfigError("real time", f"the cluster ended while it was measured; its own words are in {self._log}")
        if live and all(each.failed for each in live):
            raise ConfigError("real time", f"no session was served: {live[0].failed}")
        return Heard(live=live, dtype=str(cluster.facts["dtype"]), others=beside)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @property
    def _log(self) -> Path:
        return self._wanted.out / "serve.log"

    def _start(self) -> Served:
        sessions, checkpoint = max(self._wanted.sessions, 8), self._wanted.checkpoint
        options = ("--sessions", str(sessions), "--checkpoint", str(checkpoint))
        environment = {name: value for name, value in os.environ.items() if name.startswith("COUNTERPOINT_")}
        environment["COUNTERPOINT_ENGINE__DTYPE"] = self._dtype  # not what it would choose again, and perhaps otherwise
        try:
            cluster = self._running.enter_context(served(*options, environment=environment, log=self._log))
        except DidNotServe as error:
            raise ConfigError("real time", str(error)) from None
        self._served = cluster
        return cluster
