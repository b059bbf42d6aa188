"""Writes what the chart holds of other sources, so that each fact has one home.

    python helm/generate.py           write
    python helm/generate.py --check   name what is stale, and exit with 1

values.yaml → the table in README.md; cluster.config → `config` in values.schema.json; observability/ → files/.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cluster.config import Config

HERE = Path(__file__).parent
CHART = HERE / "counterpoint"
OBSERVABILITY = HERE.parent / "observability"
BEGIN, END = "<!-- values: generated from values.yaml -->", "<!-- end of values -->"
# What the chart works out itself; a value for it could only contradict.
OWNED = {
    "serve": "*",
    "auth": "*",
    "engine": {"checkpoint"},
    "experts": {"shards", "zones"},
    "redis": {"url", "username", "password", "sentinel_password", "tls_ca_file"},
    "scaling": {"pairs", "max_pairs"},
    "telemetry": {"metrics_host", "metrics_port", "log_dir"},
}
REUSED = "groups."  # the groups share their keys, described at the first


def main(arguments: list[str]) -> int:
    stale = [path for path, text in wanted() if not path.exists() or path.read_text() != text]
    extra = sorted(copies_on_disk() - {path for path, _ in wanted()})
    if arguments == ["--check"]:
        for path in stale + extra:
            print(f"{path.relative_to(HERE.parent)}: stale; run `python helm/generate.py`")
        return 1 if stale + extra else 0
    for path, text in wanted():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in extra:
        path.unlink()
    return 0


def wanted() -> Iterator[tuple[Path, str]]:
    """Every generated file with the text it should have."""
    values = (CHART / "values.yaml").read_text()
    readme = CHART / "README.md"
    yield readme, with_table(readme.read_text(), values)
    schema = CHART / "values.schema.json"
    yield schema, with_config(schema.read_text(), Config.model_json_schema())
    for folder, pattern in (("dashboards", "*.json"), ("rules", "*.yaml")):
        for source in sorted((OBSERVABILITY / folder).glob(pattern)):
            yield CHART / "files" / folder / source.name, source.read_text()


def copies_on_disk() -> set[Path]:
    return {*(CHART / "files" / "dashboards").glob("*.json"), *(CHART / "files" / "rules").glob("*.yaml")}


def with_table(readme: str, values: str) -> str:
    """README with its table of values made anew. Raises ValueError if it lacks the marks."""
    before, _, rest = readme.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"README.md: needs the lines {BEGIN} and {END}")
    rows = [f"| `{path}` | {_cell(default)} | {text} |" for path, default, text in described(values)]
    return "\n".join((before + BEGIN, "", "| Value | Default | What it is |", "|---|---|---|", *rows, "", END)) + after


def described(values: str) -> Iterator[tuple[str, Any, str]]:
    """(path, default, description) of every value with a comment `# -- …` above it.

    Raises ValueError for a value without one, unless its key is described in an earlier group.
    """
    lines = values.splitlines()
    known: set[str] = set()
    for path, default, line in _leaves(yaml.compose(values), yaml.safe_load(values), ""):
        text = _comment_above(lines, line)
        shared = path.rpartition(".")[2] if path.startswith(REUSED) else path
        if text:
            known.add(shared)
            yield path, default, text
        elif shared in known:
            yield path, default, "as above"
        else:
            raise ValueError(f"values.yaml: {path} has no comment that begins with two dashes")


def _leaves(node: yaml.Node, value: Any, path: str) -> Iterator[tuple[str, Any, int]]:
    """Keys down to what a user sets whole: scalars, lists, empty maps, resources, labels and the configuration."""
    assert isinstance(node, yaml.MappingNode)
    for key, child in node.value:
        at = f"{path}.{key.value}" if path else key.value
        inner = value[key.value]
        whole = key.value in ("resources", "labels", "config") or not isinstance(inner, Mapping) or not inner
        if whole:
            yield at, inner, key.start_mark.line
        else:
            yield from _leaves(child, inner, at)


def _comment_above(lines: list[str], at: int) -> str:
    found: list[str] = []
    while at > 0 and (line := lines[at - 1].strip()).startswith("#"):
        found.insert(0, line.removeprefix("#").strip())
        if found[0].startswith("--"):
            return " ".join(found).removeprefix("--").strip()
        at -= 1
    return ""


def _cell(default: Any) -> str:
    return f"`{json.dumps(default)}`"


def with_config(schema: str, config: Mapping[str, Any]) -> str:
    """The schema of values with the sections of the configuration, less what the chart owns."""
    whole = json.loads(schema)
    sections = {}
    for name, reference in config["properties"].items():
        owned = OWNED.get(name, set())
        if owned != "*":
            section = config["$defs"][reference["$ref"].rpartition("/")[2]]
            fields = {key: _plain(field) for key, field in section["properties"].items() if key not in owned}
            sections[name] = {"type": "object", "additionalProperties": False, "properties": fields}
    whole["$defs"]["config"] = {"type": "object", "additionalProperties": False, "properties": sections}
    return json.dumps(whole, indent=2) + "\n"


def _plain(field: Mapping[str, Any]) -> dict[str, Any]:
    """Without titles and defaults: defaults belong to the cluster, not to the chart."""
    return {key: value for key, value in field.items() if key not in ("title", "default")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
