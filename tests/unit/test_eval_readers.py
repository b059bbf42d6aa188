"""Users' own copies of published sets, from small files of the same form; what is wrong is named by file and field."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.errors import ConfigError
from cluster.media.text import Vocabulary
from evals.charades import score as charades
from evals.harness.controls import oracle
from evals.harness.names import named
from evals.harness.refusal import ORACLE_MIN
from evals.harness.scoring import score
from evals.harness.script import script_of
from evals.harness.sets import open_set
from evals.items import Said
from evals.media import load
from evals.proactivevideoqa import score as proactive
from evals.readers import read
from evals.repcount import score as repcount
from tests.unit.eval_copies import charades_v1, full_duplex, proactive_qa, repcount_a, small_film
from tests.unit.eval_tools import SHIPPED


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
    assert [(event.t_s, event.text) for event in item.events if event.kind == "text"] == [(3.5, "Subtitle: hello")]
    assert proactive.judge(item, [Said(onset_s=5.1, text="it is a donkey")]).score == pytest.approx(1)
    assert proactive.judge(item, []).score == 0.25


def test_a_proactive_answer_cannot_be_spoiled_once_what_it_tells_of_has_gone(tmp_path: Path) -> None:
    folder = proactive_qa(tmp_path, span=(3.0, 10.0), related=(3.0, 5.0), answer="A red donkey.")
    (item,) = read("proactivevideoqa", folder)
    right = Said(onset_s=5.0, text="a red donkey")
    scores = [proactive.judge(item, [right, Said(onset_s=at, text="blue")]).score for at in (6.9, 7.1)]
    assert scores[0] < scores[1] == proactive.judge(item, [right]).score


@pytest.mark.parametrize(
    ("subtitle", "typed"),
    [
        ("<i>Hello</i> <b>you</b>", "Hello you"),
        ("<John> I <3 it", "I 3 it"),
        ("- Who's\r\nthere? -", "Who's there?"),
        ("♪ ... ♪", None),
        ("", None),
    ],
)
def test_of_a_subtitle_its_words_are_typed_and_nothing_that_a_session_refuses(
    tmp_path: Path, subtitle: str, typed: str | None
) -> None:
    (item,) = read("proactivevideoqa", proactive_qa(tmp_path, subtitles=(subtitle, "last")))
    script = script_of(item, tmp_path)
    assert [each.text for each in script.typed[1:]] == [*filter(None, [typed]), "last"]
    vocabulary = Vocabulary(SHIPPED / "tokenizer.json")
    assert all(vocabulary.encode(each.text, "text") for each in script.typed)


@pytest.mark.parametrize(
    ("name", "published", "make"),
    [
        ("repcount", "repcount-a", repcount_a),
        ("charades", "charades", lambda folder: charades_v1(folder, "c002 1.00 14.00")),  # 0.2 s are much of a second
        ("proactivevideoqa", "proactivevideoqa", proactive_qa),
        ("dialogue", "full-duplex-bench", full_duplex),
    ],
)
def test_an_oracle_is_right_on_every_copy_for_else_no_report_could_stand(
    tmp_path: Path, name: str, published: str, make: Callable[[Path], Path]
) -> None:
    items = read(published, make(tmp_path))
    told = {item.id: oracle(named(name), item, 0) for item in items}
    assert score(named(name), items, told).score > ORACLE_MIN


WRONG: list[tuple[str, Callable[[Path], Path], str]] = [
    ("repcount-a", lambda f: repcount_a(f, "push_up,a.mp4,2,5,15,15,,"), r"test.csv:2: L3: .*never ends"),
    ("repcount-a", lambda f: repcount_a(f, "push_up,b.mp4,1,5,15,,,"), r"test.csv:2: name: none of video/test/b.mp4"),
    ("repcount-a", lambda f: repcount_a(f, "push_up,a.mp4,many,5,15,,,"), r"test.csv:2: count: 'many' is no number"),
    ("charades", lambda f: charades_v1(f, "c002 1.00"), r"Charades_v1_test.csv:2: actions: 'c002 1.00'"),
    ("charades", lambda f: charades_v1(f, "c009 1.00 2.00"), r"class c009 is not in the class list"),
    ("proactivevideoqa", lambda f: proactive_qa(f, 3), r"answer\[0\]: reply_timespan: 3 is not \[from, to\]"),
    ("proactivevideoqa", lambda f: proactive_qa(f, related=None), r"answer\[0\]: related_timespan: None is not"),
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
