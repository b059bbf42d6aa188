"""What the eyes begin with: spots brighter or darker than what surrounds them, and washes of colour.

From white noise, 17,000 pictures of 3,000 scenes were learned by heart sooner than anything general was learned.
Letters: F filters, X = side * side * 3 values of a patch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_LUMINANCE = np.array([0.3, 0.5, 0.2])
_CHROMA = np.array([[0.7, -0.35, -0.35], [-0.35, -0.35, 0.7]])
_SPOT_GAIN, _WASH_GAIN = 16.0, 8.0  # so that their answers to rendered patches are about 1 wide


def filters(count: int, side: int, rng: np.random.Generator) -> Floats:
    """[F, X]. A spot has a twin of the opposite sign, since what follows lets only one of them through."""
    spots = [
        (_blob(side, y, x, 1.8) - _blob(side, y, x, 4.5))[..., None] * _LUMINANCE * _SPOT_GAIN
        for y, x in _grid(side, 10)
    ]
    washes = [_blob(side, y, x, 3.5)[..., None] * way * _WASH_GAIN for y, x in _grid(side, 5) for way in _CHROMA]
    made = np.stack([each.ravel() for each in (*spots, *(-spot for spot in spots), *washes)])
    noise = rng.normal(0, 1 / np.sqrt(made.shape[1]), (max(0, count - len(made)), made.shape[1]))
    return np.concatenate([made[rng.permutation(len(made))[:count]], noise])


def _grid(side: int, cells: int) -> list[tuple[float, float]]:
    places = (np.arange(cells) + 0.5) * side / cells - 0.5
    return [(float(y), float(x)) for y in places for x in places]


def _blob(side: int, y: float, x: float, width: float) -> Floats:
    rows, columns = np.mgrid[:side, :side]
    made = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2))
    return made / made.sum()
