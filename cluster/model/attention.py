"""Causal attention of each segment over its own slot's KV.

Legend: T rows of the pass, n rows of a segment, C rows of its context, H query heads, G KV heads, g = H / G query heads
per KV head, m = n * g query rows per KV head, d head width, B rows of a key block.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cluster.model.cache import KEY_BLOCK, KvCache
from cluster.model.sequence import Segment
from cluster.model.tiles import TILE_ROWS


def attend(q_THd: Tensor, layer: int, segments: list[Segment], cache: KvCache, *, deterministic: bool) -> Tensor:
    """[T, H, d]. The pass's own keys and values must already be in the cache."""
    out_THd = torch.empty_like(q_THd)
    attend_segment = _attend_in_blocks if deterministic else _attend_at_once
    q_THd = q_THd * q_THd.shape[-1] ** -0.5
    for segment in segments:
        rows = slice(segment.start, segment.start + segment.count)
        out_THd[rows] = attend_segment(q_THd[rows], layer, segment, cache)
    return out_THd


def _attend_at_once(q_nHd: Tensor, layer: int, segment: Segment, cache: KvCache) -> Tensor:
    n, past = segment.count, segment.past
    keys_CGd, values_CGd = cache.read(layer, segment.slot, past + n)
    G = keys_CGd.shape[1]
    q_Gmd = _by_kv_head(q_nHd, G)
    scores_GmC = torch.bmm(q_Gmd, keys_CGd.permute(1, 2, 0))
    if n > 1:
        future_n1n = torch.ones(n, n, dtype=torch.bool).triu_(1).unsqueeze(1)
        scores_GmC.view(G, n, -1, past + n)[..., past:].masked_fill_(future_n1n, float("-inf"))
    out_Gmd = torch.bmm(torch.softmax(scores_GmC, dim=-1), values_CGd.permute(1, 0, 2))
    return _by_token(out_Gmd, n)


def _attend_in_blocks(q_nHd: Tensor, layer: int, segment: Segment, cache: KvCache) -> Tensor:
    """Fixed query tiles and key blocks, reduced in block order: a row's bits depend on its own context alone.

    Blocks a row cannot see add exact zeros, so the longest row of a tile decides how many are read.
    """
    n, H, _ = q_nHd.shape
    G = cache.kv_heads
    tile = max(1, TILE_ROWS * G // H)
    num_blocks = -(-(segment.past + n) // KEY_BLOCK)
    keys_CGd, values_CGd = cache.read(layer, segment.slot, num_blocks * KEY_BLOCK)
    keys = keys_CGd.permute(1, 2, 0).split(KEY_BLOCK, dim=2)
    values = values_CGd.permute(1, 0, 2).split(KEY_BLOCK, dim=1)
    out_nHd = torch.empty_like(q_nHd)
    for start in range(0, n, tile):
        count = min(tile, n - start)
        q_tHd = q_nHd.new_zeros(tile, H, q_nHd.shape[-1])
        q_tHd[:count] = q_nHd[start : start + count]
        seen = segment.past + start + 1 + torch.arange(tile)
        blocks = -(-(segment.past + start + count) // KEY_BLOCK)
        out_tHd = _attend_tile(_by_kv_head(q_tHd, G), keys[:blocks], values[:blocks], seen)
        out_nHd[start : start + count] = out_tHd[:count]
    return out_nHd


def _attend_tile(q_Gmd: Tensor, keys_GdB: tuple[Tensor, ...], values_GBd: tuple[Tensor, ...], seen_t: Tensor) -> Tensor:
    """One tile; its token i sees the first seen_t[i] rows of the context."""
    tile = len(seen_t)
    scores = [torch.bmm(q_Gmd, keys) for keys in keys_GdB]
    column_B = torch.arange(KEY_BLOCK)
    for block, scores_GmB in enumerate(scores):
        if (block + 1) * KEY_BLOCK > int(seen_t[0]):
            hidden_t1B = (column_B + block * KEY_BLOCK >= seen_t[:, None]).unsqueeze(1)
            scores_GmB.view(len(scores_GmB), tile, -1, KEY_BLOCK).masked_fill_(hidden_t1B, float("-inf"))
    top_Gm1 = torch.stack([scores_GmB.amax(dim=-1, keepdim=True) for scores_GmB in scores]).amax(dim=0)
    out_Gmd, total_Gm1 = torch.zeros_like(q_Gmd), torch.zeros_like(top_Gm1)
    for scores_GmB, block_values_GBd in zip(scores, values_GBd, strict=True):
        weights_GmB = scores_GmB.sub_(top_Gm1).exp_()
        total_Gm1 += weights_GmB.sum(dim=-1, keepdim=True)
        out_Gmd += torch.bmm(weights_GmB, block_values_GBd)
    return _by_token(out_Gmd / total_Gm1, tile)


def _by_kv_head(q_nHd: Tensor, G: int) -> Tensor:
    """[G, n * g, d]: query heads that share a KV head become rows of one matmul."""
    n, H, d = q_nHd.shape
    return q_nHd.view(n, G, H // G, d).transpose(0, 1).reshape(G, n * H // G, d)


def _by_token(out_Gmd: Tensor, n: int) -> Tensor:
    G, m, d = out_Gmd.shape
    return out_Gmd.view(G, n, m // n, d).transpose(0, 1).reshape(n, G * m // n, d)
