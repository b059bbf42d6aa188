"""What training shows to the model, what it asks about it, and when it can be answered."""

from __future__ import annotations

import numpy as np
import pytest

from training import tasks, views, vocab
from training.clips import Clip
from training.script import Pool
from training.sights import acting, asks, people, shows
from training.sights.acting import Part
from training.sights.album import Album
from training.sights.batches import dense_sight_view, long_sight_view, sight_view
from training.sights.filters import filters
from training.sights.motions import ACTIONS, REPETITIONS
from training.sights.reel import SIZES, Event, Scene
from training.sights.store import Reels
from training.sights.things import COLOURS, KEPT, PAIRS, SHAPES
from training.sights.watching import Watching
from training.standing import standing_at
from training.tasks import SIGHTS, Kind, Utterance
from training.timeline import Timeline


@pytest.fixture(scope="module")
def reels() -> Reels:
    made = Reels(24)
    made.renew(np.random.default_rng(0), 24)
    return made


@pytest.fixture(scope="module")
def pool() -> Pool:
    rng, pool = np.random.default_rng(0), Pool()
    for kind in Kind:
        for _ in range(8):
            made = Clip(utterance=tasks.make(rng, kind), voice="test", mel=np.full((60, 40), 100, np.uint8))
            pool.add(made)
    return pool


def watched(asked: Utterance, *events: Event) -> dict[int, str]:
    """What is said when `asked` is understood in micro-turn 1 and this is seen."""
    line = Timeline(200)
    line.read(asked, 0)
    for event in events:
        line.see(event, event.k)
    line.finish()
    return {k: " ".join(vocab.WORDS[token] for token in ids) for k, ids in sorted(line.out.items()) if k > 2}


def test_nothing_that_is_kept_for_evaluation_is_rendered_or_asked() -> None:
    assert "bends" not in REPETITIONS and not {"claps", "squats"} & set(ACTIONS)
    assert len(PAIRS) == len(COLOURS) * len(SHAPES) - len(KEPT) and not set(PAIRS) & KEPT
    assert not any(" ".join(pair) in ask.words for ask in asks.everything() for pair in KEPT)
    rng = np.random.default_rng(0)
    for _ in range(6):
        assert not {tuple(name.split()) for name in shows.appear(rng)[2].shown} & KEPT


def test_everything_that_is_to_be_said_of_a_sight_is_in_the_vocabulary() -> None:
    for ask in asks.everything():
        vocab.encode(f"{ask.say} {ask.cue}")


def test_repetitions_are_counted_at_their_end_and_others_are_not() -> None:
    asked = Utterance(kind=Kind.REPS, words="count my squats", cue="squats")
    squat, jump = (Event(k, "repetition", what) for k, what in ((20, "squats"), (25, "jumps")))
    assert watched(asked, squat, jump, Event(31, "repetition", "squats")) == {20: "one", 31: "two"}


def test_an_action_is_told_by_start_and_stop_and_what_is_not_asked_for_by_nothing() -> None:
    asked = Utterance(kind=Kind.ACTS, words="start when he waves", cue="waves")
    seen = [Event(20, "start", "waves"), Event(30, "stop", "waves"), Event(40, "start", "sits")]
    assert watched(asked, *seen) == {20: "start", 30: "stop"}


def test_a_thing_is_told_by_color_and_shape_and_a_light_by_its_color() -> None:
    seen = [Event(20, "see", "red ring"), Event(30, "see", "blue star"), Event(40, "light", "green")]
    assert watched(Utterance(kind=Kind.SEE, words="x", say="blue star"), *seen) == {30: "blue star"}
    assert watched(Utterance(kind=Kind.LOOK, words="x"), *seen) == {20: "red ring", 30: "blue star"}
    assert watched(Utterance(kind=Kind.LIGHT, words="x", say="green"), *seen) == {40: "green"}


def test_a_repetition_is_over_in_the_first_picture_at_rest_again() -> None:
    t_K = np.arange(40) * 0.2
    slow = Part(name="squats", start_s=1.0, end_s=5.0)
    assert ended(slow, t_K) in (24, 25)
    assert ended(Part(name="squats", start_s=1.0, end_s=1.9), t_K) == 10


def ended(part: Part, t_K: np.ndarray) -> int:
    return acting.ended(part, t_K)


@pytest.mark.parametrize("name", REPETITIONS)
def test_a_film_of_repetitions_begins_and_ends_at_rest_and_marks_every_end(name: str) -> None:
    shoot, _, scene = people.exercise(np.random.default_rng(3), name)
    assert shoot(len(scene) - 1).shape == (80, 80, 4)
    assert (scene.track_KC < SIZES).all()
    assert not scene.track_KC[: scene.rest].any() and not scene.track_KC[-3:].any()
    assert {event.what for event in scene.events} == {name}
    assert (scene.track_KC[:, 2] > 0).sum() == len(scene.events)


@pytest.mark.parametrize("name", ACTIONS)
def test_a_film_of_actions_tells_when_each_starts_and_stops(name: str) -> None:
    *_, scene = people.act(np.random.default_rng(4), name)
    assert name in scene.shown
    assert [event.kind for event in scene.events] == ["start", "stop"] * (len(scene.events) // 2)
    ks = [event.k for event in scene.events]
    assert ks == sorted(ks) and ks[0] >= scene.rest


def test_every_answer_of_a_conversation_can_be_told_from_a_picture_already_seen(pool: Pool, reels: Reels) -> None:
    answered = 0
    for seed in range(12):
        line = Watching(np.random.default_rng(seed), pool, 150, reels).write()
        for k, ids in line.out.items():
            standing = standing_at(line, k)
            if standing and standing.utterance.kind in SIGHTS and k > standing.kept:
                answered += 1
                assert k in line.camera or k - 1 in line.camera
                words = " ".join(vocab.WORDS[token] for token in ids)
                if standing.utterance.kind in (Kind.SEE, Kind.LOOK):
                    colour, shape = words.split()
                    told = [1 + COLOURS.index(colour), 1 + SHAPES.index(shape)]
                    assert any(line.camera[j][1][3:5].tolist() == told for j in (k, k - 1) if j in line.camera)
    assert answered > 20


def test_rows_with_pictures_fit_their_shapes(pool: Pool, reels: Reels) -> None:
    rng = np.random.default_rng(5)
    rows = [sight_view(rng, pool, reels), long_sight_view(rng, pool, reels), dense_sight_view(rng, pool, reels)]
    for row in rows:
        assert row.patches_PGX.shape == (len(row.picture_at_P), 4, 4800)
        assert len(row.track_PS) == len(row.picture_at_P) > 20
        assert len(row.asked_K) == len(row.aux_at_K)
    assert not set(rows[2].targets_T.tolist()) - {views.NONE, 0}


def test_a_scene_is_seen_in_another_room_each_time(reels: Reels) -> None:
    rng, reel = np.random.default_rng(0), next(iter(reels))
    one, other = (reels.pictures(rng, reel) for _ in range(2))
    assert one.shape == other.shape == (len(reel.scene), 80, 80, 3)
    assert np.abs(one.astype(int) - other).mean() > 5


def test_portraits_are_new_pictures_with_what_is_seen_in_them(reels: Reels) -> None:
    rng, album = np.random.default_rng(0), Album(steps=2)
    for _ in range(3):
        album.add(reels.portraits(rng, scenes=4, each=3))
    patches_NGX, track_NS, stance_NQ = album.draw(rng, 24)
    assert patches_NGX.shape == (24, 4, 4800) and len(track_NS) == len(stance_NQ) == 24
    somebody = ~stance_NQ[:, 0].isnan()
    assert not track_NS[somebody, 3:].any() and not track_NS[~somebody, :3].any()


def test_the_eyes_begin_blind_to_plain_gray_and_see_spots() -> None:
    spots_FX = filters(300, 40, np.random.default_rng(0))
    assert spots_FX.shape == (300, 4800)
    plain, spot = np.ones(4800), np.zeros((40, 40, 3))
    spot[18:22, 18:22] = 1
    assert np.abs(spots_FX[:250] @ plain).max() < 1.5 < np.abs(spots_FX[:250] @ spot.ravel()).max()


def test_a_store_of_reels_keeps_the_newest(reels: Reels) -> None:
    small = Reels(2)
    small.renew(np.random.default_rng(1), 3)
    assert len(small) == 2
    assert small.draw(np.random.default_rng(0), lambda _: False) is None
    assert isinstance(small.draw(np.random.default_rng(0)).scene, Scene)
