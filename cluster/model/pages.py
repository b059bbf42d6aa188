"""Which pages of KV memory belong to which slot. Torch-free."""

from __future__ import annotations

from cluster.errors import Rejected

PAGE_ROWS = 16


def pages_for(rows: int) -> int:
    return -(-rows // PAGE_ROWS)


class PageTable:
    """Hands out pages, the most recently freed first: memory that was never needed is never touched."""

    def __init__(self, num_pages: int) -> None:
        self.num_pages = num_pages
        self._free = list(range(num_pages - 1, -1, -1))
        self._pages: dict[int, list[int]] = {}

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
            pages.append(self._free.pop())

    def release(self, slot: int) -> None:
        self._free.extend(reversed(self._pages.pop(slot, [])))

    def row_indices(self, slot: int, start: int, count: int) -> list[int]:
        """Places of the context's rows start … start+count-1 in the pool."""
        pages = self._pages[slot]
        return [pages[row // PAGE_ROWS] * PAGE_ROWS + row % PAGE_ROWS for row in range(start, start + count)]
