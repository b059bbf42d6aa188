"""Who reaches what: the public port, the ports beside it, certificates, keys and passwords."""

from __future__ import annotations

from pathlib import Path

from chart_tools import (
    BY_NAME,
    Object,
    config_toml,
    loaded,
    of_kind,
    pod_templates,
    ray_templates,
    rendered,
    template,
    worker_groups,
)

from cluster.telemetry.metrics import READY


def test_api_keys_make_the_configuration_a_secret(tmp_path: Path) -> None:
    objects = rendered(None, "--set", "auth.apiKeys.one-of-our-own=trial")
    assert of_kind(objects, "Secret", "cp-counterpoint-config")
    assert not of_kind(objects, "ConfigMap", "cp-counterpoint-config")
    assert loaded(config_toml(objects) or "", tmp_path).auth.api_keys == {"one-of-our-own": "trial"}


def test_secrets_reach_only_the_container_that_serves(objects: tuple[Object, ...]) -> None:
    for role, found in ray_templates(objects).items():
        for container in found["spec"]["containers"]:
            secret = [variable["name"] for variable in container["env"] if "valueFrom" in variable]
            mounts = {mount["name"] for mount in container["volumeMounts"]}
            assert bool(secret) == (container["name"] == "serve"), role
            assert ("config" in mounts) == (container["name"] == "serve"), role


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


def test_the_policy_lets_clients_reach_the_public_port_only() -> None:
    (policy, _) = of_kind(rendered(BY_NAME["ep16"]), "NetworkPolicy")
    rules = policy["spec"]["ingress"]
    public = [rule for rule in rules if "gateways" in str(rule.get("from"))]
    assert [rule["ports"] for rule in public] == [[{"port": "grpc", "protocol": "TCP"}]]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_names_are_asked_for_where_the_cluster_answers_them() -> None:
    def asked(*settings: str) -> Object:
        options = [
            part for setting in ("restrictEgress=true", *settings) for part in ("--set", f"networkPolicy.{setting}")
        ]
        (policy,) = of_kind(rendered(None, *options), "NetworkPolicy")
        return policy["spec"]["egress"][1]

    kubes, own = asked(), asked("dns.to[0].ipBlock.cidr=169.254.20.10/32", "dns.port=5353")
    assert "kube-system" in str(kubes["to"])
    assert own["to"] == [{"ipBlock": {"cidr": "169.254.20.10/32"}}]
    assert [({port["port"] for port in rule["ports"]}) for rule in (kubes, own)] == [{53}, {5353}]
    assert all({port["protocol"] for port in rule["ports"]} == {"UDP", "TCP"} for rule in (kubes, own))


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
    policies = of_kind(objects, "NetworkPolicy")
    rules = [rule for policy in policies for way in ("ingress", "egress") for rule in policy["spec"].get(way, [])]
    let = {port["port"] for rule in rules for port in rule.get("ports", []) if isinstance(port["port"], str)}
    assert {"grpc", "dashboard", "cp-metrics", "metrics"} <= let
    assert scraped | served | let <= ports


def test_a_password_is_made_for_each_store_and_never_written_elsewhere() -> None:
    text = template().stdout
    secrets = of_kind(rendered(), "Secret")
    assert {found["metadata"]["name"] for found in secrets} == {"cp-counterpoint-redis", "cp-counterpoint-gcs"}
    assert 'requirepass "$REDISCLI_AUTH"' in text


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
