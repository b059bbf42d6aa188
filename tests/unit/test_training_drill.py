"""Drills: in each something is due or was ended, and all that is needed for it stands in the row."""

from __future__ import annotations

import numpy as np

from cluster.model.since import SIZE
from training import vocab
from training.batches import collate
from training.drill import DRILL, TAIL, drill_view

SEEDS = range(60)


def test_a_drill_is_typed_and_fits_its_shape() -> None:
    rows = [drill_view(np.random.default_rng(seed)) for seed in SEEDS]
    assert collate(rows, DRILL).tokens_BT.shape == (len(rows), DRILL.tokens)
    assert all(not len(row.words_W) for row in rows)
    assert all(len(row.audio_at_A) <= DRILL.audio for row in rows)


def test_nearly_every_drill_shows_an_answer_that_was_due_and_how_long_ago_it_was_asked_for() -> None:
    answered, far = 0, 0
    for seed in SEEDS:
        row = drill_view(np.random.default_rng(seed))
        said = [target for target in row.targets_T.tolist() if target >= len(vocab.SPECIAL) + len(vocab.RESERVED)]
        answered += bool(said)
        long_ago = row.since_AX[:, SIZE + 21 : SIZE + 27].any()  # twenty seconds or more since the request
        far += bool(said) and bool(long_ago)
        assert len(row.aux_at_K) <= TAIL
    assert answered > 0.8 * len(SEEDS)
    assert far > 0.2 * len(SEEDS)
