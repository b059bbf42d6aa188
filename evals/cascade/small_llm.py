"""A small instruct model in a process of its own, for the cascade and as an agent for text benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from evals.cascade.home import HOME, LineProcess, check, model_path

NAME = "SmolLM2-135M-Instruct (Q4_1)"
CONTEXT = 2_048
_END = "<|im_end|>"


class SmallLlm:
    """Greedy, ChatML. Raises ConfigError where `make cascade` was not run."""

    def __init__(self, *, home: Path = HOME, context: int = CONTEXT, threads: int = 1) -> None:
        check(home)
        script = home / "llm.mjs"  # beside node_modules, where Node looks for them
        script.write_text((Path(__file__).parent / "llm.mjs").read_text())
        self._process = LineProcess(["node", script, model_path(home), str(context), str(threads)], cwd=home)

    def chat(self, messages: Sequence[Mapping[str, str]], *, max_tokens: int) -> tuple[str, float]:
        """messages: {role, content}. Returns the reply and the CPU seconds it took."""
        answer = self._process.ask({"prompt": chatml(messages), "max_tokens": max_tokens, "stop": [_END]})
        return str(answer["text"]).replace(_END, "").strip(), float(answer["cpu_s"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.close()


def chatml(messages: Sequence[Mapping[str, str]]) -> str:
    turns = "".join(f"<|im_start|>{each['role']}\n{each['content']}{_END}\n" for each in messages)
    return f"{turns}<|im_start|>assistant\n"
