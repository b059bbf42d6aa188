"""Text benchmarks: rules judge the answers, and an agent is whoever speaks the common protocol."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cluster.errors import ConfigError
from evals.knowledge import bbh, ifeval
from evals.knowledge.agents import endpoint

PROMPT = ifeval.Prompt(
    key=1,
    prompt="Write two words without a comma.",
    instructions=("punctuation:no_comma", "detectable_format:number_highlighted_sections"),
    kwargs=({}, {"num_highlights": 1}),
)


@pytest.mark.parametrize(
    ("task", "answer", "normal"),
    [
        ("navigate", "Yes.", "yes"),
        ("navigate", "It may seem yes, but the answer is No", "no"),
        ("formal_fallacies", "The argument is **invalid**.", "invalid"),
        ("object_counting", "I count 3 apples and 5 plums, so 8", "8"),
        ("object_counting", "There are eleven.", "11"),
        ("web_of_lies", "I cannot tell", ""),
    ],
)
def test_an_answer_is_read_whatever_stands_around_it(task: str, answer: str, normal: str) -> None:
    assert bbh.normalise(task, answer) == normal


def test_silence_is_never_right_and_chance_is_told() -> None:
    questions = [bbh.Question(task="navigate", text="?", target=target) for target in ("Yes", "No", "No")]
    assert not any(bbh.right(each, "") for each in questions)
    assert bbh.chance(questions) == {"navigate": 66.67}


def test_instructions_are_verified_strictly_and_loosely() -> None:
    pytest.importorskip("langdetect", reason="`make eval-text` brings the verifiers")
    good = ifeval.verify(PROMPT, "*two words*")
    assert (good.strict, good.loose) == ((True, True), (True, True))
    first_line = ifeval.verify(PROMPT, "Sure, here it is:\n*two words*")
    assert (first_line.strict, first_line.loose) == ((False, True), (True, True))
    empty = ifeval.verify(PROMPT, "")
    assert not any((*empty.strict, *empty.loose))
    found = ifeval.accuracies([good, first_line, empty])
    assert found["prompt_strict"] == pytest.approx(100 / 3)
    assert found["instruction_loose"] == pytest.approx(200 / 3)


class _Api(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {"choices": [{"message": {"content": asked["messages"][0]["content"].upper()}}]}
        self.send_response(200 if self.path == "/v1/chat/completions" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_any_endpoint_of_the_common_protocol_is_an_agent() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        assert endpoint(f"{url}/v1", model="m", api_key="", max_tokens=8)("hello") == "HELLO"
        with pytest.raises(ConfigError, match="gave no answer"):
            endpoint(url, model="m", api_key="", max_tokens=8)("hello")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_prompts_that_are_not_there_are_asked_for_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"input_data\.jsonl"):
        ifeval.read(tmp_path)
    with pytest.raises(ConfigError, match=r"formal_fallacies\.json"):
        bbh.read(tmp_path)
