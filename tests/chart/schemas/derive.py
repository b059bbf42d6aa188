"""Makes a JSON schema out of a CustomResourceDefinition: `python derive.py CRD.yaml VERSION > KIND.json`.

Objects are closed, descriptions are dropped, and pod templates are left open: they are checked as the pods they become.
CEL rules are not carried over.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

KEPT = {"type", "enum", "required", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}
OPEN = {"type": "object"}


def derive(crd: dict[str, Any], version: str) -> dict[str, Any]:
    """The schema of one served version, without `status`. Raises ValueError for a version it does not have."""
    found = [served for served in crd["spec"]["versions"] if served["name"] == version]
    if not found:
        raise ValueError(f"{crd['spec']['names']['kind']}: has no version {version}")
    top = found[0]["schema"]["openAPIV3Schema"]
    properties = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": OPEN}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {**properties, "spec": _closed(top["properties"]["spec"])},
    }


def _closed(node: dict[str, Any]) -> dict[str, Any]:
    out = {key: value for key, value in node.items() if key in KEPT}
    if node.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
    if "items" in node:
        out["items"] = _closed(node["items"])
    if isinstance(node.get("additionalProperties"), dict):
        out["additionalProperties"] = _closed(node["additionalProperties"])
    if "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        inner = node["properties"].items()
        out["properties"] = {key: OPEN if key == "template" else _closed(value) for key, value in inner}
        out["additionalProperties"] = False
    return out


if __name__ == "__main__":
    with Path(sys.argv[1]).open() as file:
        schema = derive(yaml.load(file, yaml.CSafeLoader), sys.argv[2])
    json.dump(schema, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
