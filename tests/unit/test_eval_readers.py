"""Users' own copies of published sets, from small files of the same form; what is wrong is named by file and field."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.errors import ConfigError
from evals.charades import score as charades
from evals.harness.sets import open_set
from evals.items import Said
from evals.media import load
from evals.proactivevideoqa import score as proactive
from evals.readers import read
from evals.repcount import score as repcount
from tests.unit.eval_copies import charades_v1, proactive_qa, repcount_a, small_film


def test_repetitions_of_repcount_a_end_at_their_frames_after_the_film_began(tmp_path: Path) -> None:
    (item,) = read("repcount-a", repcount_a(tmp_path))
    assert [(due.text, due.from_s) for due in item.expect] == [("one", 3.5), ("two", 5.0)]
    assert item.text == "count out reps for push up"
    assert load(tmp_path, item).pictures[0][0] == 2.0
    assert repcount.judge(item, [Said(onset_s=due.from_s, text=due.text) for due in item.expect]).score == 1


def test_charades_asks_for_the_first_action_that_occurs_once_and_not_all_the_time(tmp_path: Path) -> None:
    (item,) = read("charades", charades_v1(tmp_path))
    assert item.text == "say start when the person starts doing closing a door and stop when they stop"
    assert charades.intervals_due(item) == [(3.0, 4.5)]
    assert Path(item.video) == (tmp_path / "Charades_v1_480/ABCDE.mp4").resolve()


def test_proactive_questions_keep_their_windows_and_their_subtitles(tmp_path: Path) -> None:
    (item,) = read("proactivevideoqa", proactive_qa(tmp_path))
    assert item.text.endswith("What creature is shown?")
    assert [(event.t_s, event.text) for event in item.events] == [(3.5, "Subtitle: hello")]
    assert proactive.judge(item, [Said(onset_s=5.1, text="it is a donkey")]).score == pytest.approx(1)
    assert proactive.judge(item, []).score == 0.25


WRONG: list[tuple[str, Callable[[Path], Path], str]] = [
    ("repcount-a", lambda f: repcount_a(f, "push_up,a.mp4,2,5,15,15,,"), r"test.csv:2: L3: .*never ends"),
    ("repcount-a", lambda f: repcount_a(f, "push_up,b.mp4,1,5,15,,,"), r"test.csv:2: name: none of video/test/b.mp4"),
    ("repcount-a", lambda f: repcount_a(f, "push_up,a.mp4,many,5,15,,,"), r"test.csv:2: count: 'many' is no number"),
    ("charades", lambda f: charades_v1(f, "c002 1.00"), r"Charades_v1_test.csv:2: actions: 'c002 1.00'"),
    ("charades", lambda f: charades_v1(f, "c009 1.00 2.00"), r"class c009 is not in the class list"),
    ("proactivevideoqa", lambda f: proactive_qa(f, 3), r"answer\[0\]: reply_timespan: 3 is not \[from, to\]"),
    ("full-duplex-bench", lambda f: f, r"none of the folders candor_pause_handling"),
    ("charades-sta", lambda f: f, r"--format: 'charades-sta' is none of repcount-a"),
]


@pytest.mark.parametrize(("name", "make", "says"), WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, make: Callable[[Path], Path], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(name, make(tmp_path))


def test_an_annotation_without_its_column_is_named(tmp_path: Path) -> None:
    folder = repcount_a(tmp_path)
    (folder / "annotation/test.csv").write_text("type,name,L1,L2\n")
    with pytest.raises(ConfigError, match=r"test.csv: has no column count"):
        read("repcount-a", folder)


def test_an_id_that_occurs_twice_is_refused_for_what_is_said_is_told_apart_by_it(tmp_path: Path) -> None:
    folder = repcount_a(tmp_path)
    with (folder / "annotation/test.csv").open("a") as file:
        file.write("squat,a.mp4,1,5,15,,,\n")
    with pytest.raises(ConfigError, match=r"the id 'a' occurs more than once"):
        read("repcount-a", folder)


def test_your_own_copy_opens_as_a_set_that_no_look_is_spent_on(tmp_path: Path) -> None:
    found = open_set("repcount", repcount_a(tmp_path), "dev", "repcount-a")
    assert (found.split, len(found.items), found.spends_a_look) == ("own", 1, False)
    small_film(tmp_path / "video/test/a.mp4", frames=50)
    assert open_set("repcount", tmp_path, "dev", "repcount-a").sha256 != found.sha256
    with pytest.raises(ConfigError, match=r"--set: names the folder with your copy of repcount-a"):
        open_set("repcount", None, "dev", "repcount-a")
