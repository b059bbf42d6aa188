"""The clients that the READMEs show are run as they stand there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.fakes.interaction_server import FakeServer

ROOT = Path(__file__).parents[2]
SHOWN = "127.0.0.1:50051"


def shown(readme: str) -> str:
    code = re.search(r"^```python\n(.*?)^```", (ROOT / readme).read_text(), re.MULTILINE | re.DOTALL)
    assert code is not None
    return code[1]


@pytest.mark.parametrize("readme", ["README.md", "protos/README.md"])
async def test_the_client_of_a_readme_hears_what_the_model_says(
    readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "question.pcm").write_bytes(bytes(16_000))  # half a second
    heard: list[bytes] = []
    async with FakeServer({1: "hello"}) as server:
        assert SHOWN in shown(readme)
        code = shown(readme).replace(SHOWN, server.target)
        if "asyncio.run(" not in code:
            code += "\nasyncio.run(main(bytes(16_000)))\n"
        await asyncio.to_thread(exec, code, {"play": heard.append})
    assert "hello" in capsys.readouterr().out
