"""The probe counts how evenly the router of a checkpoint spreads its tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from training.expert_load import CountingBank
from training.together import listen_together

SHIPPED = Path("models/counterpoint-micro")


def test_every_row_of_a_conversation_is_counted_in_every_layer() -> None:
    torch.set_num_threads(1)
    bank = CountingBank(SHIPPED)
    sound = np.random.default_rng(0).normal(0, 0.01, 16000).astype(np.float32)
    said = listen_together(bank, [sound, sound])
    turns = 5
    emitted = sum(len(each.words.split()) + len(each.events) for conversation in said for each in conversation)
    rows = 2 * (2 * turns + turns - 1) + emitted  # two of sound, and the silence that closed the turn before
    choosing = 2 * turns + emitted  # the last layer runs only the rows at which a token is chosen
    assert bank.rows_LE.sum(axis=1).tolist() == [2 * rows] * (bank.num_layers - 1) + [2 * choosing]


def test_an_even_share_is_one() -> None:
    bank = CountingBank(SHIPPED)
    bank.rows_LE[:] = 10
    bank.rows_LE[0, :2] = 15, 5
    told = bank.report()
    assert told["busiest"] == pytest.approx([1.5, *[1.0] * (bank.num_layers - 1)])
    assert told["idlest"] == pytest.approx([0.5, *[1.0] * (bank.num_layers - 1)])
