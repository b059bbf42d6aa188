"""The training form, the exported checkpoint and the reference forward pass are one function."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import training.model
from cluster.media.frames import decode_frame
from cluster.media.spec import Codec, MediaSpec
from cluster.types import ContextTurn, MicroTurn
from training import layers, losses, views, vocab
from training.batches import Shape, collate, on
from training.blend import blend
from training.export import export
from training.forward import Cache, Context, Reference, Rows, lay_out, reference_logits
from training.inherit import inherit
from training.listener import Listener
from training.model import Micro, ModelConfig
from training.optim import orthogonalise, schedule
from training.sights.body import STANCE
from training.timeline import Timeline
from training.views import Cut

TINY = ModelConfig(hidden=64, width=32, audio_hidden=64, channel_dim=16, experts=4, vision_hidden=48)

MEDIA = MediaSpec.from_config({"vision": {"patch": 40, "grid": 2}, "micro_turn": {"video_in_max": 4}})


@pytest.fixture(scope="module")
def model() -> Micro:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return Micro(TINY)


@pytest.fixture(scope="module")
def checkpoint(model: Micro, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    export(model, folder)
    return folder


@pytest.fixture(scope="module")
def seeing(model: Micro, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeing")
    model.vision.trained.fill_(True)
    export(model, folder)
    model.vision.trained.fill_(False)
    return folder


def test_every_tensor_of_a_step_is_made_on_the_device_of_its_input(model: Micro) -> None:
    line, codes = conversation(pictures=(3, 6))
    row = views.view(line, codes, Cut(pins=(), start=0, stop=12), 200, frozenset())
    batch = on(collate([row, row], Shape(200, 24, 2)), torch.device("cpu"))
    with torch.device("meta"):  # what names no device is made there, and does not mix
        total, _ = losses.loss(model, batch, model(batch), losses.Weights())
    total.backward()
    assert total.device.type == "cpu" and torch.isfinite(total)
    model.zero_grad()


def conversation(pictures: tuple[int, ...] = ()) -> tuple[Timeline, np.ndarray]:
    """pictures: the micro-turns that have one."""
    line = Timeline(12, prefix=(3, 4, 5))
    rng = np.random.default_rng(1)
    line.camera = {
        k: (rng.integers(0, 256, (80, 80, 3)).astype(np.uint8), np.zeros(6, np.uint8), np.zeros(STANCE, np.float32))
        for k in pictures
    }
    line.text[2], line.out[4], line.out[5] = (20, 21), (30, 31), (1,)
    codes = np.random.default_rng(0).integers(0, 16, (120, 40)).astype(np.uint8)
    return line, codes


def context(line: Timeline, codes: np.ndarray) -> Context:
    padded = np.concatenate([np.zeros((5, 40), np.uint8), codes])
    turns = []
    for k, (since_output, since_kept) in enumerate(views.since_each(line)):
        turn = MicroTurn(k=k, audio=padded[10 * k : 10 * k + 15].tobytes(), text=line.text.get(k, ()))
        turn = replace(turn, since_output=since_output, since_kept=since_kept)
        if k in line.camera:
            data = io.BytesIO()
            Image.fromarray(line.camera[k][0]).save(data, "PNG")
            turn = replace(turn, patches=decode_frame(data.getvalue(), Codec.PNG, MEDIA), num_patches=4)
        turns.append(ContextTurn(turn=turn, out=line.out.get(k, ())))
    return Context(prefix=line.prefix, turns=tuple(turns))


@pytest.mark.parametrize(("pictures", "folder"), [((), "checkpoint"), ((), "seeing"), ((1, 2, 5, 11), "seeing")])
def test_training_and_reference_agree_on_every_logit(
    model: Micro,
    pictures: tuple[int, ...],
    folder: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (layers, training.model):  # in bf16 a near tie of the router may fall to another expert
        monkeypatch.setattr(module, "WORK", torch.float32)
    line, codes = conversation(pictures)
    row = views.view(line, codes, Cut(pins=(), start=0, stop=12), 100, frozenset())
    with torch.no_grad():
        outputs = model(collate([row], Shape(80, 40, len(pictures) and 6)))
        trained = model.lm_head(outputs.hidden_BTD)[0, : len(row.tokens_T)]
    reference = reference_logits(request.getfixturevalue(folder), context(line, codes))
    assert reference.shape == trained.shape
    torch.testing.assert_close(trained, reference, rtol=1e-3, atol=1e-3)


def test_what_sees_can_be_left_out_of_a_checkpoint(model: Micro, checkpoint: Path, tmp_path: Path) -> None:
    model.vision.trained.fill_(True)
    export(model, tmp_path, blind=True)
    model.vision.trained.fill_(False)
    assert (tmp_path / "config.json").read_text() == (checkpoint / "config.json").read_text()


def test_a_conversation_in_pieces_gives_the_logits_of_the_whole(checkpoint: Path) -> None:
    reference, whole = Reference(checkpoint), context(*conversation())
    rows, cache = lay_out(reference, whole), Cache()
    pieces = []
    for start in range(0, len(rows.positions), 7):
        cut = slice(start, start + 7)
        part = Rows(*(each[cut] for each in (rows.embeddings, rows.positions, rows.audio, rows.told)))
        pieces.append(reference.run(part, cache))
    torch.testing.assert_close(torch.cat(pieces), reference.run(rows, Cache()), rtol=1e-4, atol=1e-4)


def test_a_listener_that_is_re_anchored_goes_on_from_pins_and_the_last_half(checkpoint: Path) -> None:
    reference = Reference(checkpoint, sil_bias=100.0)
    listener = Listener(reference)
    _, codes = conversation()
    sound = codes[:15].tobytes()
    for k in range(165):
        assert listener.hear(MicroTurn(k=k, audio=sound)) == ()
    assert listener.turns_in_context == 80 + 5


def test_silence_bias_decides_between_talking_always_and_never(checkpoint: Path) -> None:
    turn = MicroTurn(k=0, audio=conversation()[1][:15].tobytes())
    assert Listener(Reference(checkpoint, sil_bias=100.0)).hear(turn) == ()
    assert len(Listener(Reference(checkpoint, sil_bias=-100.0)).hear(turn)) == 4


def test_orthogonalised_matrices_have_singular_values_near_one() -> None:
    g = torch.randn(3, 32, 64, generator=torch.Generator().manual_seed(0))
    singular = torch.linalg.svdvals(orthogonalise(g))
    assert float(singular.min()) > 0.5 and float(singular.max()) < 1.5


def test_the_learning_rate_rises_stays_and_falls_to_its_floor() -> None:
    rates = [schedule(step, warm_up=10, steps=100, decay=50, floor=0.02) for step in (4, 9, 40, 75, 100)]
    assert rates == pytest.approx([0.5, 1.0, 1.0, 0.5, 0.02])


def test_a_model_goes_on_from_a_checkpoint_word_by_word(model: Micro, checkpoint: Path, tmp_path: Path) -> None:
    older = json.loads((checkpoint / "tokenizer.json").read_text())
    words = older["model"]["vocab"]
    words["<sil>"], words["every"] = words["every"], words["<sil>"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(older))
    (tmp_path / "model.safetensors").symlink_to(checkpoint / "model.safetensors")
    heir = Micro(TINY)
    fresh = inherit(heir, tmp_path)
    assert all(name.startswith(("aux_", "vision.", "sights.")) for name in fresh)
    assert not heir.vision.trained
    assert torch.equal(heir.layers[3].mlp.gate_up, model.layers[3].mlp.gate_up)
    assert torch.equal(heir.embed_tokens[0], model.embed_tokens[vocab.TOKEN_ID["every"]])


def test_what_ships_lies_between_where_a_run_began_and_where_it_ended(model: Micro, checkpoint: Path) -> None:
    ended = Micro(TINY)
    began, end = model.layers[3].mlp.gate_up, ended.layers[3].mlp.gate_up.clone()
    unknown = ended.vision.up_proj.weight.clone()  # that checkpoint has no eyes
    blend(ended, checkpoint, own=0.75)
    assert torch.allclose(ended.layers[3].mlp.gate_up, 0.75 * end + 0.25 * began, atol=1e-6)
    assert torch.equal(ended.vision.up_proj.weight, unknown)
    blend(ended, checkpoint, own=1.0)
    assert torch.allclose(ended.layers[3].mlp.gate_up, 0.75 * end + 0.25 * began, atol=1e-6)
