"""Text benchmarks end to end: an agent is whoever speaks the common protocol, the model hears the words it knows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cluster.errors import ConfigError
from cluster.media.text import Vocabulary
from evals.harness.command import evaluation
from evals.knowledge import bbh
from evals.knowledge.agents import ByText, endpoint, known_words
from evals.knowledge.run import Wanted, evaluate
from tests.unit.eval_tools import SHIPPED, VOICE, talkative


class _Api(BaseHTTPRequestHandler):
    """Says "Yes" to who asks for one word, else the prompt in capitals."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][0]["content"]
        answer = {"choices": [{"message": {"content": "Yes" if "one word" in asked else asked.upper()}}]}
        self.send_response(200 if self.path == "/v1/chat/completions" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talkative(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def four_tasks(tmp_path: Path) -> Path:
    targets = {"formal_fallacies": "valid", "navigate": "Yes", "web_of_lies": "No", "object_counting": "7"}
    for task in bbh.TASKS:
        examples = [{"input": f"Question {index} of {task}?", "target": targets[task]} for index in range(2)]
        (tmp_path / f"{task}.json").write_text(json.dumps({"examples": examples}))
    return tmp_path


def test_any_endpoint_of_the_common_protocol_is_an_agent(url: str) -> None:
    assert endpoint(f"{url}/v1", model="m", api_key="", max_tokens=8)("hello") == "HELLO"
    with pytest.raises(ConfigError, match="gave no answer"):
        endpoint(url, model="m", api_key="", max_tokens=8)("hello")


def test_the_words_a_checkpoint_lacks_are_left_out_and_no_prompt_is_refused() -> None:
    vocabulary = Vocabulary(SHIPPED / "tokenizer.json")
    told = known_words("Please, drink the exquisite water!\x07 <sil> </b> — (stop) ...", vocabulary)
    assert told == ["Please,", "drink", "the", "(stop)"]
    assert vocabulary.unknown(vocabulary.encode(" ".join(told), "prompt")) == 0
    assert known_words("exquisite", vocabulary) == []


def test_the_model_hears_of_a_prompt_what_it_knows_and_is_asked_though_that_is_nothing(checkpoint: Path) -> None:
    model = ByText(checkpoint, VOICE)
    plain, foreign, nothing = (model.answer([text])[0] for text in ("drink water", "drink fjord water", "fjord"))
    assert plain == foreign != ""
    assert nothing == model.answer([""])[0] != plain


def test_a_run_scores_the_agent_and_the_model_and_keeps_what_each_answered(
    checkpoint: Path, four_tasks: Path, url: str, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    wanted = Wanted(
        name="bbh", folder=four_tasks, checkpoint=checkpoint, voice=VOICE, agent=f"{url}/v1", out=tmp_path / "out"
    )
    report = evaluate(wanted, lambda *stage: told.append(stage))
    assert (report["agent_on"]["score"], report["agent_on"]["tasks"]["navigate"]) == (25, 100)
    low, high = report["agent_on"]["ci95"]
    assert low <= 25 <= high
    assert set(report["agent_off"]["tasks"]) == set(bbh.TASKS)
    assert report["commonest_answer"] == dict.fromkeys(bbh.TASKS, 100.0)
    assert (report["set"]["items"], report["agent"], report["missing"]) == (8, f"{url}/v1", [])
    assert json.loads((tmp_path / "out" / "bbh.json").read_text()) == json.loads(json.dumps(report))
    rows = [json.loads(line) for line in (tmp_path / "out" / "bbh.answers.jsonl").read_text().splitlines()]
    assert [row["agent_on"] for row in rows if "navigate" in row["prompt"]] == ["Yes", "Yes"]
    assert all(row["agent_off"] for row in rows)
    assert told[-1] == ("the agent", 8, 8)


def test_some_of_the_prompts_are_evenly_spread_and_without_an_agent_the_report_says_so(
    checkpoint: Path, four_tasks: Path, tmp_path: Path
) -> None:
    wanted = Wanted(name="bbh", folder=four_tasks, checkpoint=checkpoint, voice=VOICE, items=4, out=tmp_path / "out")
    report = evaluate(wanted, lambda *_: None)
    assert set(report["agent_off"]["tasks"]) == set(bbh.TASKS)
    assert report["agent_on"] is None
    assert report["missing"] == ["the agent: --agent small, or the URL of an OpenAI-compatible endpoint"]


def test_the_command_shows_what_an_agent_follows_and_a_report_beside_the_prompts_is_none_of_them(
    checkpoint: Path, url: str, tmp_path: Path
) -> None:
    row = {
        "key": 1,
        "prompt": "Answer in capitals without a comma.",
        "instruction_id_list": ["punctuation:no_comma", "change_case:english_capital"],
        "kwargs": [{}, {}],
    }
    (tmp_path / "input_data.jsonl").write_text(json.dumps(row) + "\n")
    app = typer.Typer()
    app.command()(evaluation)
    options = ["--set", str(tmp_path), "--checkpoint", str(checkpoint), "--agent", f"{url}/v1", "--out", str(tmp_path)]
    shown = CliRunner().invoke(app, ["ifeval", *options])
    assert shown.exit_code == 0, shown.output
    report = json.loads((tmp_path / "ifeval.json").read_text())
    assert (report["agent_on"]["score"], report["instructions"]) == (100, 2)
    assert "100" in shown.output
    told = CliRunner().invoke(app, ["ifeval", *options, "--json"])
    assert json.loads(told.stdout) == report
