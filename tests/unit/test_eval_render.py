"""Films for evaluation: the same from the same seed, and sent as a client sends them."""

from pathlib import Path

import numpy as np
import pytest

from cluster.media.frames import decode_frame
from cluster.media.spec import Codec, MediaSpec
from evals.harness.pictures import pictures as sent
from evals.items import Item
from evals.media import VIDEO_AT, load
from evals.render.acting import Action, Actor, Repetition, Trainee
from evals.render.backdrop import FPS
from evals.render.body import Build, Pose, joints
from evals.render.figure import figure
from evals.render.motions import ACTIONS, REPETITIONS, STAND
from evals.render.take import film, pictures
from evals.repcount.build import Gym

SPEC = MediaSpec.from_config(
    {
        "vision": {"patch": 40, "grid": 2},
        "micro_turn": {"video_in_max": 4, "text_in_max": 4},
        "window": {"prefix_max": 8},
    }
)


def gym(seconds: float = 2.0, seed: int = 3) -> Gym:
    who = figure(np.random.default_rng(seed), 0)
    part = Repetition(start_s=0.4, end_s=1.6)
    player = Trainee(figure=who, motion="raises", repetitions=(part,), sway=0.5)
    return Gym(seed=seed, seconds=seconds, players=(player,))


def test_the_same_scene_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        film(tmp_path / f"{name}.mp4", gym(seed=seed))
    a, b, c = ((tmp_path / f"{name}.mp4").read_bytes() for name in "abc")
    assert a == b != c


def test_a_film_is_read_as_it_was_drawn_five_pictures_a_second(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", gym())
    drawn = list(pictures(gym()))
    read = load(tmp_path, Item(id="a", duration_s=2.0, video="a.mp4")).pictures
    assert [at for at, _ in read] == pytest.approx([k / FPS for k in range(10)])
    assert max(np.abs(a.astype(int) - b).mean() for a, (_, b) in zip(drawn, read, strict=True)) < 4


def test_what_is_sent_as_a_png_becomes_the_very_patches_that_a_virtual_clock_is_given(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", gym())
    shown = list(sent(Item(id="a", duration_s=2.0, video="a.mp4"), tmp_path, side=80))
    assert [picture.at_ms for picture in shown] == [200 * k for k in range(10)]
    for picture in shown:
        assert picture.patches(SPEC.vision_grid) == decode_frame(picture.png(), Codec.PNG, SPEC)
    assert len({picture.square for picture in shown}) > 5


def test_a_film_that_starts_later_is_shifted_and_cut(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", gym())
    item = Item(id="a", duration_s=2.5, video="a.mp4", tags={VIDEO_AT: "1.0"})
    read = load(tmp_path, item).pictures
    assert (read[0][0], len(read)) == (1.0, 8)


def test_a_repetition_leaves_rest_and_comes_back_and_a_half_one_less_far() -> None:
    whole, half = Repetition(start_s=1, end_s=3), Repetition(start_s=1, end_s=3, depth=0.4)
    assert [round(whole.reach(t), 6) for t in (1, 2, 3)] == [0, 1, 0]
    assert half.reach(2) == pytest.approx(0.4)


def test_an_action_is_seen_from_five_hundredths_of_its_range() -> None:
    action = Action(name="waves", start_s=1, end_s=5, rise_s=0.8, facing=0)
    start, stop = action.seen
    assert (action.reach(start), action.reach(stop)) == pytest.approx((0.05, 0.05))
    assert action.reach(3) == 1


@pytest.mark.parametrize("name", [*REPETITIONS, *ACTIONS])
def test_every_motion_leaves_its_rest_and_stays_on_the_floor(name: str) -> None:
    motion = REPETITIONS.get(name) or ACTIONS[name]
    rest, far = (joints(motion.pose(u, 0.5), Build(facing=motion.views[0])) for u in (0.0, 1.0))
    moved = max(abs(a - b) for joint in rest for a, b in zip(rest[joint], far[joint], strict=True))
    assert moved > 0.1
    assert max(y for _, y in far.values()) <= 1e-9


def test_a_seated_figure_keeps_its_seat_while_it_drinks() -> None:
    seated = ACTIONS["stands"].rest
    action = Action(name="drinks", start_s=0, end_s=4, rise_s=0.5, facing=1)
    actor = Actor(figure=figure(np.random.default_rng(1), 1), rest=seated, actions=(action,), sway=0.0)
    pose: Pose = actor._pose(action, 2.0)
    assert (pose.left_leg, pose.lean) == (seated.left_leg, seated.lean)
    assert pose.right_elbow != STAND.right_elbow
