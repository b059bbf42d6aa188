"""Helm accepts the chart with every values file, and refuses what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from chart_tools import CASES, CHART, CI, helm, name_of, rendered, template

BEHIND = ("ingress.enabled=true", "ingress.host=live.example.org")
SHUT_IN = ("networkPolicy.restrictEgress=true",)


@pytest.mark.parametrize("case", CI, ids=name_of)
def test_helm_lints_it_strictly(case: Path) -> None:
    done = helm("lint", "--strict", str(CHART), "--values", str(case))
    assert done.returncode == 0, done.stdout


def test_the_four_values_files_of_the_readme_exist() -> None:
    assert {name_of(case) for case in CI} == {"laptop", "single-gpu", "ep16", "air-gapped"}


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_object_has_a_name_of_its_own(case: Path | None) -> None:
    names = [(found["kind"], found["metadata"]["name"]) for found in rendered(case)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("nonsense=1", "nonsense"),
        ("groups.ingest.replica=3", "replica"),
        ("groups.critic.replicas=1", "critic"),
        ("config.engine.dtyp=bf16", "dtyp"),
        ("config.engine.dtype=f8", "dtype"),
        ("config.serve.port=1", "serve"),
        ("config.limits.idle_s=soon", "idle_s"),
        ("redis.url=redis://user:secret@host:6379", "url"),
        ("groups.supervisor.replicas=2", "replicas"),
        ("tls.secret=live-tls", "secret"),
        ("monitoring.podMonitor.intervall=5s", "intervall"),
        ("security.runAsUser=0", "runAsUser"),
        ("images.base.digest=latest", "digest"),
        ("groups.engine.resources.limits.memory=lots", "memory"),
    ],
)
def test_a_value_it_does_not_know_is_refused_by_name(setting: str, named: str) -> None:
    done = template(None, "--set", setting)
    assert done.returncode != 0
    assert named in done.stderr


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("redis.mode=external",), "redis.url"),
        (("redis.sentinelSecretKey=k",), "redis.sentinelSecretKey"),
        (
            ("redis.mode=external", "redis.url=redis+sentinel://a:1/main", "redis.sentinelSecretKey=k"),
            "redis.existingSecret",
        ),
        (("gcs.backend=external",), "gcs.redisAddress"),
        (("ingress.enabled=true",), "ingress.host"),
        (("gateway.enabled=true",), "gateway.parentRefs"),
        (
            (
                "tls.secretName=t",
                "ingress.enabled=true",
                "ingress.host=h",
                "ingress.annotations.nginx\\.ingress\\.kubernetes\\.io/backend-protocol=GRPC",
            ),
            "must be GRPCS",
        ),
        (("groups.expert.replicas=1",), "groups.expert.replicas"),
        (("drain.timeoutSeconds=90",), "drain.timeoutSeconds"),
        (("groups.engine.replicas=2",), "groups.scheduler.replicas"),
        (("spread.expertZones={a,b,c}",), "spread.expertZones"),
        (("spread.expertZones={a}",), "spread.expertZones"),
        (("ray.autoscaling.enabled=true", "groups.engine.maxReplicas=2"), "groups.scheduler.maxReplicas"),
        (
            ("config.experts.exchange=alltoall", "groups.engine.replicas=2", "groups.scheduler.replicas=2"),
            "groups.engine.replicas",
        ),
        (
            (
                "config.experts.exchange=alltoall",
                "ray.autoscaling.enabled=true",
                "groups.engine.maxReplicas=2",
                "groups.scheduler.maxReplicas=2",
            ),
            "groups.engine.maxReplicas: the ranks of alltoall",
        ),
        (("config.redis.ttl_s=119",), "config.redis.ttl_s: 119 would forget a session"),
        (("config.redis.ttl_s=600", "config.limits.detached_s=600"), "give at least 660"),
        (("groups.ingest.minReplicas=3", "ray.autoscaling.enabled=true"), "groups.ingest.minReplicas: 3 is above"),
        (("groups.ingest.maxReplicas=1",), "groups.ingest.maxReplicas: 1 is below"),
        (("groups.expert.maxReplicas=4",), "groups.expert.maxReplicas: only Ray's autoscaler"),
        (("groups.expert.minReplicas=1",), "groups.expert.minReplicas: only Ray's autoscaler"),
        (("groups.scheduler.replicas=0",), "groups.scheduler.replicas: nothing is served without one"),
        (("groups.engine.replicas=0",), "groups.engine.replicas: nothing is served without one"),
        (("groups.ingest.replicas=0",), "groups.ingest.replicas: nothing is served without one"),
        (("config.engine.dtype=auto",), "config.engine.dtype: auto is measured at"),
        (("groups.agent.replicas=1",), "groups.agent.replicas: this version starts no agents"),
        ((*SHUT_IN, "redis.mode=external", "redis.url=redis://store:6379"), "what redis.mode=external names"),
        ((*SHUT_IN, "gcs.backend=external", "gcs.redisAddress=store:6379"), "what gcs.backend=external names"),
        ((*SHUT_IN, "monitoring.traces.endpoint=http://collector:4318"), "what monitoring.traces.endpoint names"),
    ],
)
def test_values_that_do_not_fit_together_are_refused_by_field(settings: tuple[str, ...], told: str) -> None:
    done = template(None, *(part for setting in settings for part in ("--set", setting)))
    assert done.returncode != 0
    assert told in done.stderr


def test_a_cluster_older_than_the_chart_knows_is_refused() -> None:
    assert "1.30" in template(None, "--kube-version", "1.30.0").stderr


def notes(*settings: str) -> str:
    options = [part for setting in settings for part in ("--set", setting)]
    done = helm("install", "cp", str(CHART), "--dry-run=client", "--namespace", "live", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:")[2]


@pytest.mark.parametrize(
    ("settings", "remedy", "warning"),
    [
        ((), ("auth.apiKeys.one-of-our-own=trial",), "No API keys are given"),
        (("auth.apiKeys.change-me=trial",), ("auth.apiKeys.one-of-our-own=trial",), "one that everybody knows"),
        (("groups.expert.gpus=1",), (), "use none"),
        ((), ("disruption.enabled=false",), "`kubectl drain NODE` waits for ever"),
        (BEHIND, (*BEHIND, "ingress.tlsSecretName=live-tls"), "names no certificate"),
        (("service.type=LoadBalancer",), ("service.type=LoadBalancer", "tls.secretName=t"), "takes plain text"),
    ],
)
def test_notes_warn_of_what_an_install_should_not_be_left_with(
    settings: tuple[str, ...], remedy: tuple[str, ...], warning: str
) -> None:
    assert warning in notes(*settings)
    assert warning not in notes(*remedy)


def test_a_way_out_that_is_given_is_taken_at_its_word() -> None:
    way = ("networkPolicy.extraEgress[0].ports[0].port=6379", "redis.mode=external", "redis.url=redis://store:6379")
    assert template(None, *(part for setting in (*SHUT_IN, *way) for part in ("--set", setting))).returncode == 0
