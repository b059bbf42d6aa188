"""Who answers a text benchmark: an OpenAI-compatible endpoint, a small model here, or the interaction model by text."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.errors import ConfigError, InvalidInput
from cluster.media.text import Vocabulary
from counterpoint.talk.wav import Sound
from evals.cascade.small_llm import NAME, SmallLlm
from evals.harness.lockstep import listen
from evals.harness.model import Model, load_model
from evals.harness.script import SILENT_HZ, Script, Typed

Agent = Callable[[str], str]
TIMEOUT_S = 600
LISTEN_S = 6.0  # what the interaction model gets to answer in, after the last word of the prompt
SMALL = "small"


@contextmanager
def agent(spec: str, *, model: str = "", api_key: str = "", max_tokens: int = 1_024) -> Iterator[tuple[str, Agent]]:
    """spec: `small` (SmolLM2 from `make cascade`) or the base URL of an endpoint, such as http://127.0.0.1:8000/v1.

    Gives the agent's name and the agent. Raises ConfigError.
    """
    if spec == SMALL:
        with SmallLlm() as small:
            yield NAME, lambda prompt: small.chat([{"role": "user", "content": prompt}], max_tokens=max_tokens)[0]
    elif spec.startswith(("http://", "https://")):
        yield model or spec, endpoint(spec, model=model, api_key=api_key, max_tokens=max_tokens)
    else:
        raise ConfigError("--agent", f"must be `{SMALL}` or the URL of an OpenAI-compatible endpoint, got {spec}")


def endpoint(url: str, *, model: str, api_key: str, max_tokens: int) -> Agent:
    """Greedy chat completions. An answer that is none raises ConfigError: a benchmark is whole or it is none."""

    def ask(prompt: str) -> str:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": max_tokens,
        }
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        request = urllib.request.Request(
            f"{url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                return str(json.load(response)["choices"][0]["message"]["content"] or "")
        except (urllib.error.URLError, OSError, ValueError, KeyError, IndexError) as error:
            raise ConfigError("--agent", f"{url} gave no answer: {error}") from None

    return ask


class ByText:
    """The interaction model, asked by text. Words it does not know are left out: it has a closed vocabulary."""

    def __init__(self, checkpoint: Path, voice: Path) -> None:
        self._model: Model = load_model(checkpoint, voice, sessions=32, deterministic=False)
        self.name = f"{checkpoint.name}@{self._model.sha256[:12]}"

    def answer(self, prompts: list[str]) -> list[str]:
        """What it said to each, joined; mostly nothing."""
        scripts = [self._script(f"p{index}", prompt) for index, prompt in enumerate(prompts)]
        heard = listen(self._model, scripts)
        return [" ".join(said.text for said in each.said if not said.text.startswith("<")).strip() for each in heard]

    def _script(self, id: str, prompt: str) -> Script:
        known = known_words(prompt, self._model.vocabulary)
        most = self._model.spec.text_in_max
        seconds = LISTEN_S + 0.2 * (len(known) // most + 1)
        sound = Sound(pcm=b"", sample_rate_hz=SILENT_HZ).lasting(round(seconds * 5) / 5)
        return Script(id=id, sound=sound, typed=(Typed(at_ms=0, text=" ".join(known)),) if known else ())


def known_words(prompt: str, vocabulary: Vocabulary) -> list[str]:
    """Those of its words of which the checkpoint has each part: none that it would read as unknown."""
    return [word for word in prompt.split() if _known(word, vocabulary)]


def _known(word: str, vocabulary: Vocabulary) -> bool:
    try:
        tokens = vocabulary.encode(word, "prompt")
    except InvalidInput:  # a control character, or what looks like a control token
        return False
    return bool(tokens) and not vocabulary.unknown(tokens)
