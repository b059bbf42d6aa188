"""What training is made of, and what it must never contain."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from training import effects, gnuspeech, readings, tasks, views, vocab, wide
from training.batches import CONVERSATION, random_view
from training.clips import Clip, in_recipe
from training.manifest import MANIFEST
from training.mixing import Room, _lose, render
from training.script import Pool, Script
from training.tasks import Kind, Utterance
from training.timeline import Timeline
from training.views import Cut
from training.voices import HELD_OUT_STYLES, HELD_OUT_VARIANTS, OUTPUT_STYLE

TRAINING = Path(tasks.__file__).parent


def clip(words: str, frames: int = 50, **asked: object) -> Clip:
    utterance = Utterance(**{"kind": Kind.CHATTER, "words": words, **asked})
    return Clip(utterance=utterance, voice="test", mel=np.full((frames, 40), 100, np.uint8))


@pytest.fixture
def pool() -> Pool:
    rng, pool = np.random.default_rng(0), Pool()
    for kind in (Kind.EVERY, Kind.IN, Kind.CUE):
        for _ in range(20):
            asked = tasks.request(rng, kind)
            fields = {"kind": kind, "say": asked.say, "tenths": asked.tenths, "cue": asked.cue}
            pool.add(clip(asked.words, 80, **fields))
    for kind in (Kind.SOUND, Kind.COUNT, *tasks.MAKERS):
        for _ in range(4):
            asked = tasks.make(rng, kind)
            pool.add(clip(asked.words, 40, kind=kind, say=asked.say, tenths=asked.tenths, cue=asked.cue))
    for word in (*vocab.ASKED_CUES, "go"):
        pool.add(clip(f"the {word}" if word != "go" else word, 30))
    for name in tasks.SOUNDS:
        pool.add_effect(clip("", 20, cue=name))
    pool.voice = {"hello": clip("", 20)}
    return pool


def test_the_manifest_holds_no_held_out_voice_phrase_or_interval() -> None:
    manifest = json.loads(MANIFEST.read_text())
    assert not set(manifest["espeak_variants"]) & set(HELD_OUT_VARIANTS)
    assert not set(manifest["kokoro_styles"]) & {*HELD_OUT_STYLES, OUTPUT_STYLE}
    assert not set(manifest["phrases"]) & set(vocab.HELD_OUT_PHRASES)
    for trained in manifest["intervals_tenths"].values():
        assert not set(trained) & set(vocab.HELD_OUT_TENTHS)


def test_the_test_engines_are_never_used_in_training() -> None:
    banned = re.compile(r"\b(flite|festival|piper|librispeech|common_?voice)\b", re.IGNORECASE)
    for path in TRAINING.glob("*.py"):
        assert not banned.search(path.read_text()), path.name


def test_every_word_of_a_held_out_phrase_occurs_in_a_trained_one() -> None:
    trained = {word for phrase in vocab.TRAINED_PHRASES for word in phrase.split()}
    assert {word for phrase in vocab.HELD_OUT_PHRASES for word in phrase.split()} <= trained
    assert not set(vocab.TRAINED_PHRASES) & set(vocab.HELD_OUT_PHRASES)


def test_random_requests_stay_within_the_trained_phrases_and_periods() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        asked = tasks.request(rng, Kind.EVERY)
        assert asked.say not in vocab.HELD_OUT_PHRASES
        assert asked.tenths not in vocab.HELD_OUT_TENTHS
        assert readings.parse(asked.words) == asked


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CHATTER])
def test_parsing_inverts_everything_that_is_asked(kind: Kind) -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        asked = tasks.make(rng, kind)
        assert readings.parse(asked.words) == asked
        assert in_recipe(asked)


def test_a_clip_of_an_interval_or_wording_that_is_held_out_is_left_out() -> None:
    asked = "say tea every seven and a half seconds"
    assert not in_recipe(Utterance(kind=Kind.EVERY, words=asked, say="tea", tenths=75))
    assert not in_recipe(Utterance(kind=Kind.ASK, words="is grass green", say="green"))


def test_every_answer_is_in_the_vocabulary() -> None:
    rng = np.random.default_rng(3)
    for kind in (Kind.ASK, Kind.DELEGATE, Kind.EVERY):
        for _ in range(200):
            vocab.encode(tasks.make(rng, kind).say)
    assert [len(vocab.encode(vocab.number(whole))) for whole in (1, 20, 21, 40, 69)] == [1, 1, 2, 1, 2]


def test_a_period_is_answered_at_its_own_pace_until_the_stop() -> None:
    line = Timeline(200)
    line.hear(clip("x", kind=Kind.EVERY, say="drink tea", tenths=25), start=0, frames=50)  # ends at 1.0 s
    line.hear(clip("stop", kind=Kind.STOP), start=800, frames=20)  # ends at 16.4 s
    keep, release = vocab.encode(vocab.KEEP), vocab.encode(vocab.RELEASE)
    assert line.out[6] == keep  # 1.0 s and 300 ms of silence
    assert line.out[83] == release
    said = [k for k, ids in sorted(line.out.items()) if ids == vocab.encode("drink tea")]
    assert said == [16, 28, 41, 53, 66, 78]


def test_a_one_shot_is_answered_once_and_released_with_it() -> None:
    line = Timeline(100)
    line.hear(clip("x", kind=Kind.IN, say="hello", tenths=30), start=0, frames=50)
    assert line.out[6 - 3 + 15] == vocab.encode("hello") + vocab.encode(vocab.RELEASE)


def test_only_the_active_cue_word_is_answered() -> None:
    line = Timeline(200)
    line.hear(clip("the tiger", 30), start=0, frames=30)
    line.hear(clip("x", kind=Kind.CUE, say="hello", cue="tiger"), start=50, frames=50)
    line.hear(clip("the banana", 30), start=200, frames=30)
    end = line.hear(clip("the tiger", 30), start=300, frames=30)
    answers = [k for k, ids in line.out.items() if ids == vocab.encode("hello")]
    assert answers == [(end * 20 + 100) // 200]


def test_positions_of_a_view_are_a_clock() -> None:
    line = Timeline(4, prefix=(7, 8))
    line.out[1] = (9,)
    line.finish()
    codes = np.arange(40 * 40, dtype=np.int64).reshape(40, 40).astype(np.uint8)
    row = views.view(line, codes, Cut(pins=(), start=0, stop=4), 100, frozenset())
    assert row.positions_T.tolist() == [0, 1, 16, 17, 18, 32, 33, 34, 35, 48, 49, 50, 64, 65, 66]
    assert row.targets_T.tolist()[2:9] == [-100, 0, -100, -100, 9, 0, -100]
    assert (row.frames_ALC[0, :5] == 0).all()
    assert (row.frames_ALC[2] == codes[5:15]).all()
    assert (row.frames_ALC[3] == codes[10:20]).all()


def test_pins_come_first_keep_their_own_time_and_have_no_targets() -> None:
    line = Timeline(100)
    line.finish()
    codes = np.zeros((1000, 40), np.uint8)
    row = views.view(line, codes, Cut(pins=(3, 4), start=50, stop=52, k_offset=1000), 100, frozenset())
    assert row.elapsed_A.tolist() == [1003, 1003, 1004, 1004, 1050, 1050, 1051, 1051]
    assert (row.targets_T[:6] == -100).all()
    assert row.positions_T[6] == 32


def test_random_conversations_render_to_the_length_they_promise(pool: Pool) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        line = Script(rng, pool, 200).write()
        assert render(rng, line, Room()).shape == (2000, 40)
        assert all(0 <= k < 200 for k in line.out)
        assert all(len(ids) <= 4 for ids in line.out.values())


def test_what_mute_micro_turns_owed_is_said_in_the_last_of_those_that_came_together() -> None:
    for owed in range(40):
        line = Timeline(50)
        line.out[owed] = (5,)
        mute = views.coalesce(np.random.default_rng(0), line, 1.0)
        said = min(k for k in range(owed, 50) if k not in mute)
        assert line.out == {said: (5,)}
        assert said - owed <= 2
        assert {k + 2 for k in mute if k + 1 in mute} & mute == set()  # three micro-turns enter together at most


def test_two_answers_that_are_owed_close_together_stay_two() -> None:
    for seed in range(20):
        line = Timeline(50)
        line.out[10], line.out[11] = (5,), (6,)
        views.coalesce(np.random.default_rng(seed), line, 1.0)
        assert list(line.out.values()) == [(5,), (6,)]


def test_a_machine_that_is_behind_has_time_for_every_second_micro_turn_of_a_stretch() -> None:
    mute = sorted(views.coalesce(np.random.default_rng(3), Timeline(300), 0.0, behind=1.0))
    assert len(mute) >= 5
    assert {later - sooner for sooner, later in pairwise(mute)} == {2}


def test_a_gap_swallows_quiet_micro_turns_and_leaves_one_of_silence_for_them() -> None:
    line = Timeline(120)
    line.hear(clip("the tiger", 30), start=0, frames=30)
    line.out[60] = (20,)
    line.finish()
    for seed in range(20):
        codes = np.full((1200, 40), 7, np.uint8)
        cut = views.detach(np.random.default_rng(seed), line, Cut(pins=(), start=0, stop=120), codes)
        assert len(cut.lost) >= views.GAP_TURNS
        assert not {0, 1, 2, 3, 60} & set(cut.lost)
        stands_for_it = cut.lost.stop
        assert stands_for_it in cut.turns
        assert stands_for_it != 60
        assert (codes[10 * stands_for_it : 10 * stands_for_it + 10] == 0).all()
        row = views.view(line, codes, cut, 1000, frozenset())
        assert max(np.diff(row.elapsed_A)) == len(cut.lost) + 1  # the clock jumps, positions do not
        assert max(np.diff(row.positions_T)) <= views.STRIDE
    assert views.detach(np.random.default_rng(0), line, Cut(pins=(), start=55, stop=65), codes).lost == range(0)


def test_any_conversation_makes_a_row_that_fits_its_shape(pool: Pool) -> None:
    for seed in range(60):
        row = random_view(np.random.default_rng(seed), pool)
        assert len(row.tokens_T) <= CONVERSATION.tokens
        assert len(row.audio_at_A) <= CONVERSATION.audio


def test_half_of_the_tails_that_may_show_the_end_of_a_long_interval_do() -> None:
    line = Timeline(400)
    line.hear(clip("x", kind=Kind.IN, say="hello", tenths=500), start=0, frames=50)
    due = line.standings[0].due(1)

    def shown(due_share: float) -> int:
        rng = np.random.default_rng(0)
        cuts = [views.choose_cut(rng, line, whole_share=0.0, due_share=due_share) for _ in range(200)]
        assert all(cut.pins for cut in cuts if cut.start > line.standings[0].kept)
        return sum(due in range(cut.start, cut.stop) for cut in cuts)

    assert shown(1.0) == 200
    assert shown(0.0) < 150


def test_a_long_sentence_of_chatter_may_end_in_a_cue_and_asks_for_nothing() -> None:
    rng = np.random.default_rng(5)
    said = [tasks.chatter(rng).words for _ in range(400)]
    long = [words for words in said if len(words.split()) >= 10]
    assert len(long) > 40
    assert sum(words.rpartition(" ")[2] in vocab.ASKED_CUES for words in long) > len(long) // 3
    assert {readings.parse(words).kind for words in said} == {Kind.CHATTER}


def test_media_that_never_arrived_are_silence_where_nobody_speaks() -> None:
    line = Timeline(60)
    line.hear(clip("the tiger", 30), start=100, frames=30)
    loud = np.full((600, 40), 9, np.uint8)
    _lose(np.random.default_rng(0), line, loud)
    lost = sorted({row // 10 for row in np.flatnonzero((loud == 0).all(axis=1))})
    assert lost
    assert not {10, 11, 12, 13} & set(lost)


def test_noise_lies_under_everything_that_is_heard() -> None:
    codes = render(np.random.default_rng(0), Timeline(20), Room(augment=False, noise_db=(-20.0, -20.0)))
    assert (codes > 0).mean() > 0.9
    assert (render(np.random.default_rng(0), Timeline(20), Room(augment=False, noise_db=(-90.0, -90.0))) == 0).all()


def test_an_answer_forced_late_is_learned_and_one_forced_early_is_only_seen() -> None:
    late, early = Timeline(50), Timeline(50)
    late.out[10], early.out[10] = (20,), (20,)
    rng = np.random.default_rng(0)
    assert views.mistime(rng, late, early=0.0, late=1.0) == {10}
    assert late.out == {11: (20,)}
    assert views.mistime(rng, early, early=1.0, late=0.0) == {9}
    assert early.out == {9: (20,)}


def counting(last: int = 8) -> Timeline:
    line = Timeline(100)
    line.hear(clip("x", kind=Kind.TALK, tenths=last), start=0, frames=50)  # understood in micro-turn 6
    return line


def numbers(line: Timeline) -> list[int]:
    return [k for k, ids in sorted(line.out.items()) if ids != vocab.encode(vocab.KEEP)]


def test_the_rest_of_an_answer_that_was_cut_short_is_said_right_after_and_the_cut_is_not_learned() -> None:
    line = Timeline(40)
    line.out = {5: vocab.encode("drink tea"), 9: vocab.encode("hello"), 20: vocab.encode("one moment")}
    line.out[21] = vocab.encode("hello")
    short = views.truncate(np.random.default_rng(0), line, 1.0)
    assert short == {5}
    codes = np.zeros((400, 40), np.uint8)
    seen = views.view(line, codes, Cut(pins=(), start=0, stop=40), 400, frozenset(), short)
    drink, tea = vocab.encode("drink tea")
    at = [int(np.flatnonzero(seen.tokens_T == word)[0]) for word in (drink, tea)]
    assert seen.targets_T[at[0] - 1] == drink
    assert seen.targets_T[at[0]] == views.NONE
    assert list(seen.targets_T[at[1] - 1 : at[1] + 1]) == [tea, vocab.TOKEN_ID[vocab.SIL]]


def test_counting_aloud_says_a_number_every_three_micro_turns() -> None:
    line = counting()
    assert numbers(line) == list(range(6, 30, 3))
    assert line.out[27] == vocab.encode("eight")


def test_an_interruption_ends_counting_and_a_question_is_answered() -> None:
    line = counting()
    line.hear(clip("x", kind=Kind.ASK, say="cold"), start=130, frames=40)  # from 2.6 s, micro-turn 13
    assert numbers(line) == [6, 9, 12, 18]
    assert line.out[18] == vocab.encode("cold")


@pytest.mark.parametrize("read", [False, True])
def test_a_stop_that_interrupts_is_told_as_an_event_once_it_is_understood(read: bool) -> None:
    line, stop = counting(), Utterance(kind=Kind.STOP, words="stop")
    if read:
        line.read(stop, 13)
    else:
        line.hear(clip("stop", kind=Kind.STOP), start=130, frames=20)  # ends at 3.0 s
    assert numbers(line)[:3] == [6, 9, 12]
    assert [line.out[k] for k in numbers(line)[3:]] == [(vocab.TOKEN_ID["<stop>"],)]
    line.hear(clip("stop", kind=Kind.STOP), start=400, frames=20)  # nothing is left to stop
    assert len(numbers(line)) == 4


def test_a_backchannel_delays_counting_but_does_not_end_it() -> None:
    line = counting()
    line.hear(clip("mm hm", kind=Kind.BACK), start=130, frames=35)
    assert numbers(line) == [6, 9, 12, 17, 20, 23, 26, 29]


def test_a_changed_interval_counts_from_the_end_of_the_change_and_one_stop_ends_both() -> None:
    line = Timeline(200)
    line.hear(clip("x", kind=Kind.EVERY, say="drink tea", tenths=40), start=0, frames=50)
    line.hear(clip("x", kind=Kind.CHANGE, tenths=30), start=300, frames=50)  # ends at 7.0 s
    line.hear(clip("stop", kind=Kind.STOP), start=800, frames=20)
    said = [k for k, ids in sorted(line.out.items()) if ids == vocab.encode("drink tea")]
    assert said == [23, 48, 63, 78]
    assert line.out[36] == vocab.encode(vocab.KEEP)
    assert line.out[83] == vocab.encode(vocab.RELEASE) * 2


def test_pins_of_a_changed_request_hold_its_phrase_too() -> None:
    line = Timeline(400)
    line.hear(clip("x", kind=Kind.EVERY, say="drink tea", tenths=40), start=0, frames=50)
    line.hear(clip("x", kind=Kind.CHANGE, tenths=30), start=300, frames=50)
    pins = views.pins_at(np.random.default_rng(0), line, 200)
    assert {line.standings[0].kept, line.standings[1].kept} <= set(pins)


def test_a_count_goes_up_with_every_cue_and_sounds_are_no_words() -> None:
    line = Timeline(200)
    line.hear(clip("x", kind=Kind.COUNT, cue="tiger"), start=0, frames=50)
    for start in (200, 400):
        line.hear(clip("the tiger", 30), start=start, frames=30)
        line.hear(clip("", 30, cue="bell"), start=start + 60, frames=30)
    assert [line.out[k] for k in sorted(line.out)[1:]] == [vocab.encode("one"), vocab.encode("two")]


def test_the_time_since_go_is_said_in_whole_seconds_and_no_context_cuts_it() -> None:
    line = Timeline(200)
    line.hear(clip("go"), start=0, frames=20)
    line.hear(clip("x", kind=Kind.SINCE), start=300, frames=70)  # ends 7.0 s after go
    assert line.out[38] == vocab.encode("seven seconds")
    assert line.whole == [(-1, 38)]


@pytest.mark.parametrize("own", [True, False])
def test_what_comes_back_from_the_loudspeaker_or_far_away_is_not_for_the_model_to_hear(pool: Pool, own: bool) -> None:
    voice = clip("own", 20)
    pool.voice = dict.fromkeys(vocab.WORDS, voice)
    for seed in range(60):
        line = Script(np.random.default_rng(seed), pool, 200).write()
        aside = [placed for placed in line.placed if placed.aside and (placed.clip is voice) == own]
        if aside:
            assert all(placed.gain_db < -10 for placed in aside)
            return
    pytest.fail("no conversation of sixty had it")


def test_runs_of_random_words_hold_no_control_token_and_only_words_that_can_be_learned() -> None:
    rng = np.random.default_rng(4)
    said = {word for _ in range(300) for word in wide.utterance(rng).words.split()}
    assert said <= set(vocab.WORDS)
    assert not [word for word in said if word.startswith("<")]


def test_a_speaker_of_the_articulatory_engine_is_its_files_with_other_numbers(tmp_path: Path) -> None:
    data = tmp_path / "data" / "en"
    data.mkdir(parents=True)
    (data / "voice_male.txt").write_text("# cm\nvocal_tract_length = 17.5\nnose_radius_1 = 1.35\n")
    (data / "trm_control_model.txt").write_text("voice_name = male\ntempo = 1.0\n")
    speakers = [gnuspeech.random_speaker(np.random.default_rng(seed), tmp_path) for seed in (1, 2)]
    lengths = [float(re.search(r"vocal_tract_length = (.*)", each["voice"]).group(1)) for each in speakers]
    assert lengths[0] != lengths[1] and all(11.5 <= length <= 18.5 for length in lengths)
    assert all("nose_radius_1 = 1.35" in each["voice"] and "voice_name = male" in each["control"] for each in speakers)


@pytest.mark.parametrize("name", tasks.SOUNDS)
def test_every_sound_is_another_one_and_ends_where_its_samples_end(name: str) -> None:
    one, two = (effects.sound(np.random.default_rng(seed), name) for seed in (1, 2))
    assert len(one) != len(two)
    assert abs(one[-1]) > 0.005 * np.abs(one).max()
