"""Time of the expert exchange over a fast network, fitted on published low-latency kernels.

A rank sends each (token, expert) row to the expert's rank. With nodes of eight GPUs the share f = 1 - 8/EP leaves the
node. The bytes that stay cost t_local each; those that leave cost more, and the more so the larger their share, since
every receiver is then fed by many senders at once:  t = bytes · (local + linear·f + incast·f²).
Three published sizes fix the three constants; the other three are predicted.

Source: DeepEP, low-latency kernels, H800 with 400 Gb/s InfiniBand: 128 tokens a rank, hidden 7168, top-8, 8-bit
dispatch, bf16 combine.
"""

from __future__ import annotations

from dataclasses import dataclass

NODE = 8
FLOOR_S = 15e-6  # launch and one network round, whatever the size

PUBLISHED_US = {8: (77, 114), 16: (118, 195), 32: (155, 273), 64: (173, 314), 128: (192, 369), 256: (194, 360)}
FITTED_ON = (8, 32, 128)
_TOKENS, _HIDDEN, _TOP_K = 128, 7168, 8


def dispatch_bytes(tokens: float, top_k: int, hidden: int) -> float:
    """8-bit rows with a scale per 128 numbers and 16 bytes of routing."""
    return tokens * top_k * (hidden + hidden / 32 + 16)


def combine_bytes(tokens: float, top_k: int, hidden: int) -> float:
    return tokens * top_k * 2 * hidden


def share_outside(ep: int) -> float:
    return max(0.0, 1 - NODE / ep)


@dataclass(frozen=True, slots=True)
class Curve:
    """Seconds per byte as a function of the share that leaves the node."""

    local: float
    linear: float
    incast: float

    def seconds(self, size: float, ep: int) -> float:
        f = share_outside(ep)
        return size * (self.local + self.linear * f + self.incast * f * f)


def _fit(size: float, which: int) -> Curve:
    small, middle, large = (PUBLISHED_US[ep][which] * 1e-6 / size for ep in FITTED_ON)
    f1, f2 = share_outside(FITTED_ON[1]), share_outside(FITTED_ON[2])
    slope1, slope2 = (middle - small) / f1, (large - small) / f2
    incast = (slope2 - slope1) / (f2 - f1)
    return Curve(small, slope1 - incast * f1, incast)


DISPATCH = _fit(dispatch_bytes(_TOKENS, _TOP_K, _HIDDEN), 0)
COMBINE = _fit(combine_bytes(_TOKENS, _TOP_K, _HIDDEN), 1)


def all_to_all_s(tokens: float, top_k: int, hidden: int, ep: int) -> float:
    """Dispatch and combine of one layer, `tokens` per rank. One rank exchanges nothing."""
    if ep == 1:
        return 0.0
    wire = DISPATCH.seconds(dispatch_bytes(tokens, top_k, hidden), ep)
    wire += COMBINE.seconds(combine_bytes(tokens, top_k, hidden), ep)
    return 2 * FLOOR_S + wire


def predicted_us(ep: int) -> tuple[float, float]:
    """The published case at any EP, without the floor (it is inside the published times)."""
    sizes = dispatch_bytes(_TOKENS, _TOP_K, _HIDDEN), combine_bytes(_TOKENS, _TOP_K, _HIDDEN)
    return 1e6 * DISPATCH.seconds(sizes[0], ep), 1e6 * COMBINE.seconds(sizes[1], ep)
