"""Paged KV memory of one engine.

Legend: L layers, P pages, r rows of a page, R = P * r rows of the pool, C rows of one context, T rows of the pass,
G KV heads, d head width. KV stays fp32 whatever the dtype of the weights: fp32 attention is the faster one on CPUs.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from cluster.model.pages import PAGE_ROWS, PageTable, pages_for
from cluster.model.sequence import Segment

KEY_BLOCK = 128  # rows of one key block of deterministic attention

Reader = Callable[[int], tuple[Tensor, Tensor]]


class KvCache:
    def __init__(
        self, *, num_layers: int, kv_heads: int, head_dim: int, num_slots: int, max_rows: int, num_pages: int | None
    ) -> None:
        """`max_rows` is the longest context of a slot; without `num_pages` every slot may be that long at once."""
        num_pages = num_pages or num_slots * pages_for(max_rows)
        page = (PAGE_ROWS, kv_heads, head_dim)
        # calloc memory costs nothing before it is touched, and unwritten rows must be finite: they meet weight 0.
        # The page after the last is never handed out; it fills up what is read beyond the end of a context.
        shape = (num_layers, num_pages + 1, *page)
        self._keys_LPrGd = torch.from_numpy(np.zeros(shape, dtype=np.float32))
        self._values_LPrGd = torch.from_numpy(np.zeros(shape, dtype=np.float32))
        self._blank = num_pages
        # one context is gathered at a time, so that it is in the core's own cache when attention reads it
        longest = pages_for(max_rows + KEY_BLOCK)
        self._gathered = torch.empty(longest, *page), torch.empty(longest, *page)
        self.kv_heads = kv_heads
        self.page_bytes = 2 * 4 * num_layers * PAGE_ROWS * kv_heads * head_dim
        self.table = PageTable(num_pages)

    def places(self, segments: list[Segment]) -> Tensor:
        """Where the rows of a pass go: row index of the pool for each."""
        rows = (self.table.row_indices(segment.slot, segment.past, segment.count) for segment in segments)
        return torch.tensor(list(chain.from_iterable(rows)), dtype=torch.int64)

    def write(self, layer: int, places_T: Tensor, keys_TGd: Tensor, values_TGd: Tensor) -> None:
        self._keys_LPrGd[layer].flatten(0, 1).index_copy_(0, places_T, keys_TGd)
        self._values_LPrGd[layer].flatten(0, 1).index_copy_(0, places_T, values_TGd)

    def reader(self, slot: int, num_rows: int) -> Reader:
        """Per layer the keys [G, d, C] and values [G, C, d] of the first C = num_rows rows of a context.

        What it returns holds until the next read of any slot. `num_rows` may exceed the context by less than
        KEY_BLOCK: those rows are finite and must get weight 0.
        """
        num_pages = pages_for(num_rows)
        pages = self.table.pages(slot)[:num_pages]
        index_P = torch.tensor(pages + [self._blank] * (num_pages - len(pages)))
        keys_PrGd, values_PrGd = (scratch[:num_pages] for scratch in self._gathered)
        keys_GdC = keys_PrGd.flatten(0, 1)[:num_rows].permute(1, 2, 0)
        values_GCd = values_PrGd.flatten(0, 1)[:num_rows].transpose(0, 1)

        def read(layer: int) -> tuple[Tensor, Tensor]:
            torch.index_select(self._keys_LPrGd[layer], 0, index_P, out=keys_PrGd)
            torch.index_select(self._values_LPrGd[layer], 0, index_P, out=values_PrGd)
            return keys_GdC, values_GCd

        return read

    def context(self, slot: int, num_rows: int) -> tuple[Tensor, Tensor]:
        """A copy of a context's keys and values over all layers, each [L, num_rows, G, d]."""
        places_C = torch.tensor(self.table.row_indices(slot, 0, num_rows), dtype=torch.int64)
        return self._keys_LPrGd.flatten(1, 2)[:, places_C], self._values_LPrGd.flatten(1, 2)[:, places_C]
