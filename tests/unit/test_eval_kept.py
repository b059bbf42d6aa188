"""Answers that are kept as they come are found by what decides them, and by nothing less."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals import decides
from evals.decides import digest, sources
from evals.kept import Kept


def test_what_was_kept_is_there_for_the_next_run(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "deep" / "a.jsonl")
    kept.add({"id": "a", "said": ["hello"]})
    kept.add({"id": "b", "said": []})
    assert (
        Kept(tmp_path / "deep" / "a.jsonl").rows
        == kept.rows
        == {
            "a": {"id": "a", "said": ["hello"]},
            "b": {"id": "b", "said": []},
        }
    )


@pytest.mark.parametrize("whole", ['{"id": "a"}\n', ""])
def test_a_line_that_was_torn_is_begun_anew(tmp_path: Path, whole: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(whole + '{"id": "b", "sa')
    kept = Kept(path)
    assert "b" not in kept.rows
    kept.add({"id": "b"})
    assert path.read_text() == whole + '{"id": "b"}\n'


def test_what_lies_between_a_script_and_a_word_decides_and_a_report_does_not() -> None:
    found = sources("evals.harness.lockstep")
    assert {"evals.harness.seat", "evals.media", "cluster.engine", "cluster.media.edge"} < found.keys()
    assert {"cluster.model.attention", "cluster.voice.units", "counterpoint.talk.wav"} < found.keys()
    assert not {"evals.harness.report", "evals.harness.realtime", "evals.timespeak.score"} & found.keys()


def test_another_source_file_or_fact_is_another_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("{}")
    files = [tmp_path / "config.json"]
    hashes = [digest("evals.motion", files, {"dtype": dtype}) for dtype in ("f32", "f32", "bf16")]
    (tmp_path / "config.json").write_text("{ }")
    hashes.append(digest("evals.motion", files, {"dtype": "f32"}))
    hashes.append(digest("evals.media", files, {"dtype": "f32"}))
    changed = tmp_path / "media.py"
    changed.write_text("RATE = 8_000\n")
    before = sources("evals.motion")
    monkeypatch.setattr(decides, "sources", lambda _: before | {"evals.media": changed})
    hashes.append(digest("evals.motion", files, {"dtype": "f32"}))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5
