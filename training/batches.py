"""Random rows, padded to one shape, as tensors. Letters as in `views`, with B rows.

A batch without pictures has none of their columns.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch

from cluster.model.since import SIZE
from training import standing, views
from training.mixing import Room, render
from training.script import Pool, Script
from training.timeline import FRAMES_PER_TURN, Placed, Timeline

WORDS = 200
DENSE_TURNS = 80
SHORT_TURNS = 56
EARLY, LATE = 0.06, 0.12  # shares of answers that are forced to be one micro-turn off
DETACHED = 0.1  # share of conversations with a gap
TRUNCATED = 0.06  # share of longer answers whose further passes are withheld


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a batch are padded to."""

    tokens: int
    audio: int
    pictures: int = 0


CONVERSATION = Shape(512, 2 * 170)
SHORT = Shape(184, 2 * SHORT_TURNS)
DENSE = Shape(3 * DENSE_TURNS, 2 * DENSE_TURNS)


@dataclass(slots=True, kw_only=True)
class Batch:
    """audio_at_BA points at the spare column T where there is no audio token."""

    tokens_BT: torch.Tensor
    positions_BT: torch.Tensor
    targets_BT: torch.Tensor
    audio_at_BA: torch.Tensor
    elapsed_BA: torch.Tensor
    since_BAX: torch.Tensor  # what of `cluster.model.since` is 1
    frames_BALC: torch.Tensor
    aux_at_N2: torch.Tensor  # row and column
    aux_NH: torch.Tensor  # columns as in `training.standing`
    spans: dict[str, torch.Tensor]  # of `standing.SPANS` as shares, [N, L]; zeros where there is none
    asked_N: torch.Tensor
    patch_at_BP: torch.Tensor  # as audio_at, of every patch
    patches_BPX: torch.Tensor
    shown_at_N2: torch.Tensor  # row and column of the last patch of each picture
    track_NS: torch.Tensor
    stance_NQ: torch.Tensor
    words_BW: torch.Tensor
    num_audio_B: torch.Tensor
    num_words_B: torch.Tensor


def on(batch: Batch, device: torch.device) -> Batch:
    """The same batch there."""
    moved = {each.name: getattr(batch, each.name) for each in fields(batch)}
    spans = {name: span_NL.to(device) for name, span_NL in moved.pop("spans").items()}
    return Batch(spans=spans, **{name: tensor.to(device) for name, tensor in moved.items()})


def random_view(rng: np.random.Generator, pool: Pool) -> views.View:
    whole = rng.random() < 0.5
    turns = 176 if whole else int(rng.integers(240, 440))
    line = Script(rng, pool, turns).write()
    mute = views.coalesce(rng, line, 0.015 if rng.random() < 0.5 else 0.0, behind=0.08)
    mute |= views.mistime(rng, line, EARLY, LATE)
    cut_short = views.truncate(rng, line, TRUNCATED)
    codes = render(rng, line, Room())
    cut = views.choose_cut(rng, line, whole_share=0.2, due_share=0.4)
    if rng.random() < DETACHED:
        cut = views.detach(rng, line, cut, codes)
    return views.view(line, codes, cut, CONVERSATION.tokens, mute, cut_short)


def short_view(rng: np.random.Generator, pool: Pool) -> views.View:
    """A request at once and its first answers: twice as many requests for the same work."""
    line = Script(rng, pool, SHORT_TURNS).write()
    forced = views.coalesce(rng, line, 0.01 if rng.random() < 0.3 else 0.0) | views.mistime(rng, line, EARLY, LATE)
    cut_short = views.truncate(rng, line, TRUNCATED)
    cut = views.Cut(pins=(), start=0, stop=SHORT_TURNS, k_offset=int(rng.integers(0, 18000)))
    return views.view(line, render(rng, line, Room()), cut, SHORT.tokens, forced, cut_short)


def dense_view(rng: np.random.Generator, pool: Pool) -> views.View:
    """Speech and nothing else, for learning words: utterances one after the other, no answers."""
    line = Timeline(DENSE_TURNS)
    fill_with_speech(rng, pool, line)
    cut = views.Cut(pins=(), start=0, stop=DENSE_TURNS, k_offset=int(rng.integers(0, 18000)))
    return views.view(line, render(rng, line, Room()), cut, DENSE.tokens, frozenset())


def fill_with_speech(rng: np.random.Generator, pool: Pool, line: Timeline) -> None:
    """Utterances one after the other, whatever they ask for."""
    at = int(rng.integers(0, 40))
    while True:
        clip = pool.all[int(rng.integers(len(pool.all)))]
        frames = int(len(clip.mel) * rng.uniform(0.87, 1.15))
        if at + frames > line.turns * FRAMES_PER_TURN:
            break
        line.placed.append(Placed(clip, at, at + frames))
        at += frames + int(rng.integers(3, 30))


def collate(rows: list[views.View], shape: Shape) -> Batch:
    size, width, audios = len(rows), shape.tokens, shape.audio
    tokens, positions = np.zeros((size, width), np.int64), np.zeros((size, width), np.int64)
    targets = np.full((size, width), views.NONE, np.int64)
    audio_at, elapsed = np.full((size, audios), width, np.int64), np.zeros((size, audios), np.int64)
    since = np.zeros((size, audios, 2 * SIZE), bool)
    frames = np.zeros((size, audios, *rows[0].frames_ALC.shape[1:]), np.uint8)
    words = np.zeros((size, WORDS), np.int64)
    patch_at = np.full((size, shape.pictures * views.PATCHES), width, np.int64)
    patches = np.zeros((*patch_at.shape, 3 * views.PATCH**2), np.uint8)
    aux_at, shown_at = [], []
    for index, row in enumerate(rows):
        length, audio = len(row.tokens_T), len(row.audio_at_A)
        tokens[index, :length], positions[index, :length] = row.tokens_T, row.positions_T
        targets[index, :length] = row.targets_T
        audio_at[index, :audio], elapsed[index, :audio] = row.audio_at_A, row.elapsed_A
        since[index, :audio], frames[index, :audio] = row.since_AX, row.frames_ALC
        words[index, : len(row.words_W)] = row.words_W
        aux_at.append(np.stack([np.full(len(row.aux_at_K), index), row.aux_at_K], axis=1))
        each_PG, shown = row.picture_at_P[:, None] + np.arange(views.PATCHES), len(row.picture_at_P)
        patch_at[index, : each_PG.size] = each_PG.flatten()
        patches[index, : each_PG.size] = row.patches_PGX.reshape(-1, patches.shape[-1])
        shown_at.append(np.stack([np.full(shown, index), each_PG[:, -1]], axis=1))
    aux_NH = np.concatenate([row.aux_KH for row in rows])
    return Batch(
        tokens_BT=torch.from_numpy(tokens),
        positions_BT=torch.from_numpy(positions),
        targets_BT=torch.from_numpy(targets),
        audio_at_BA=torch.from_numpy(audio_at),
        elapsed_BA=torch.from_numpy(elapsed),
        since_BAX=torch.from_numpy(since),
        frames_BALC=torch.from_numpy(frames),
        aux_at_N2=torch.from_numpy(np.concatenate(aux_at)),
        aux_NH=torch.from_numpy(aux_NH),
        spans={
            name: torch.from_numpy(standing.shares(aux_NH[:, list(standing.COLUMNS).index(name)]))
            for name in standing.SPANS
        },
        asked_N=torch.from_numpy(np.concatenate([row.asked_K for row in rows])),
        patch_at_BP=torch.from_numpy(patch_at),
        patches_BPX=torch.from_numpy(patches),
        shown_at_N2=torch.from_numpy(np.concatenate(shown_at)),
        track_NS=torch.from_numpy(np.concatenate([row.track_PS for row in rows])),
        stance_NQ=torch.from_numpy(np.concatenate([row.stance_PQ for row in rows])),
        words_BW=torch.from_numpy(words),
        num_audio_B=torch.tensor([len(row.audio_at_A) for row in rows]),
        num_words_B=torch.tensor([len(row.words_W) for row in rows]),
    )
