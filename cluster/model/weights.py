"""Reads a checkpoint's tensors by name, so that each owner reads only what it owns."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from cluster.errors import ConfigError
from cluster.model.config import ModelConfig, load_config
from cluster.model.names import Shape, trunk_tensors
from cluster.types import Dtype

TORCH_DTYPES = {Dtype.F32: torch.float32, Dtype.BF16: torch.bfloat16, Dtype.I32: torch.int32, Dtype.U8: torch.uint8}


class Checkpoint:
    """A checkpoint folder. Nothing is read before it is asked for; every tensor returned is an owned copy."""

    def __init__(self, checkpoint_dir: Path) -> None:
        self.dir = Path(checkpoint_dir)
        self.config: ModelConfig = load_config(self.dir)
        self._path = self.dir / "model.safetensors"
        if not self._path.is_file():
            raise ConfigError("checkpoint_dir", f"no model.safetensors in {self.dir}")
        self._file = safe_open(self._path, framework="pt")

    def tensor(self, name: str, shape: Shape, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Raises ConfigError if the tensor is missing or its shape is not what config.json implies."""
        try:
            tensor = self._file.get_tensor(name)
        except SafetensorError:
            raise ConfigError(f"model.safetensors.{name}", "is missing; export the checkpoint again") from None
        if tuple(tensor.shape) != shape:
            raise ConfigError(
                f"model.safetensors.{name}", f"has shape {tuple(tensor.shape)}, config.json implies {shape}"
            )
        # a copy owns aligned memory: matmul kernels may round differently on unaligned, memory-mapped weights
        return tensor.to(dtype, copy=True).contiguous()

    def trunk(self) -> dict[str, torch.Tensor]:
        """Everything but the experts, in fp32."""
        return {name: self.tensor(name, shape) for name, shape in trunk_tensors(self.config)}

    def sha256(self) -> str:
        """Hash of the weights and of the config that gives them meaning."""
        digest = hashlib.sha256((self.dir / "config.json").read_bytes())
        with self._path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
