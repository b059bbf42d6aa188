"""Paged KV memory of one engine.

Legend: L layers, R rows of the pool, C rows of one context, T rows of the pass, G KV heads, d head width.
KV stays fp32 whatever the dtype of the weights: attention reads it directly, and fp32 is the faster one on CPUs.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from cluster.model.pages import PAGE_ROWS, PageTable, pages_for
from cluster.model.sequence import Segment

Reader = Callable[[int], tuple[Tensor, Tensor]]

KEY_BLOCK = 128  # rows of one key block of deterministic attention
_GUARD_PAGES = KEY_BLOCK // PAGE_ROWS  # never handed out: a read rounded up to a block may end in them


class KvCache:
    def __init__(
        self, *, num_layers: int, kv_heads: int, head_dim: int, num_slots: int, max_rows: int, num_pages: int | None
    ) -> None:
        """`max_rows` is the longest context of a slot; without `num_pages` every slot may be that long at once."""
        lane_pages = pages_for(max_rows)
        num_pages = num_pages or num_slots * lane_pages
        shape = (num_layers, num_pages + _GUARD_PAGES, PAGE_ROWS, kv_heads, head_dim)
        # calloc memory costs nothing before it is touched, and unwritten rows must be finite: they meet weight 0
        self._keys_LRGd = torch.from_numpy(np.zeros(shape, dtype=np.float32)).flatten(1, 2)
        self._values_LRGd = torch.from_numpy(np.zeros(shape, dtype=np.float32)).flatten(1, 2)
        self._guard = num_pages
        self.kv_heads = kv_heads
        self.page_bytes = 2 * 4 * num_layers * PAGE_ROWS * kv_heads * head_dim
        self.table = PageTable(num_pages=num_pages, lane_pages=lane_pages)

    def places(self, segments: list[Segment]) -> Tensor:
        """Where the rows of a pass go: row index of the pool for each."""
        rows = (self.table.row_indices(segment.slot, segment.past, segment.count) for segment in segments)
        return torch.tensor(list(chain.from_iterable(rows)), dtype=torch.int64)

    def write(self, layer: int, places_T: Tensor, keys_TGd: Tensor, values_TGd: Tensor) -> None:
        self._keys_LRGd[layer].index_copy_(0, places_T, keys_TGd)
        self._values_LRGd[layer].index_copy_(0, places_T, values_TGd)

    def reader(self, slot: int, num_rows: int) -> Reader:
        """Per layer the keys [G, d, C] and values [G, C, d] of the first C = num_rows rows of a context.

        Views where the slot's pages are one run, gathered copies otherwise; either way read after they were written.
        `num_rows` may exceed the context by less than KEY_BLOCK: those rows are finite and must get weight 0.
        """
        pages = self.table.pages(slot)
        if self.table.is_run(slot):
            rows = slice(pages[0] * PAGE_ROWS, pages[0] * PAGE_ROWS + num_rows)
            keys_LGdC, values_LGCd = (
                self._keys_LRGd[:, rows].permute(0, 2, 3, 1),
                self._values_LRGd[:, rows].transpose(1, 2),
            )
            return lambda layer: (keys_LGdC[layer], values_LGCd[layer])
        places_C = torch.tensor(pages + [self._guard] * _GUARD_PAGES)[:, None] * PAGE_ROWS + torch.arange(PAGE_ROWS)
        places_C = places_C.flatten()[:num_rows]
        return lambda layer: (
            self._keys_LRGd[layer][places_C].permute(1, 2, 0),
            self._values_LRGd[layer][places_C].transpose(0, 1),
        )

    def context(self, slot: int, num_rows: int) -> tuple[Tensor, Tensor]:
        """A copy of a context's keys and values over all layers, each [L, num_rows, G, d]."""
        places_C = torch.tensor(self.table.row_indices(slot, 0, num_rows), dtype=torch.int64)
        return self._keys_LRGd[:, places_C], self._values_LRGd[:, places_C]
