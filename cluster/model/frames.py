"""Tensors as they cross a process border."""

from __future__ import annotations

import torch
from torch import Tensor

from cluster.model.weights import TORCH_DTYPES
from cluster.types import DTYPE_BYTES, Dtype, TensorFrame

_NAMES = {dtype: name for name, dtype in TORCH_DTYPES.items()}


def to_frame(tensor: Tensor) -> TensorFrame:
    """A frame that shares the tensor's memory: the tensor must not change until the frame was sent."""
    data = memoryview(tensor.contiguous().flatten().view(torch.uint8).numpy())
    return TensorFrame(_NAMES[tensor.dtype], tuple(tensor.shape), data)


def from_frame(frame: TensorFrame) -> Tensor:
    """An owned tensor. Raises ValueError if the bytes do not fit the shape."""
    expected = DTYPE_BYTES[Dtype(frame.dtype)]
    for size in frame.shape:
        expected *= size
    if len(frame.data) != expected:
        raise ValueError(f"data: has {len(frame.data)} bytes, {frame.dtype} {frame.shape} implies {expected}")
    if not expected:
        return torch.empty(frame.shape, dtype=TORCH_DTYPES[frame.dtype])
    return torch.frombuffer(bytearray(frame.data), dtype=TORCH_DTYPES[frame.dtype]).view(frame.shape)
