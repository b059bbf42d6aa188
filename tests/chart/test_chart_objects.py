"""Every rendered object against the schema of its kind: strictly, for an old, a middle and the newest Kubernetes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
from chart_tools import CASES, Object, name_of, ray_templates, rendered
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parent / "schemas"
CUSTOM = {path.stem for path in SCHEMAS.glob("*.json")}
VERSIONS = ("1.31", "1.34", "1.37")


@cache
def custom(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{kind}.json").read_text()))


def pods(objects: tuple[Object, ...]) -> list[Object]:
    """What the operator makes of the templates, before its own additions."""
    templates = ray_templates(objects).items()
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": role, **template["metadata"]},
            "spec": template["spec"],
        }
        for role, template in templates
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_built_in_kinds_are_valid_in_this_kubernetes(case: Path | None, version: str) -> None:
    objects = rendered(case)
    for found in [*objects, *pods(objects)]:
        if found["kind"] not in CUSTOM:
            kubernetes_validate.validate(found, version, strict=True)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_custom_resources_fit_their_definitions(case: Path | None) -> None:
    for found in rendered(case):
        if found["kind"] in CUSTOM:
            assert [error.message for error in custom(found["kind"]).iter_errors(found)] == []


def test_every_custom_schema_is_used_by_some_values_file() -> None:
    assert {found["kind"] for case in CASES for found in rendered(case)} >= CUSTOM


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("enableInTreeAutoscalling",), True),
        (("workerGroupSpecs", 0, "replicas"), "2"),
        (("gcsFaultToleranceOptions", "backend"), "etcd"),
        (("workerGroupSpecs", 0, "idleTimeout"), 60),
    ],
)
def test_the_schema_of_a_ray_cluster_finds_a_mistake(at: tuple[str | int, ...], value: object) -> None:
    (cluster,) = [found for found in rendered() if found["kind"] == "RayCluster"]
    broken = json.loads(json.dumps(cluster))
    inner = broken["spec"]
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    assert custom("RayCluster").is_valid(cluster)
    assert not custom("RayCluster").is_valid(broken)
