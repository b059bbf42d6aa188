"""What the chart copies from elsewhere is what stands there."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest
import yaml
from chart_tools import CHART, ROOT, of_kind, rendered


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chart_generate", ROOT / "helm" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_table_schema_dashboards_and_rules_are_not_stale(
    generate: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_a_value_without_a_description_is_named(generate: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"values\.yaml: a\.c has no comment"):
        list(generate.described("a:\n  # -- Fine.\n  b: 1\n  c: 2\n"))


def test_what_the_chart_works_out_itself_is_no_value(generate: ModuleType) -> None:
    sections = yaml.safe_load((CHART / "values.schema.json").read_text())["$defs"]["config"]["properties"]
    assert not {"serve", "auth"} & set(sections)
    assert "shards" not in sections["experts"]
    assert "password" not in sections["redis"]


def test_every_object_of_the_schema_is_closed() -> None:
    def open_ones(node: object, at: str) -> list[str]:
        if isinstance(node, list):
            return [found for index, item in enumerate(node) for found in open_ones(item, f"{at}/{index}")]
        if not isinstance(node, dict):
            return []
        here = [at] if node.get("type") == "object" and "additionalProperties" not in node else []
        return here + [found for key, value in node.items() for found in open_ones(value, f"{at}/{key}")]

    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    assert open_ones(schema, "") == ["/properties/global"]


def test_dashboards_and_rules_of_observability_are_rendered_whole() -> None:
    objects = rendered(CHART / "ci" / "single-gpu-values.yaml")
    dashboards = {path.name: path.read_text() for path in (ROOT / "observability" / "dashboards").glob("*.json")}
    mounted = {
        name: text
        for found in of_kind(objects, "ConfigMap")
        if "grafana_dashboard" in found["metadata"]["labels"]
        for name, text in found["data"].items()
    }
    assert {name: yaml.safe_load(text) for name, text in mounted.items()} == {
        name: yaml.safe_load(text) for name, text in dashboards.items()
    }
    groups = [
        group
        for path in sorted((ROOT / "observability" / "rules").glob("*.yaml"))
        for group in yaml.safe_load(path.read_text())["groups"]
    ]
    assert [group for found in of_kind(objects, "PrometheusRule") for group in found["spec"]["groups"]] == groups
