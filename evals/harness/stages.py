"""How far a run is: a bar for each stage as it comes, and a line with its minutes once it is over."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress, TaskID

Tell = Callable[[str, int, int], None]  # stage, done, of


class Stages:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(console=console, transient=True)
        self._begun: dict[str, tuple[TaskID, float]] = {}

    def tell(self, stage: str, done: int, of: int) -> None:
        if stage not in self._begun:
            self._begun[stage] = (self._progress.add_task(stage, total=of), time.monotonic())
        task, since = self._begun[stage]
        self._progress.update(task, completed=done)
        if done >= of:
            del self._begun[stage]
            self._progress.remove_task(task)
            self._console.print(f"[dim]{stage}: {of} in {(time.monotonic() - since) / 60:.1f} min[/]")

    def __enter__(self) -> Stages:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
