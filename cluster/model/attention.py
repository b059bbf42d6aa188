"""Causal attention of each segment over its own slot's KV.

Legend: T rows of the pass, H query heads, G KV heads, g = H / G query heads per KV head, M = T * g query rows per KV
head, m of them in one piece, d head width, C rows of a context, B = KEY_BLOCK.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from cluster.model.cache import KEY_BLOCK, KvCache
from cluster.model.sequence import Segment
from cluster.model.tiles import TILE_ROWS


class Attention:
    """Planned once for the segments of a pass, called once per layer, after the pass's keys and values were written.

    Queries come scaled.
    """

    def __init__(self, segments: list[Segment], cache: KvCache, heads_per_kv: int, *, deterministic: bool) -> None:
        self._group, self._kv_heads = heads_per_kv, cache.kv_heads
        piece = _Tiled if deterministic else _Whole
        self._pieces = [piece(segment, cache, heads_per_kv) for segment in segments]
        self._sizes = [segment.count * heads_per_kv for segment in segments]

    def __call__(self, layer: int, q_THd: Tensor) -> Tensor:
        """[T, H, d]; every row of the pass belongs to a segment, in their order."""
        T, H, d = q_THd.shape
        if not self._pieces:
            return q_THd
        # query heads that share a KV head become rows of one matmul
        q_GMd = q_THd.view(T, self._kv_heads, self._group, d).transpose(0, 1).reshape(self._kv_heads, -1, d)
        queries = q_GMd.split(self._sizes, dim=1)
        mixed = [piece.attend(layer, q_Gmd) for piece, q_Gmd in zip(self._pieces, queries, strict=True)]
        out_GMd = torch.cat(mixed, dim=1)
        return out_GMd.view(self._kv_heads, T, self._group, d).transpose(0, 1).reshape(T, H, d)


class _Whole:
    """A whole segment at once: fastest, bits depend on its length."""

    def __init__(self, segment: Segment, cache: KvCache, group: int) -> None:
        self._past = segment.past
        self._read = cache.reader(segment.slot, segment.past + segment.count)
        self._future_mn = _future(segment.count, group) if segment.count > 1 else None

    def attend(self, layer: int, q_Gmd: Tensor) -> Tensor:
        keys_GdC, values_GCd = self._read(layer)
        scores_GmC = torch.bmm(q_Gmd, keys_GdC)
        if self._future_mn is not None:
            scores_GmC[:, :, self._past :].masked_fill_(self._future_mn, float("-inf"))
        return torch.bmm(torch.softmax(scores_GmC, dim=-1), values_GCd)


class _Tiled:
    """A segment in tiles of TILE_ROWS query rows against fixed key blocks: a row's bits depend on its context alone."""

    def __init__(self, segment: Segment, cache: KvCache, group: int) -> None:
        tile = max(1, TILE_ROWS // group)
        self._tiles = [_Tile(segment, group, first, tile) for first in range(0, segment.count, tile)]
        self._read = cache.reader(segment.slot, self._tiles[-1].num_columns)

    def attend(self, layer: int, q_Gmd: Tensor) -> Tensor:
        keys_GdC, values_GCd = self._read(layer)
        keys, values = keys_GdC.split(KEY_BLOCK, dim=2), values_GCd.split(KEY_BLOCK, dim=1)
        return torch.cat([tile.attend(q_Gmd, keys, values) for tile in self._tiles], dim=1)


class _Tile:
    """One query tile, reduced over key blocks in block order.

    A block that a row cannot see adds exact zeros, so the tile reads as many blocks as its longest row needs.
    """

    def __init__(self, segment: Segment, group: int, first: int, tile: int) -> None:
        count = min(tile, segment.count - first)
        self._rows = slice(first * group, (first + count) * group)  # of the segment's queries
        self._num_rows, self._tile_rows = count * group, tile * group
        seen = segment.past + first + 1  # rows of the context that the tile's first token sees
        self._num_blocks = -(-(seen + count - 1) // KEY_BLOCK)
        self.num_columns = self._num_blocks * KEY_BLOCK
        self._open = seen // KEY_BLOCK * KEY_BLOCK  # columns of the blocks that every row of the tile sees whole
        seen_m1 = torch.arange(seen, seen + tile).repeat_interleave(group)[:, None]
        self._hidden_mC = torch.arange(self._open, self.num_columns) >= seen_m1

    def attend(self, q_GMd: Tensor, keys: Sequence[Tensor], values: Sequence[Tensor]) -> Tensor:
        """`keys` and `values` are the blocks of the context: [G, d, B] and [G, B, d] each."""
        q_Gmd = q_GMd.new_zeros(q_GMd.shape[0], self._tile_rows, q_GMd.shape[2])
        q_Gmd[:, : self._num_rows] = q_GMd[:, self._rows]
        scores_GmC = torch.cat([torch.bmm(q_Gmd, keys_GdB) for keys_GdB in keys[: self._num_blocks]], dim=2)
        scores_GmC[:, :, self._open :].masked_fill_(self._hidden_mC, float("-inf"))
        weights_GmC = scores_GmC.sub_(scores_GmC.amax(dim=-1, keepdim=True)).exp_()
        sums_Gmb = weights_GmC.unflatten(-1, (-1, KEY_BLOCK)).sum(dim=-1)
        total_Gm1 = sums_Gmb.cumsum(dim=-1)[:, :, -1:]  # cumsum adds in block order, whatever their number
        mixed_Gmd = torch.zeros_like(q_Gmd)
        for weights_GmB, values_GBd in zip(weights_GmC.split(KEY_BLOCK, dim=2), values, strict=False):
            mixed_Gmd += torch.bmm(weights_GmB, values_GBd)
        return (mixed_Gmd / total_Gm1)[:, : self._num_rows]


@lru_cache(maxsize=128)
def _future(count: int, group: int) -> Tensor:
    """[count * group, count]: rows appended together do not see the ones after them."""
    return torch.ones(count, count, dtype=torch.bool).triu_(1).repeat_interleave(group, dim=0)
