"""Which pages of KV memory belong to which slot. Torch-free.

A page holds PAGE_ROWS rows. A context is kept in one run of neighbouring pages while there is room, because a run is
read without a copy: each context starts in an empty lane (as many pages as the longest context needs) if one is left.
"""

from __future__ import annotations

from cluster.errors import Rejected

PAGE_ROWS = 16


def pages_for(rows: int) -> int:
    return -(-rows // PAGE_ROWS)


class PageTable:
    def __init__(self, *, num_pages: int, lane_pages: int) -> None:
        self.num_pages = num_pages
        self.free_pages = num_pages
        self._lane_pages = lane_pages
        self._lane_used = [0] * (num_pages // lane_pages)
        self._used = bytearray(num_pages)
        self._pages: dict[int, list[int]] = {}
        self._broken: set[int] = set()  # slots whose pages are not one run

    def pages(self, slot: int) -> list[int]:
        return self._pages.get(slot, [])

    def is_run(self, slot: int) -> bool:
        return slot not in self._broken

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
            page = self._next_page(pages)
            if pages and page != pages[-1] + 1:
                self._broken.add(slot)
            self._take(page)
            pages.append(page)

    def release(self, slot: int) -> None:
        for page in self._pages.pop(slot, []):
            self._used[page] = 0
            self.free_pages += 1
            lane = page // self._lane_pages
            if lane < len(self._lane_used):
                self._lane_used[lane] -= 1
        self._broken.discard(slot)

    def row_indices(self, slot: int, start: int, count: int) -> list[int]:
        """Places of the context's rows start … start+count-1 in the pool."""
        pages = self._pages[slot]
        return [pages[row // PAGE_ROWS] * PAGE_ROWS + row % PAGE_ROWS for row in range(start, start + count)]

    def _next_page(self, pages: list[int]) -> int:
        if pages and pages[-1] + 1 < self.num_pages and not self._used[pages[-1] + 1]:
            return pages[-1] + 1
        if not pages and 0 in self._lane_used:
            return self._lane_used.index(0) * self._lane_pages
        return self._used.find(0)

    def _take(self, page: int) -> None:
        self._used[page] = 1
        self.free_pages -= 1
        lane = page // self._lane_pages
        if lane < len(self._lane_used):
            self._lane_used[lane] += 1
