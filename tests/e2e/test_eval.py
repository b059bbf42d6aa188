"""An evaluation is what a client would get: the harness against the public wire, and a whole run on a tiny set."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import accumulate
from pathlib import Path

import pytest

from counterpoint.talk.wav import read_wav
from evals.harness import refusal
from evals.harness.lockstep import listen
from evals.harness.model import load_model
from evals.harness.script import Script
from evals.items import Expect, Item, Said, write_set
from tests.e2e.conftest import SHIPPED, command, environment, serving

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
DEMO = SHIPPED / "demo" / "demo.wav"
VOICE = SHIPPED.parent / "voice"
FIRST_S, SECOND_S = 13.0, 5.0  # a request and its answer; a part of it


def test_the_harness_hears_what_a_client_of_the_public_wire_hears(tmp_path: Path) -> None:
    model = load_model(SHIPPED, VOICE, sessions=2, deterministic=True)
    scripts = [Script(id=f"s{s:g}", sound=read_wav(DEMO).lasting(s)) for s in (FIRST_S, SECOND_S)]
    heard = listen(model, scripts)
    assert any(said.text == "drink water" for said in heard[0].said)
    with serving(SHIPPED, tmp_path, "--sessions", "2") as cluster:
        for script, listened in zip(scripts, heard, strict=True):
            out = tmp_path / script.id
            arguments = ["--target", cluster.target, "--lockstep", "--out", str(out), "--json"]
            said = run("talk", str(DEMO), "--max-seconds", f"{script.sound.seconds:g}", *arguments)
            assert said.returncode == 0, said.stderr
            assert_same(out / "session.jsonl", listened.said)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command to its end. The first lockstep session starts a pair of actors, which takes its time."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, env=environment(), timeout=200, check=False
    )


def assert_same(log: Path, said: tuple[Said, ...]) -> None:
    """Every word in its order, where each output of the harness begins, and every event."""
    turns = [record for record in map(json.loads, log.read_text().splitlines()) if record["kind"] == "turn"]
    words = [(round(word["t_s"], 2), word["text"].strip()) for turn in turns for word in turn["said"]]
    events = [(round(turn["out_s"], 2), f"<{event['what']}>") for turn in turns for event in turn["events"]]
    spoken = [each for each in said if not each.text.startswith("<")]
    assert [text for _, text in words] == [word for each in spoken for word in each.text.split()]
    firsts = accumulate((len(each.text.split()) for each in spoken[:-1]), initial=0)
    assert [words[first][0] for first in firsts if spoken] == [round(each.onset_s, 2) for each in spoken]
    assert events == [(round(each.onset_s, 2), each.text) for each in said if each.text.startswith("<")]


@pytest.mark.long
def test_a_whole_run_leaves_its_report_and_is_refused_without_a_cascade(tmp_path: Path) -> None:
    folder, out = tmp_path / "set", tmp_path / "out"
    folder.mkdir()
    shutil.copy(DEMO, folder / "a.wav")
    tags = {"voice": "recorded", "split": "dev"}
    due = Expect(text="drink water", from_s=11.6, to_s=12.8)
    asked = Item(id="a", duration_s=13.4, audio="a.wav", expect=(due,), tags={"family": "every", "n": "7.5", **tags})
    write_set(folder, [asked, Item(id="b", duration_s=4.0, tags={"family": "decoy", **tags})])
    options = ["eval", "timespeak", "--set", str(folder), "--realtime", "2", "--sessions", "2", "--cascade", "0"]
    done = run(*options, "--out", str(out), "--json")
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert report["refused"] == [f"the control `{refusal.CASCADE}` is missing"]
    assert report["lockstep"]["score"] == report["controls"]["oracle"] == 100.0
    assert report["realtime"]["items"] == 2
    assert report["controls"]["zero_weights"] == report["controls"]["silence"] == 50.0
    assert report["cluster"]["micro_turns"] == 67 + 20
    lockstep, realtime = (report["versions"]["dtype"][way] for way in ("lockstep", "realtime"))
    assert lockstep == realtime
    assert report["cluster"]["others_cores"] is not None
    assert report["goals"]["of"] == "realtime"
    assert json.loads((out / "timespeak.json").read_text()) == report
    assert "<svg" in (out / "timespeak.html").read_text()
