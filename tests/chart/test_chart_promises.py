"""What the README of the chart says about the release."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import ray
from chart_tools import (
    CASES,
    CHART,
    CI,
    Object,
    config_toml,
    name_of,
    of_kind,
    pod_templates,
    ray_cluster,
    ray_templates,
    rendered,
    template,
    worker_groups,
)
from test_chart_objects import custom

from actors.handles import ActorSpec
from actors.places import ZONE, labels_for
from cluster.config import load
from cluster.model.placement import uniform_placement
from cluster.telemetry.metrics import PROGRESS, READY

BY_NAME = {name_of(case): case for case in CI}
ROLES = ["supervisor", "ingest", "scheduler", "engine", "expert", "agent"]


def loaded(toml: str, folder: Path):
    file = folder / "config.toml"
    file.write_text(toml)
    return load(file, env={})


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
    config, groups = loaded(toml, tmp_path), worker_groups(rendered(case))
    assert config.serve.ingests == groups["ingest"]["replicas"]
    assert config.experts.exchange != "grpc" or config.experts.shards == groups["expert"]["replicas"]
    assert (config.serve.port, config.telemetry.metrics_port) == (50051, 9400)
    scaled = rendered_cluster_scales(case)
    assert config.scaling.pairs == groups["engine"]["replicas"] == groups["scheduler"]["replicas"]
    assert config.scaling.most == (groups["engine"]["maxReplicas"] if scaled else config.scaling.pairs)
    assert config.redis.url
    assert not config.redis.password


def test_api_keys_make_the_configuration_a_secret(tmp_path: Path) -> None:
    objects = rendered(None, "--set", "auth.apiKeys.one-of-our-own=trial")
    assert of_kind(objects, "Secret", "cp-counterpoint-config")
    assert not of_kind(objects, "ConfigMap", "cp-counterpoint-config")
    assert loaded(config_toml(objects) or "", tmp_path).auth.api_keys == {"one-of-our-own": "trial"}


def test_one_actor_of_its_role_fits_each_pod_and_none_the_head(objects: tuple[Object, ...]) -> None:
    assert list(worker_groups(objects)) == ROLES
    for role, group in worker_groups(objects).items():
        own = {name: amount for name, amount in group["resources"].items() if name.startswith("counterpoint_")}
        assert own == {f"counterpoint_{role}": "1"}
    assert ray_cluster(objects)["spec"]["headGroupSpec"]["resources"] == {"CPU": "0", "GPU": "0"}


def test_only_engines_and_experts_have_torch_and_gpus(objects: tuple[Object, ...]) -> None:
    for role, found in ray_templates(objects).items():
        container = found["spec"]["containers"][0]
        assert ("-torch" in container["image"]) == (role in ("engine", "expert"))
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
    for role, group in worker_groups(objects).items():
        found = {one["topologyKey"]: one for one in group["template"]["spec"]["topologySpreadConstraints"]}
        assert set(found) == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        for constraint in found.values():
            assert constraint["labelSelector"]["matchLabels"].items() <= group["template"]["metadata"]["labels"].items()
            assert constraint["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == role


def test_large_releases_insist_on_zones_for_experts() -> None:
    spread = worker_groups(rendered(BY_NAME["ep16"]))["expert"]["template"]["spec"]["topologySpreadConstraints"]
    assert {constraint["whenUnsatisfiable"] for constraint in spread} == {"DoNotSchedule"}


def test_a_budget_guards_each_role_that_has_pods(objects: tuple[Object, ...]) -> None:
    found = of_kind(objects, "PodDisruptionBudget")
    budgets = {budget["metadata"]["labels"]["app.kubernetes.io/component"]: budget for budget in found}
    if not budgets:
        assert objects is rendered(BY_NAME["laptop"])
        return
    replicas = {role: group["replicas"] for role, group in worker_groups(objects).items()}
    running = {role for role in pod_templates(objects) if replicas.get(role, 1)}
    assert set(budgets) == running
    for component, budget in budgets.items():
        labels = pod_templates(objects)[component]["metadata"]["labels"]
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


def test_secrets_reach_only_the_container_that_serves(objects: tuple[Object, ...]) -> None:
    for role, found in ray_templates(objects).items():
        for container in found["spec"]["containers"]:
            secret = [variable["name"] for variable in container["env"] if "valueFrom" in variable]
            mounts = {mount["name"] for mount in container["volumeMounts"]}
            assert bool(secret) == (container["name"] == "serve"), role
            assert ("config" in mounts) == (container["name"] == "serve"), role


def test_sessions_and_the_tables_of_the_head_never_share_a_store(objects: tuple[Object, ...], tmp_path: Path) -> None:
    toml = config_toml(objects)
    options = ray_cluster(objects)["spec"].get("gcsFaultToleranceOptions", {})
    if toml and "redisAddress" in options:
        assert options["redisAddress"] not in loaded(toml, tmp_path).redis.url


def test_no_values_file_shows_a_release_to_the_world_in_plain_text_or_by_a_known_key(
    objects: tuple[Object, ...],
) -> None:
    (service,) = of_kind(objects, "Service", "cp-counterpoint")
    assert service["spec"]["type"] == "ClusterIP"
    assert "change-me" not in (config_toml(objects) or "")


def test_the_public_service_finds_every_ingest_and_nothing_else(objects: tuple[Object, ...]) -> None:
    (service,) = of_kind(objects, "Service", "cp-counterpoint")
    chosen = [
        component
        for component, found in pod_templates(objects).items()
        if service["spec"]["selector"].items() <= found["metadata"]["labels"].items()
    ]
    assert chosen == ["ingest"]
    assert service["spec"]["ports"][0]["appProtocol"] == "kubernetes.io/h2c"


def test_a_client_is_kept_by_address_only_where_the_service_sees_its_address(objects: tuple[Object, ...]) -> None:
    (service,) = of_kind(objects, "Service", "cp-counterpoint")
    proxied = any(found["kind"] in ("Ingress", "GRPCRoute") for found in objects)
    assert (service["spec"].get("sessionAffinity") == "ClientIP") != proxied


def test_every_secret_that_is_named_is_rendered_given_or_made_by_the_operator(objects: tuple[Object, ...]) -> None:
    made = {found["metadata"]["name"] for found in of_kind(objects, "Secret")} | {"cp-counterpoint"}
    given = {"ray-token", "sessions-redis", "gcs-redis", "counterpoint-config"}
    named = {
        variable["valueFrom"]["secretKeyRef"]["name"]
        for found in pod_templates(objects).values()
        for container in found["spec"]["containers"]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    assert named <= made | given


def test_images_are_pinned_by_digest_and_come_from_the_mirror_where_told() -> None:
    objects = rendered(BY_NAME["air-gapped"])
    images = {c["image"] for found in pod_templates(objects).values() for c in found["spec"]["containers"]}
    assert all(image.startswith("mirror.internal/") and "@sha256:" in image for image in images)


def test_the_policy_lets_clients_reach_the_public_port_only() -> None:
    (policy, _) = of_kind(rendered(BY_NAME["ep16"]), "NetworkPolicy")
    rules = policy["spec"]["ingress"]
    public = [rule for rule in rules if "gateways" in str(rule.get("from"))]
    assert [rule["ports"] for rule in public] == [[{"port": "grpc", "protocol": "TCP"}]]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_ports_named_by_services_monitors_and_policies_exist(objects: tuple[Object, ...]) -> None:
    ports = {
        port["name"]
        for found in pod_templates(objects).values()
        for container in found["spec"]["containers"]
        for port in container.get("ports", [])
    }
    monitors = of_kind(objects, "PodMonitor")
    scraped = {endpoint["port"] for monitor in monitors for endpoint in monitor["spec"]["podMetricsEndpoints"]}
    served = {port["targetPort"] for service in of_kind(objects, "Service") for port in service["spec"]["ports"]}
    assert scraped | served <= ports


def test_the_version_of_ray_is_the_one_installed() -> None:
    assert ray_cluster(rendered())["spec"]["rayVersion"] == ray.__version__


def test_a_password_is_made_for_each_store_and_never_written_elsewhere() -> None:
    text = template().stdout
    secrets = of_kind(rendered(), "Secret")
    assert {found["metadata"]["name"] for found in secrets} == {"cp-counterpoint-redis", "cp-counterpoint-gcs"}
    assert 'requirepass "$REDISCLI_AUTH"' in text


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


def mounted(objects: tuple[Object, ...], name: str) -> set[tuple[str, str]]:
    """(role, container) that have this volume."""
    return {
        (role, container["name"])
        for role, found in ray_templates(objects).items()
        for container in found["spec"]["containers"]
        if name in {mount["name"] for mount in container["volumeMounts"]}
    }


def test_the_public_port_ends_tls_where_it_has_a_certificate(tmp_path: Path) -> None:
    objects = rendered(None, "--set", "tls.secretName=live-tls")
    serve = loaded(config_toml(objects) or "", tmp_path).serve
    assert (serve.tls_cert_file, serve.tls_key_file) == (
        "/etc/counterpoint-tls/tls.crt",
        "/etc/counterpoint-tls/tls.key",
    )
    assert mounted(objects, "tls") == {("ingest", "ray-worker")}
    ready = worker_groups(objects)["ingest"]["template"]["spec"]["containers"][0]["readinessProbe"]
    assert "grpc" not in ready, "the kubelet speaks plain text only"
    assert ready["exec"]["command"][-1] == f"{READY.name}=1"
    (service,) = of_kind(objects, "Service", "cp-counterpoint")
    assert service["spec"]["ports"][0]["appProtocol"] == "https"
    assert not loaded(config_toml(rendered()) or "", tmp_path).serve.tls_cert_file
    assert not mounted(rendered(), "tls")


def test_the_authority_of_the_store_lies_where_somebody_speaks_to_it(tmp_path: Path) -> None:
    given = ("redis.mode=external", "redis.url=rediss://store:6380", "redis.caSecretName=store-ca")
    objects = rendered(None, *(part for value in given for part in ("--set", value)))
    assert loaded(config_toml(objects) or "", tmp_path).redis.tls_ca_file == "/etc/counterpoint-redis/ca.crt"
    assert mounted(objects, "redis-ca") == {("scheduler", "ray-worker"), ("supervisor", "serve")}


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
