"""`python -m training.export`: a training state as a checkpoint folder that the engine loads.

Helper heads are dropped and the experts are cut apart, one tensor each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch import Tensor

from cluster.model import config as served
from cluster.model.names import all_tensors
from training import vocab
from training.inherit import adopt
from training.model import Micro, ModelConfig
from training.train import RUN
from training.views import GRID, PATCH, PATCHES

CHECKPOINT = Path("models/counterpoint-micro")
_HELPERS = ("aux_", "sights.")


def served_config(c: ModelConfig, sil_bias: float, sees: bool) -> served.ModelConfig:
    return served.ModelConfig(
        hidden_size=c.hidden,
        num_hidden_layers=c.layers,
        num_attention_heads=c.heads,
        num_key_value_heads=c.kv_heads,
        head_dim=c.head_dim,
        num_experts=c.experts,
        num_experts_per_tok=c.top_k,
        moe_intermediate_size=c.width,
        vocab_size=c.vocab,
        rms_norm_eps=c.eps,
        rope_theta=c.theta,
        audio=served.Audio(channel_dim=c.channel_dim, hidden=c.audio_hidden),
        vision=served.Vision(patch=PATCH, grid=GRID, hidden=c.vision_hidden) if sees else None,
        micro_turn=served.MicroTurnLimits(video_in_max=PATCHES if sees else 0),
        ctc=served.Ctc(layer=c.ctc_layer),
        elapsed=served.Elapsed(periods=c.periods),
        since=served.Since(layer=c.ctc_layer),
        sampling=served.Sampling(sil_bias=sil_bias),
        torch_dtype="float32",
    )


def served_tensors(model: Micro, sees: bool) -> dict[str, Tensor]:
    """The weights under the names of the contract."""
    state = {name: tensor.detach().float() for name, tensor in model.state_dict().items()}
    state.pop("vision.trained")
    if not sees:
        state = {name: tensor for name, tensor in state.items() if not name.startswith("vision.")}
    return {name: tensor.contiguous() for name, tensor in _renamed(state)}


def _renamed(state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in state.items():
        if name.startswith(_HELPERS):
            continue
        if name.endswith("mlp.gate_up"):
            for expert, (gate_ID, up_ID) in enumerate(tensor):
                prefix = f"model.{name.removesuffix('gate_up')}experts.{expert}."
                yield prefix + "gate_proj.weight", gate_ID
                yield prefix + "up_proj.weight", up_ID
        elif name.endswith("mlp.down"):
            for expert, down_DI in enumerate(tensor):
                yield f"model.{name.removesuffix('down')}experts.{expert}.down_proj.weight", down_DI
        elif name in ("embed_tokens", "audio.channel_embed", "since"):
            yield f"model.{name}.weight", tensor
        else:
            yield name if name.startswith("lm_head") else f"model.{name}", tensor


def export(model: Micro, folder: Path, sil_bias: float = 0.0, blind: bool = False) -> None:
    """Writes config.json, model.safetensors and tokenizer.json; without what sees if never trained, or if `blind`.

    Raises ValueError when a tensor does not fit.
    """
    sees = bool(model.vision.trained) and not blind
    config, tensors = served_config(model.c, sil_bias, sees), served_tensors(model, sees)
    wanted = {name: tuple(shape) for name, shape in all_tensors(config)}
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if wanted != given:
        raise ValueError(f"model.safetensors: differs from the contract in {sorted(wanted.items() ^ given.items())}")
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(served.dump_config(config))
    tokenizer = Tokenizer(WordLevel(vocab.TOKEN_ID, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))


def load(run: Path) -> Micro:
    """The model of a training run so far, its weights averaged; random weights where there is none."""
    torch.manual_seed(0)
    model = Micro(ModelConfig())
    if (run / "last.pt").exists():
        state = torch.load(run / "last.pt", weights_only=True)
        adopt(model, state["model"] | state["average"])  # whether it sees is no weight, and only in the first
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=RUN)
    parser.add_argument("--out", type=Path, required=True, help="not the shipped folder: `training.run` blends first")
    parser.add_argument("--sil-bias", type=float, default=0.0, help="added to the logit of silence")
    parser.add_argument("--blind", action="store_true", help="leave out what sees, where that is not good enough")
    args = parser.parse_args()
    export(load(args.run), args.out, args.sil_bias, args.blind)


if __name__ == "__main__":
    main()
