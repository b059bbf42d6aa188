"""What training tells a micro-turn of the session's past is what the server tells it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.since import since_features
from cluster.session.context import open_context
from cluster.session.limits import CheckpointLimits, ControlTokens, SessionRules
from cluster.session.outcome import enter
from cluster.session.since import told_since
from cluster.session.terms import Terms
from cluster.types import ContextTurn, MicroTurn
from training import losses, views, vocab
from training.batches import collate
from training.drill import DRILL, drill_view
from training.listener import Past
from training.model import Micro, ModelConfig
from training.timeline import Timeline
from training.views import Cut

TINY = ModelConfig(hidden=64, width=32, audio_hidden=64, channel_dim=16, experts=4, vision_hidden=48)
KEPT, RELEASED = (vocab.TOKEN_ID[vocab.KEEP],), (vocab.TOKEN_ID[vocab.RELEASE],)
LIMITS = CheckpointLimits(pins_max=1000, tokens=ControlTokens(keep=KEPT[0], release=RELEASED[0]))
TERMS = cast(Terms, SimpleNamespace(limits=LIMITS, rules=SessionRules()))  # all that entering a context looks at


@settings(deadline=None)
@given(st.lists(st.sampled_from([(), (), (), (90,), KEPT, RELEASED]), min_size=1, max_size=60))
def test_training_tells_each_micro_turn_what_the_server_would(outs: list[tuple[int, ...]]) -> None:
    line = Timeline(len(outs), out={k: ids for k, ids in enumerate(outs) if ids})
    context, served = open_context(0, 1, ()), []
    for k, ids in enumerate(outs):
        (turn,) = told_since([MicroTurn(k=k)], context.tail, context.pins)
        served.append((turn.since_output, turn.since_kept))
        context, _ = enter(context, TERMS, ContextTurn(turn=turn, out=ids))
    assert views.since_each(line) == served


def test_a_view_from_mid_session_counts_from_what_lies_before_it() -> None:
    line = Timeline(100, out={10: KEPT, 30: (90,)})
    line.finish()
    cut = Cut(pins=(9, 10), start=50, stop=52, k_offset=1000)
    row = views.view(line, np.zeros((1000, 40), np.uint8), cut, 100, frozenset())
    told = [(10, 0), (11, 0), (20, 40), (21, 41)]
    assert row.since_AX.tolist() == [since_features(each) for each in told for _ in range(2)]


@settings(deadline=None)
@given(st.lists(st.sampled_from([(), (), (), (90,), KEPT, RELEASED]), min_size=1, max_size=60))
def test_conversations_side_by_side_are_told_the_same(outs: list[tuple[int, ...]]) -> None:
    line = Timeline(len(outs), out={k: ids for k, ids in enumerate(outs) if ids})
    past, told = Past(), []
    for k, ids in enumerate(outs):
        turn = past.tell(MicroTurn(k=k))
        told.append((turn.since_output, turn.since_kept))
        past.enter(ids)
    assert views.since_each(line) == told


def test_how_long_ago_begins_as_the_words_of_its_digits() -> None:
    torch.manual_seed(0)
    model = Micro(TINY)
    told_D = model.since.detach() @ torch.tensor(since_features((5 * 27, 5 * 12)))
    words = {word: model.embed_tokens[vocab.TOKEN_ID[word]].detach() for word in (*vocab.NUMBERS, "twenty", "thirty")}
    near = sorted(words, key=lambda word: -float(torch.cosine_similarity(told_D, words[word], dim=0)))
    assert set(near[:3]) == {"twenty", "seven", "twelve"}


def test_a_drill_teaches_nothing_to_what_hears() -> None:
    torch.manual_seed(0)
    model = Micro(TINY)
    batch = collate([drill_view(np.random.default_rng(seed)) for seed in range(2)], DRILL)
    total, _ = losses.loss(model, batch, model(batch, hears=False), losses.Weights())
    total.backward()
    ears = [*model.audio.parameters(), *model.ctc.parameters(), *model.layers[: TINY.ctc_layer].parameters()]
    assert all(each.grad is None for each in ears)
    assert model.since.grad is not None and float(model.since.grad.abs().sum()) > 0
