"""How rows meet weights: in one matmul, or in fixed row tiles whose bits do not depend on the neighbours.

Legend: T rows, K inputs, N outputs.

A BLAS picks its kernel, and so its order of summation, by the number of rows. With the row count fixed (short tiles
are padded with zeros) every row is computed by the same code on every call, wherever in the tile it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

TILE_ROWS = 16

Groups = Iterable[tuple[int, int, Tensor]]  # first row, end row, weight [N, K]


class RowMath(Protocol):
    deterministic: bool

    def linear(self, x_TK: Tensor, weight_NK: Tensor) -> Tensor:
        """[T, N]: each row times the transposed weight; T may be 0."""

    def grouped(self, x_TK: Tensor, groups: Groups, num_outputs: int) -> Tensor:
        """[T, N]: each row times the weight of its group; the groups cover the rows."""


class Whole:
    """One matmul for all rows: fastest, bits depend on T."""

    deterministic = False

    def linear(self, x_TK: Tensor, weight_NK: Tensor) -> Tensor:
        return linear(x_TK, weight_NK)

    def grouped(self, x_TK: Tensor, groups: Groups, num_outputs: int) -> Tensor:
        y_TN = x_TK.new_empty(x_TK.shape[0], num_outputs)
        for start, stop, weight_NK in groups:
            torch.mm(x_TK[start:stop], weight_NK.t(), out=y_TN[start:stop])
        return y_TN


class Tiled:
    """One matmul per tile of TILE_ROWS rows: bits of a row depend on that row alone."""

    deterministic = True

    def linear(self, x_TK: Tensor, weight_NK: Tensor) -> Tensor:
        T = x_TK.shape[0]
        short = -T % TILE_ROWS
        x_PK = pad(x_TK, (0, 0, 0, short)) if short else x_TK.contiguous()
        y_PN = x_PK.new_empty(T + short, weight_NK.shape[0])
        weight_KN = weight_NK.t()
        for start in range(0, T, TILE_ROWS):
            stop = start + TILE_ROWS
            torch.mm(x_PK[start:stop], weight_KN, out=y_PN[start:stop])
        return y_PN[:T]

    def grouped(self, x_TK: Tensor, groups: Groups, num_outputs: int) -> Tensor:
        y_TN = x_TK.new_empty(x_TK.shape[0], num_outputs)
        for start, stop, weight_NK in groups:
            y_TN[start:stop] = self.linear(x_TK[start:stop], weight_NK)
        return y_TN


def row_math(deterministic: bool) -> RowMath:
    return Tiled() if deterministic else Whole()
