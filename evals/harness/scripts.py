"""The scripts of a set, made when they are run: all films of a set, decoded, would be most of a gigabyte."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from evals.harness.script import Script, script_of, turns_of
from evals.items import Item

KEPT_BYTES = 256 << 20  # of scripts that were made and may be asked for again


class Scripted(Protocol):
    """An item as those who run many see it: how long it is before its media are read."""

    @property
    def id(self) -> str: ...
    @property
    def turns(self) -> int: ...
    def open(self) -> Script: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A `Scripted` whose media lie in files."""

    id: str
    turns: int
    make: Callable[[], Script]

    def open(self) -> Script:
        """Raises ConfigError naming the item and the file that cannot be read."""
        return self.make()


class Scripts:
    """Those that were opened last stay open: what runs an item again soon after decodes nothing."""

    def __init__(self, *, side: int, kept_bytes: int = KEPT_BYTES) -> None:
        """side: as in `script_of`."""
        self._side, self._room = side, kept_bytes
        self._open: OrderedDict[tuple[Path, str], Script] = OrderedDict()

    def of(self, folder: Path, items: Iterable[Item]) -> list[Closed]:
        """folder: of the set."""
        return [Closed(id=item.id, turns=turns_of(item), make=partial(self._script, folder, item)) for item in items]

    def _script(self, folder: Path, item: Item) -> Script:
        script = self._open.pop((folder, item.id), None)
        if script is None:
            script = script_of(item, folder, side=self._side)
            self._room -= script.size
        self._open[folder, item.id] = script
        while self._room < 0 and len(self._open) > 1:
            self._room += self._open.popitem(last=False)[1].size
        return script
