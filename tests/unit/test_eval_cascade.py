"""The cascade's replies as they are heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cluster.errors import ConfigError
from cluster.voice.voice import Voice
from evals.cascade import __main__ as ahead
from evals.cascade import kept, pipeline
from evals.cascade.home import check
from evals.cascade.pipeline import Answered
from evals.cascade.prompt import SILENT, messages
from evals.cascade.small_llm import chatml
from evals.cascade.speak import Reply, voiced, words_of
from evals.harness import looks
from evals.harness.scoring import sample
from evals.items import Item, Said, write_set

HOME = Path(__file__).parents[2] / "models" / "voice"
UNITS = Voice(HOME).units


def test_a_reply_is_read_as_a_voice_would_read_it() -> None:
    assert words_of("Sure! 3 cats, 21 dogs.\nAnything else?") == ("sure", "three", "cats", "twenty", "one", "dogs")


def test_numbers_in_a_row_are_as_many_outputs_and_anything_else_is_one() -> None:
    counted = voiced([Reply(at_s=1.0, words=("one", "two", "twenty", "one"))], [], UNITS, 30.0)
    assert [each.text for each in counted] == ["one", "two", "twenty one"]
    assert counted[0].end_s == counted[1].onset_s
    (phrase,) = voiced([Reply(at_s=1.0, words=("drink", "water"))], [], UNITS, 30.0)
    assert phrase.text == "drink water"


def test_what_the_user_talks_over_is_not_heard() -> None:
    said = voiced([Reply(at_s=1.0, words=("one", "two", "three", "four"))], [0.5, 1.5], UNITS, 30.0)
    assert [each.text for each in said] == ["one", "two"]
    assert said[-1].end_s == 1.5


def test_a_second_reply_waits_for_the_first() -> None:
    first, second = voiced([Reply(at_s=1.0, words=("yes",)), Reply(at_s=1.1, words=("no",))], [], UNITS, 30.0)
    assert second.onset_s == first.end_s


def test_the_prompt_ends_with_what_was_heard_and_asks_for_the_assistant() -> None:
    asked = messages([("stop", SILENT)] * 9, "what comes after three")
    assert asked[-1] == {"role": "user", "content": "what comes after three"}
    assert chatml(asked).endswith("what comes after three<|im_end|>\n<|im_start|>assistant\n")


def test_a_missing_cascade_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make cascade"):
        check(tmp_path)


def test_what_has_no_sound_is_answered_by_silence_and_asks_for_no_cascade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (answered,) = kept.answers([Item(id="a", duration_s=9.0, video="a.mp4")], tmp_path, "0" * 64, HOME)
    assert (answered.id, answered.said) == ("a", ())


def test_an_interrupted_cascade_goes_on_with_what_it_has_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[list[str]] = []

    def run(items: Sequence[Item], folder: Path, voice: Voice) -> Iterator[Answered]:
        asked.append([item.id for item in items])
        for item in items:
            if len(asked) == 1 and item.id == "c":
                raise ConfigError("cascade", "it ended")
            yield Answered(id=item.id, said=(Said(onset_s=1.0, text=item.id),), turns=({"text": "hello"},))

    monkeypatch.setattr(pipeline, "run", run)
    items = [Item(id=name, duration_s=9.0, audio=f"{name}.wav") for name in "abcd"]
    told: list[tuple[int, int]] = []
    with pytest.raises(ConfigError, match="it ended"):
        kept.answers(items, tmp_path, "0" * 64, HOME)
    answered = kept.answers(items, tmp_path, "0" * 64, HOME, lambda done, of: told.append((done, of)))
    assert asked == [["a", "b", "c", "d"], ["c", "d"]]
    assert told == [(2, 4), (3, 4), (4, 4)]
    assert [(each.id, each.said[0].text) for each in answered] == [(name, name) for name in "abcd"]
    kept.answers(items, tmp_path, "1" * 64, HOME)
    assert asked[2:] == [["a", "b", "c", "d"]]  # another set


def test_the_cascade_can_answer_a_test_set_ahead_of_time_and_spends_no_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    items = [Item(id=f"{n}", duration_s=9.0, tags={"split": "test", "family": "in"}) for n in range(5)]
    write_set(tmp_path / "build/evals/timespeak/test", items)
    monkeypatch.setenv("COUNTERPOINT_SERVE__VOICE", str(HOME))
    before = looks.PATH.read_text() if looks.PATH.exists() else ""
    asked: list[list[str]] = []
    answers = kept.answers

    def counted(chosen: Sequence[Item], *rest: Any) -> list[Answered]:
        asked.append([item.id for item in chosen])
        return answers(chosen, *rest)

    monkeypatch.setattr(kept, "answers", counted)
    monkeypatch.setattr("sys.argv", ["evals.cascade", "timespeak", "--split", "test", "--items", "3"])
    ahead.main()
    assert asked == [[item.id for item in sample(items, 3)]]  # those that an evaluation will ask for
    assert (looks.PATH.read_text() if looks.PATH.exists() else "") == before
    monkeypatch.setattr("sys.argv", ["evals.cascade", "dialogue"])
    with pytest.raises(SystemExit, match="holds no set"):
        ahead.main()
