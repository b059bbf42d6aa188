"""Paged KV memory of one engine.

Legend: L layers, P pages, R rows of the pool, C rows of one context, T rows of the pass, G KV heads, d head width.
KV stays fp32 whatever the dtype of the weights: attention reads it directly, and fp32 is the faster one on CPUs.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
import torch
from torch import Tensor

from cluster.model.pages import PAGE_ROWS, PageTable, pages_for
from cluster.model.sequence import Segment

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
        self._keys_LPrGd = torch.from_numpy(np.zeros(shape, dtype=np.float32))
        self._values_LPrGd = torch.from_numpy(np.zeros(shape, dtype=np.float32))
        self._keys_LRGd = self._keys_LPrGd.flatten(1, 2)
        self._values_LRGd = self._values_LPrGd.flatten(1, 2)
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

    def read(self, layer: int, slot: int, num_rows: int) -> tuple[Tensor, Tensor]:
        """Keys and values, each [num_rows, G, d], in context order; a view where the slot's pages are one run.

        `num_rows` may exceed the context by less than KEY_BLOCK: those rows are finite and must get weight 0.
        """
        pages = self.table.pages(slot)
        if self.table.is_run(slot):
            rows = slice(pages[0] * PAGE_ROWS, pages[0] * PAGE_ROWS + num_rows)
            return self._keys_LRGd[layer, rows], self._values_LRGd[layer, rows]
        wanted = pages_for(num_rows)
        index = torch.tensor((pages + [self._guard] * _GUARD_PAGES)[:wanted])
        keys, values = (
            pool[layer].index_select(0, index).flatten(0, 1) for pool in (self._keys_LPrGd, self._values_LPrGd)
        )
        return keys[:num_rows], values[:num_rows]

    def context(self, slot: int, num_rows: int) -> tuple[Tensor, Tensor]:
        """A copy of a context's keys and values over all layers, each [L, num_rows, G, d]."""
        layers = [self.read(layer, slot, num_rows) for layer in range(self._keys_LRGd.shape[0])]
        return torch.stack([keys for keys, _ in layers]), torch.stack([values for _, values in layers])
