"""Everything below deploy/ through the tools that will read it, as far as they run without a container engine."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import compose_spec
import pytest
import ray
import yaml
from chart_tools import ROOT, ray_cluster, rendered, worker_groups
from jsonschema import Draft7Validator

from actors.handles import ActorInfo
from cluster.config import load

DEPLOY = ROOT / "deploy"
CONFIGS = sorted((DEPLOY / "config").glob("*.toml"))


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=40, check=False)


def script(name: str) -> ModuleType:
    sys.path.insert(0, str(DEPLOY))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DEPLOY))


def compose() -> dict[str, dict]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = run(Path(sys.executable).with_name("hadolint"), "--format", "json", DEPLOY / "Dockerfile")
    assert json.loads(done.stdout) == []


def test_the_dockerfile_copies_only_what_is_sent_and_there() -> None:
    sent = (DEPLOY / "Dockerfile.dockerignore").read_text()
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert any(f"!{part}" in sent.split() for part in (source, *map(str, Path(source).parents))), source


def stages() -> dict[str, str]:
    """Text of each stage of the Dockerfile by its name, its lines joined; the first, unnamed: what stands before."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    parts = re.split(r"(?m)^FROM \S+ AS (\S+)$", text)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def test_an_image_begins_with_a_python_of_one_patch_level() -> None:
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?$", stages()[""], re.M)


def test_wheels_are_installed_by_hash_and_compiled_by_content() -> None:
    found = stages()
    assert "--require-hashes --no-deps --requirement deploy/wheels.lock" in found["build"]
    for stage in ("build", "build-torch"):
        installs = re.findall(r"pip install .*?(?:&&|$)", found[stage], re.M)
        assert installs
        assert all("--no-compile" in each for each in installs), "pip writes times into what it compiles"
        assert "compileall -qq --invalidation-mode unchecked-hash" in found[stage]


def test_an_engines_image_adds_torch_to_the_layers_of_the_base() -> None:
    found = stages()
    assert found["torch"].split() == ["COPY", "--from=build-torch", "/opt/torch", "/opt/torch"]
    assert "--target /opt/torch" in found["build-torch"]
    assert 'ARG TORCH_INDEX=""' in found["build-torch"]
    assert "engine.pth" in found["build"]


def pins(file: Path) -> dict[str, str]:
    """Version by name, in one spelling."""
    found = re.findall(r"(?m)^([\w.-]+)==(\S+)", file.read_text())
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def test_the_lock_with_hashes_has_the_versions_of_the_other_and_every_dependency() -> None:
    hashed, all_of_them = pins(DEPLOY / "wheels.lock"), pins(ROOT / "requirements.lock")
    assert hashed.items() <= all_of_them.items()
    lines = (DEPLOY / "wheels.lock").read_text().splitlines()[1:]
    assert all(re.fullmatch(r"\S+==\S+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    direct = run(sys.executable, DEPLOY / "requirements.py", "--without", "torch").stdout.split()
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[=]", line)[0]).lower() for line in direct}
    assert names <= set(hashed)
    assert "torch" not in hashed


def test_a_lock_is_written_from_what_pip_would_install() -> None:
    def wheel(name: str) -> dict:
        info = {"archive_info": {"hashes": {"sha256": name * 64}}, "url": ""}
        return {"metadata": {"name": name, "version": "1"}, "download_info": info}

    text = script("wheels").lock({"install": [wheel("b"), wheel("A")]})
    assert text.splitlines()[1:] == [f"{name}==1 --hash=sha256:{name * 64}" for name in ("A", "b")]


@pytest.mark.parametrize(("option", "has_torch"), [("--without", False), ("--only", True)])
def test_an_image_has_torch_or_has_it_not(option: str, has_torch: bool) -> None:
    lines = run(sys.executable, DEPLOY / "requirements.py", option, "torch").stdout.split()
    assert any(line.startswith("torch==") for line in lines) == has_torch
    assert all("==" in line for line in lines)
    assert any(line.startswith("opentelemetry-") for line in lines) != has_torch, "traces are in the layer of both"
    assert not any(line.startswith("counterpoint") for line in lines)


def test_a_misspelt_dependency_is_named() -> None:
    assert "trch: is no dependency" in run(sys.executable, DEPLOY / "requirements.py", "--only", "trch").stderr


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_is_one_that_serve_reads(config: Path) -> None:
    assert load(config, env={}).serve.port == 50051


def test_a_compose_implementation_reads_the_file_and_finds_every_volume() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    parsed = compose_spec.PyCompose.from_yaml(text)
    parsed.validate()
    assert set(parsed.service_names()) == {"redis", "counterpoint", "targets", "prometheus", "grafana"}


def test_files_that_compose_mounts_exist() -> None:
    mounts = [volume for service in compose()["services"].values() for volume in service.get("volumes", [])]
    files = [mount.partition(":")[0] for mount in mounts if mount.startswith(".")]
    missing = {file for file in files if not (DEPLOY / file).exists()}
    assert len(files) > 6
    assert not missing


def test_nothing_in_compose_is_privileged_or_open_to_the_network() -> None:
    for name, service in compose()["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_every_image_has_a_version() -> None:
    for name, service in compose()["services"].items():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name


def test_the_plans_of_the_sizing_page_are_what_the_planner_says() -> None:
    done = run(sys.executable, DEPLOY / "sizing.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_sizing_page_is_made_anew() -> None:
    sizing = script("sizing")
    assert "| sessions per GPU |" in (text := (DEPLOY / "SIZING.md").read_text())
    assert sizing.page(text.replace("| sessions per GPU |", "| sessions |")) == text
    with pytest.raises(ValueError, match="needs the lines"):
        sizing.page("nothing")


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: the unit was not verified here")
    unit = tmp_path / "counterpoint.service"
    text = (DEPLOY / "counterpoint.service").read_text()
    # Verification wants to find what is started; nothing is installed below /opt here.
    unit.write_text(re.sub(r"(?m)^(ExecStart(?:Pre)?=)\S+", rf"\1{sys.executable}", text))
    done = run(analyze, "verify", "--man=no", unit)
    assert "counterpoint.service" not in done.stderr, done.stderr


def test_the_unit_says_how_its_user_comes_to_be() -> None:
    text = (DEPLOY / "counterpoint.service").read_text()
    user = re.search(r"(?m)^User=(.*)$", text)
    assert user
    head = text.partition("[Unit]")[0]
    assert f"u {user[1]} " in head
    assert re.search(rf"useradd --system .* {user[1]}$", head, re.M)


def test_the_launcher_of_ray_accepts_its_file() -> None:
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    assert [error.message for error in Draft7Validator(schema).iter_errors(launcher())] == []
    assert launcher()["head_node_type"] in launcher()["available_node_types"]


def launcher() -> dict:
    return yaml.safe_load((DEPLOY / "ray-cluster.yaml").read_text())


def test_nodes_of_the_launcher_write_where_their_configuration_says_and_prove_who_they_are() -> None:
    found, serve = launcher(), load(DEPLOY / "config" / "nodes.toml", env={}).serve
    options = dict(
        option.partition(" ")[::2] for option in found["docker"]["run_options"] if not option.startswith("-e")
    )
    assert "--read-only" in options
    assert options["-v"].partition(":")[2] == str(serve.data_dir)
    assert options["--tmpfs"] == "/tmp"
    told = dict(option.removeprefix("-e ").split("=") for option in found["docker"]["run_options"] if "RAY_" in option)
    assert told["RAY_AUTH_MODE"] == serve.ray_auth == "token"
    assert told["RAY_AUTH_TOKEN_PATH"] in found["file_mounts"]
    written = next(line for line in (DEPLOY / "ray-cluster.yaml").read_text().splitlines() if "get-auth-token" in line)
    assert written.endswith(f"> {found['file_mounts'][told['RAY_AUTH_TOKEN_PATH']]}")


def test_the_launchers_head_is_told_of_a_store_that_all_nodes_reach() -> None:
    head = re.match(r"(?:#.*\n)+", (DEPLOY / "ray-cluster.yaml").read_text())
    assert head
    (line,) = [line for line in head[0].splitlines() if "counterpoint serve" in line]
    assert "REDIS_URL=" in line


def test_launcher_and_chart_offer_the_same_resources_by_role() -> None:
    groups = worker_groups(rendered())
    for role, kind in launcher()["available_node_types"].items():
        named = {name for name in kind["resources"] if name.startswith("counterpoint_")}
        assert named == {f"counterpoint_{'supervisor' if role == 'head' else role}"}
        assert named <= {name for group in groups.values() for name in group["resources"]}


def test_images_have_the_same_names_everywhere() -> None:
    chart = {group["template"]["spec"]["containers"][0]["image"] for group in worker_groups(rendered()).values()}
    elsewhere = {service["image"] for service in compose()["services"].values() if "build" in service}
    assert elsewhere | {launcher()["docker"]["image"]} <= chart
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert all(image.endswith(f":{version}") for image in chart)
    assert ray_cluster(rendered())["spec"]["rayVersion"] == ray.__version__


def test_targets_carry_the_labels_that_rules_go_by() -> None:
    targets = script("targets").targets
    actor = ActorInfo(role="engine", name="engine-0", pid=1, node="n", address="", metrics_address="127.0.0.1:9101")
    assert json.loads(targets([actor])) == [
        {"targets": ["127.0.0.1:9101"], "labels": {"role": "engine", "actor": "engine-0"}}
    ]


def test_prometheus_reads_the_file_that_targets_writes() -> None:
    scraped = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"][0]["file_sd_configs"][0]
    services = compose()["services"]
    written = next(part for part in services["targets"]["command"] if part.endswith(".json"))
    folder = next(at.split(":")[1] for at in services["targets"]["volumes"] if at.startswith("targets:"))
    assert written.replace(folder, "/targets") in scraped["files"]
    assert "targets:/targets:ro" in services["prometheus"]["volumes"]


def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: deploy/prometheus.yml was not checked here")
    shutil.copytree(ROOT / "observability" / "rules", tmp_path / "rules")
    shutil.copy(DEPLOY / "prometheus.yml", tmp_path)
    done = run(promtool, "check", "config", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
