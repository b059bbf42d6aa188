"""Users' own copies of published sets, from small files of the same form; what is wrong is named by file and field."""

import json
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from cluster.errors import ConfigError
from evals.charades import score as charades
from evals.dialogue import score as dialogue
from evals.harness.sets import open_set
from evals.items import Item, Said
from evals.media import load
from evals.proactivevideoqa import score as proactive
from evals.readers import read
from evals.repcount import score as repcount


def small_film(path: Path, rate: int = 10, frames: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        file.mux(stream.encode())


def small_sound(path: Path, seconds: float = 6.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(round(seconds * 16000) * 2))


def repcount_a(folder: Path, row: str = "push_up,a.mp4,2,5,15,15,30,") -> Path:
    small_film(folder / "video/test/a.mp4")
    (folder / "annotation").mkdir()
    (folder / "annotation/test.csv").write_text(f"type,name,count,L1,L2,L3,L4,L5\n{row}\n")
    return folder


def charades_v1(folder: Path, actions: str = "c001 0.00 30.00;c002 1.00 2.50;c003 1 2;c003 2 3") -> Path:
    small_film(folder / "Charades_v1_480/ABCDE.mp4")
    (folder / "Charades_v1_classes.txt").write_text("c001 Holding a cup\nc002 Closing a door\nc003 Sitting\n")
    header = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length"
    (folder / "Charades_v1_test.csv").write_text(f'{header}\nABCDE,S,Kitchen,6,7,Yes,"a, b",cup,d,{actions},30.5\n')
    return folder


def proactive_qa(folder: Path, span: object = (3.1, 6.0)) -> Path:
    small_film(folder / "WEB/videos/x.mp4")
    answer = {"role": "assistant", "content": "A donkey.", "related_timespan": [3.1, 5.0], "reply_timespan": span}
    asked = [
        {"role": "user", "content": "What creature is shown?", "time": 0},
        {"role": "user", "content": "Subtitle: hello", "time": 1.5},
    ]
    entry = {"video": "x.mp4", "question_id": "x", "answer": [answer], "conversation": asked, "duration": 12.9}
    (folder / "WEB/anno.json").write_text(json.dumps([entry]))
    return folder


def full_duplex(folder: Path) -> Path:
    notes = {
        "v1_0/candor_pause_handling/1/pause.json": [{"text": "[PAUSE]", "timestamp": [2.0, 3.0]}],
        "v1_0/candor_turn_taking/1/turn_taking.json": [{"text": "[TURN-TAKING]", "timestamp": [4.0, 4.4]}],
        "v1_5/user_interruption/7/metadata.json": {"context_text": "a", "timestamps": [3.0, 5.0]},
        "v1_5/user_backchannel/7/metadata.json": {"context_text": "a", "timestamps": [3.0, 3.5]},
    }
    for name, content in notes.items():
        small_sound(folder / Path(name).parent / "input.wav")
        (folder / name).write_text(json.dumps(content))
    small_sound(folder / "v1_0/icc_backchannel/1/input.wav")
    return folder


def said(*pairs: tuple[float, float]) -> list[Said]:
    return [Said(onset_s=start, end_s=end, text="well then") for start, end in pairs]


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


def test_full_duplex_bench_is_judged_by_who_speaks_when(tmp_path: Path) -> None:
    items = {item.tags["task"]: item for item in read("full-duplex-bench", full_duplex(tmp_path))}
    quiet = {task: dialogue.judge(item, []).score for task, item in items.items()}
    assert quiet == {
        "candor_pause_handling": 1,
        "candor_turn_taking": 0,
        "icc_backchannel": 1,
        "user_interruption": 0,
        "user_backchannel": 1,
    }
    turn = dialogue.judge(items["candor_turn_taking"], said((3.0, 5.5)))
    assert (turn.score, turn.measures["answer_onset_ms"]) == (0, -1000)  # over the user: early, never "0 s"
    assert dialogue.judge(items["candor_turn_taking"], said((4.5, 5.5))).score == 1
    never = dialogue.judge(items["user_interruption"], said((1.0, 12.0)))
    assert (never.score, never.measures["never_stops"]) == (0, 1)
    assert dialogue.judge(items["user_interruption"], said((1.0, 3.4), (5.3, 6.0))).score == 1
    held = dialogue.judge(items["user_backchannel"], said((1.0, 6.0)))
    assert (held.score, held.measures["went_on"]) == (1, 1)


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


def test_items_are_whole(tmp_path: Path) -> None:
    items: list[Item] = read("full-duplex-bench", full_duplex(tmp_path))
    assert len({item.id for item in items}) == len(items) == 5


def test_your_own_copy_opens_as_a_set_that_no_look_is_spent_on(tmp_path: Path) -> None:
    found = open_set("repcount", repcount_a(tmp_path), "dev", "repcount-a")
    assert (found.split, len(found.items), found.spends_a_look) == ("own", 1, False)
    small_film(tmp_path / "video/test/a.mp4", frames=50)
    assert open_set("repcount", tmp_path, "dev", "repcount-a").sha256 != found.sha256
    with pytest.raises(ConfigError, match=r"--set: names the folder with your copy of repcount-a"):
        open_set("repcount", None, "dev", "repcount-a")
