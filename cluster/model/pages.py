"""Which pages of KV memory belong to which slot. Torch-free."""

from __future__ import annotations

from cluster.errors import Rejected

PAGE_ROWS = 16


def pages_for(rows: int) -> int:
    return -(-rows // PAGE_ROWS)


class PageTable:
    """Hands out pages, the most recently freed first: memory that was never needed is never touched.

    A slot begins at a multiple of `run` pages and grows by neighbours while they are free, so that its context lies in
    one piece wherever there is memory for `run` pages a slot.
    """

    def __init__(self, num_pages: int, run: int = 1) -> None:
        self.num_pages, self._run = num_pages, run
        self._free = dict.fromkeys(range(num_pages - 1, -1, -1))  # the last one goes first
        self._homes = list(range(num_pages - num_pages % run - run, -1, -run))
        self._pages: dict[int, list[int]] = {}
        self._scattered: set[int] = set()  # slots whose pages are not one run

    @property
    def free_pages(self) -> int:
        return len(self._free)

    def pages(self, slot: int) -> list[int]:
        return self._pages.get(slot, [])

    def check_room(self, demand: dict[int, int], released: set[int]) -> None:
        """Raises Rejected unless each slot can hold its number of rows once the released slots are given back."""
        free = self.free_pages + sum(len(self.pages(slot)) for slot in released)
        held = {slot: 0 if slot in released else len(self.pages(slot)) for slot in demand}
        missing = sum(max(0, pages_for(rows) - held[slot]) for slot, rows in demand.items())
        if missing > free:
            raise Rejected(
                "num_pages",
                f"{missing} more KV pages are needed, {free} of {self.num_pages} are free; "
                "admit fewer sessions or start the engine with more pages",
            )

    def reserve(self, slot: int, rows: int) -> None:
        """Give the slot room for `rows` rows in all, for which check_room has spoken."""
        pages = self._pages.setdefault(slot, [])
        for _ in range(pages_for(rows) - len(pages)):
            wanted = pages[-1] + 1 if pages else self._home()
            if wanted in self._free:
                del self._free[wanted]
            else:
                wanted, _ = self._free.popitem()
                if pages:
                    self._scattered.add(slot)
            pages.append(wanted)

    def release(self, slot: int) -> None:
        pages = self._pages.pop(slot, [])
        self._free.update(dict.fromkeys(reversed(pages)))
        self._scattered.discard(slot)
        if pages and pages[0] % self._run == 0:
            self._homes.append(pages[0])

    def first_of_run(self, slot: int) -> int | None:
        """The first page of a slot whose pages follow each other; None where they do not, or there are none."""
        pages = self._pages.get(slot)
        return pages[0] if pages and slot not in self._scattered else None

    def _home(self) -> int:
        """A free place to begin at; -1 if there is none."""
        while self._homes:
            home = self._homes.pop()
            if home in self._free:
                return home
        return -1

    def row_indices(self, slot: int, start: int, count: int) -> list[int]:
        """Places of the context's rows start … start+count-1 in the pool."""
        pages = self._pages[slot]
        return [pages[row // PAGE_ROWS] * PAGE_ROWS + row % PAGE_ROWS for row in range(start, start + count)]
