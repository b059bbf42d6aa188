"""What the README of the chart says about the release."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import ray
from chart_tools import (
    BY_NAME,
    CASES,
    CHART,
    Object,
    config_toml,
    loaded,
    name_of,
    of_kind,
    pod_templates,
    pods_by_role,
    ray_cluster,
    ray_templates,
    rendered,
    role_of,
    worker_groups,
)
from test_chart_objects import custom

from actors.handles import ActorSpec
from actors.places import ZONE, labels_for
from cluster.model.placement import uniform_placement
from cluster.telemetry.metrics import PROGRESS

ROLES = ["supervisor", "ingest", "scheduler", "engine", "expert", "agent"]


def rendered_cluster_scales(case: Path | None) -> bool:
    (cluster,) = (each for each in rendered(case) if each["kind"] == "RayCluster")
    return cluster["spec"]["enableInTreeAutoscaling"]


def test_with_alltoall_the_experts_are_the_ranks_besides_the_engine(tmp_path: Path) -> None:
    objects = rendered(None, "--set", "config.experts.exchange=alltoall", "--set", "groups.expert.replicas=3")
    assert worker_groups(objects)["expert"]["resources"]["counterpoint_rank"] == "1"
    assert loaded(config_toml(objects) or "", tmp_path).experts.shards == 4


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_configuration_is_one_that_serve_reads(case: Path | None, tmp_path: Path) -> None:
    toml = config_toml(rendered(case))
    if toml is None:
        assert name_of(case) == "air-gapped"
        return
    config, groups, pods = loaded(toml, tmp_path), worker_groups(rendered(case)), pods_by_role(rendered(case))
    assert config.serve.ingests == pods["ingest"]
    assert config.experts.exchange != "grpc" or config.experts.shards == pods["expert"]
    assert (config.serve.port, config.telemetry.metrics_port) == (50051, 9400)
    scaled = rendered_cluster_scales(case)
    assert config.scaling.pairs == groups["engine"]["replicas"] == groups["scheduler"]["replicas"]
    assert config.scaling.most == (groups["engine"]["maxReplicas"] if scaled else config.scaling.pairs)
    assert config.redis.url
    assert not config.redis.password


def test_one_actor_of_its_role_fits_each_pod_and_none_the_head(objects: tuple[Object, ...]) -> None:
    assert list(pods_by_role(objects)) == ROLES
    for name, group in worker_groups(objects).items():
        own = {key: amount for key, amount in group["resources"].items() if key.startswith("counterpoint_")}
        assert own == {f"counterpoint_{role_of(name)}": "1"}
    assert ray_cluster(objects)["spec"]["headGroupSpec"]["resources"] == {"CPU": "0", "GPU": "0"}


def test_only_engines_and_experts_have_torch_and_gpus(objects: tuple[Object, ...]) -> None:
    for role, found in ray_templates(objects).items():
        container = found["spec"]["containers"][0]
        assert ("-torch" in container["image"]) == (role_of(role) in ("engine", "expert"))
        wanted = worker_groups(objects)[role]["resources"]["GPU"] if role != "head" else "0"
        assert container["resources"]["limits"].get("nvidia.com/gpu", "0") == wanted


def test_a_default_install_asks_for_no_gpu_for_no_code_would_use_it() -> None:
    assert {group["resources"]["GPU"] for group in worker_groups(rendered()).values()} == {"0"}
    folders = (CHART.parents[1] / "cluster", CHART.parents[1] / "actors")
    code = [file.read_text() for folder in folders for file in folder.rglob("*.py")]
    assert not [text for text in code if re.search(r"torch\.cuda|[\"']cuda|[\"']nccl", text)], "gpus may be 1 again"


def test_nothing_runs_as_root_or_writes_outside_its_volumes(objects: tuple[Object, ...]) -> None:
    for found in pod_templates(objects).values():
        pod = found["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_every_mount_has_its_volume_and_every_container_its_memory(objects: tuple[Object, ...]) -> None:
    claims = {"data"}  # of the stores, by their claim templates
    for found in pod_templates(objects).values():
        volumes = {volume["name"] for volume in found["spec"].get("volumes", [])} | claims
        for container in found["spec"]["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"]["cpu"]


def test_pods_of_a_role_are_spread_over_nodes_and_zones(objects: tuple[Object, ...]) -> None:
    for name, group in worker_groups(objects).items():
        found = {one["topologyKey"]: one for one in group["template"]["spec"]["topologySpreadConstraints"]}
        assert set(found) == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        for constraint in found.values():
            assert constraint["labelSelector"]["matchLabels"].items() <= group["template"]["metadata"]["labels"].items()
            assert constraint["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == role_of(name)


def test_large_releases_insist_on_zones_for_experts() -> None:
    groups = [group for name, group in worker_groups(rendered(BY_NAME["ep16"])).items() if role_of(name) == "expert"]
    spread = [one for group in groups for one in group["template"]["spec"]["topologySpreadConstraints"]]
    assert {constraint["whenUnsatisfiable"] for constraint in spread} == {"DoNotSchedule"}
    chosen = {group["template"]["spec"]["nodeSelector"]["topology.kubernetes.io/zone"] for group in groups}
    assert len(chosen) == len(groups) == 2


def test_a_budget_guards_each_role_that_has_pods(objects: tuple[Object, ...]) -> None:
    found = of_kind(objects, "PodDisruptionBudget")
    budgets = {budget["metadata"]["labels"]["app.kubernetes.io/component"]: budget for budget in found}
    if not budgets:
        assert objects is rendered(BY_NAME["laptop"])
        return
    replicas = pods_by_role(objects)
    running = {role_of(name): found for name, found in pod_templates(objects).items() if replicas.get(role_of(name), 1)}
    assert set(budgets) == set(running)
    for component, budget in budgets.items():
        labels = running[component]["metadata"]["labels"]
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert budget["spec"]["maxUnavailable"] == (1 if replicas.get(component, 1) > 1 else 0)


def test_probes_ask_what_they_claim(objects: tuple[Object, ...]) -> None:
    for role, group in worker_groups(objects).items():
        container = group["template"]["spec"]["containers"][0]
        if role == "ingest":
            assert container["readinessProbe"]["grpc"] == {"port": 50051}
        else:
            assert "ready" in container["readinessProbe"]["exec"]["command"]
        live = container["livenessProbe"]["exec"]["command"]
        assert "live" in live
        assert live[live.index("--rises") + 1] == PROGRESS.name
        assert container["startupProbe"]["exec"]["command"][-1] == "node"


def test_sessions_are_told_to_go_before_their_pod_ends(objects: tuple[Object, ...]) -> None:
    for role, group in worker_groups(objects).items():
        pod = group["template"]["spec"]
        hook = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
        assert (hook[:2] == ["counterpoint", "drain"]) == (role in ("ingest", "scheduler", "engine"))
        if hook:
            assert int(hook[hook.index("--wait") + 1]) < pod["terminationGracePeriodSeconds"]


def test_serve_runs_beside_the_supervisor_and_shares_what_a_ray_driver_needs(objects: tuple[Object, ...]) -> None:
    pod = worker_groups(objects)["supervisor"]["template"]["spec"]
    node, serve = pod["containers"]
    assert " ".join(serve["command"]) == "counterpoint serve --address auto --config /etc/counterpoint/config.toml"
    shared = [{(mount["name"], mount["mountPath"]) for mount in c["volumeMounts"]} for c in (node, serve)]
    assert {("tmp", "/tmp"), ("shared-mem", "/dev/shm")} <= shared[0] & shared[1]
    assert pod["shareProcessNamespace"]
    assert "RAY_AUTH_TOKEN" in {variable["name"] for variable in serve["env"]}


def test_sessions_and_the_tables_of_the_head_never_share_a_store(objects: tuple[Object, ...], tmp_path: Path) -> None:
    toml = config_toml(objects)
    options = ray_cluster(objects)["spec"].get("gcsFaultToleranceOptions", {})
    if toml and "redisAddress" in options:
        assert options["redisAddress"] not in loaded(toml, tmp_path).redis.url


def test_images_are_pinned_by_digest_and_come_from_the_mirror_where_told() -> None:
    objects = rendered(BY_NAME["air-gapped"])
    images = {c["image"] for found in pod_templates(objects).values() for c in found["spec"]["containers"]}
    assert all(image.startswith("mirror.internal/") and "@sha256:" in image for image in images)


def test_the_version_of_ray_is_the_one_installed() -> None:
    assert ray_cluster(rendered())["spec"]["rayVersion"] == ray.__version__


def test_a_store_is_full_before_its_container_is() -> None:
    for store in of_kind(rendered(), "StatefulSet"):
        *_, script = store["spec"]["template"]["spec"]["containers"][0]["command"]
        told = script.replace("exec valkey-server", "echo").replace("/sys/fs/cgroup/memory.max", "/dev/stdin")
        for limit, given in (("1000000000", "600000000"), ("max", "0")):
            done = subprocess.run(["sh", "-c", told], input=limit, capture_output=True, text=True, check=True)
            assert f"--maxmemory {given} --maxmemory-policy noeviction" in done.stdout


def test_one_kind_stands_in_each_template_file() -> None:
    for file in (CHART / "templates").glob("*.yaml"):
        kinds = {line for line in file.read_text().splitlines() if line.startswith("kind: ")}
        assert len(kinds) == 1, file.name


def test_sentinels_have_tls_and_a_password_out_of_the_secret_of_the_store(tmp_path: Path) -> None:
    given = ("redis.mode=external", "redis.url=rediss+sentinel://a:1/main/2", "redis.caSecretName=store-ca")
    given += ("redis.existingSecret=store", "redis.sentinelSecretKey=watchword")
    objects = rendered(None, *(part for value in given for part in ("--set", value)))
    redis = loaded(config_toml(objects) or "", tmp_path).redis
    assert (redis.url, redis.sentinel_password) == ("rediss+sentinel://a:1/main/2", "")
    _, serve = worker_groups(objects)["supervisor"]["template"]["spec"]["containers"]
    secrets = {
        variable["name"]: variable["valueFrom"]["secretKeyRef"] for variable in serve["env"] if "valueFrom" in variable
    }
    assert secrets["COUNTERPOINT_REDIS__PASSWORD"] == {"name": "store", "key": "redis-password"}
    assert secrets["COUNTERPOINT_REDIS__SENTINEL_PASSWORD"] == {"name": "store", "key": "watchword"}


def test_the_end_of_the_supervisors_pod_ends_no_other_actor(objects: tuple[Object, ...], tmp_path: Path) -> None:
    if toml := config_toml(objects):
        assert loaded(toml, tmp_path).serve.keep_actors


def test_each_zone_has_its_share_of_the_shards_and_takes_them_in_turn(tmp_path: Path) -> None:
    objects = rendered(BY_NAME["ep16"], "--set", "spread.expertZones={eu-a,eu-b}")
    groups = {name: group for name, group in worker_groups(objects).items() if name.startswith("expert")}
    assert list(groups) == ["expert-eu-a", "expert-eu-b"]
    for name, group in groups.items():
        zone = name.removeprefix("expert-")
        assert (group["replicas"], group["resources"]["counterpoint_expert"]) == (8, "1")
        assert group["labels"] == {ZONE: zone}
        chosen = group["template"]["spec"]["nodeSelector"]
        assert chosen == {"topology.kubernetes.io/zone": zone, "accelerator": "h100"}
        assert group["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "expert"
    assert custom("RayCluster").is_valid(ray_cluster(objects))
    config = loaded(config_toml(objects) or "", tmp_path)
    places = [labels_for(ActorSpec(role="expert", index=shard, config=config)) for shard in range(16)]
    for shards in uniform_placement(128, tuple(range(16)), copies=2).replicas:
        assert len({places[shard][ZONE] for shard in shards}) == 2


def test_with_tls_between_ray_processes_serve_has_it_too() -> None:
    _, serve = worker_groups(rendered(BY_NAME["ep16"]))["supervisor"]["template"]["spec"]["containers"]
    assert {"RAY_USE_TLS", "RAY_TLS_CA_CERT"} <= {variable["name"] for variable in serve["env"]}
    assert "/etc/ray/tls" in {mount["mountPath"] for mount in serve["volumeMounts"]}


def test_no_place_is_kept_free_on_nodes_that_keep_the_pods_out(objects: tuple[Object, ...]) -> None:
    for group in worker_groups(objects).values():
        for constraint in group["template"]["spec"]["topologySpreadConstraints"]:
            assert constraint["nodeTaintsPolicy"] == "Honor"


def test_every_actor_traces_where_a_collector_is_named() -> None:
    def named(objects: tuple[Object, ...]) -> set[str]:
        return {
            role
            for role, found in ray_templates(objects).items()
            if {"name": "OTEL_TRACES_SAMPLER_ARG", "value": "0.01"} in found["spec"]["containers"][0]["env"]
        }

    assert named(rendered(None, "--set", "monitoring.traces.endpoint=http://collector:4318")) == set(ROLES)
    assert not named(rendered())
