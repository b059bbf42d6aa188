"""Rules that the operator checks in code, not in its schema: KubeRay v1.7.0, `ValidateRayClusterSpec`."""

from __future__ import annotations

from pathlib import Path

import pytest
from chart_tools import CASES, Object, name_of, ray_cluster, ray_templates, rendered, worker_groups

MANAGED = {"REDIS_PASSWORD", "RAY_REDIS_ADDRESS", "REDIS_USERNAME", "RAY_enable_autoscaler_v2", "RAY_gcs_storage"}


def test_its_name_leaves_room_for_those_of_its_pods(objects: tuple[Object, ...]) -> None:
    assert len(ray_cluster(objects)["metadata"]["name"]) <= 53


def test_a_long_release_name_is_cut_to_fit() -> None:
    objects = rendered(None, "--set", f"fullnameOverride={'x' * 40}")
    assert len(ray_cluster(objects)["metadata"]["name"]) <= 53


def test_resources_are_given_in_one_place(objects: tuple[Object, ...]) -> None:
    spec = ray_cluster(objects)["spec"]
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        assert group["resources"]
        assert not group["rayStartParams"]


def test_replicas_lie_between_their_bounds(objects: tuple[Object, ...]) -> None:
    for group in worker_groups(objects).values():
        assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_what_the_operator_sets_is_not_set_twice(objects: tuple[Object, ...]) -> None:
    for template in ray_templates(objects).values():
        ray = template["spec"]["containers"][0]
        assert not MANAGED & {variable["name"] for variable in ray["env"]}
        assert "restartPolicy" not in template["spec"]
        assert not {"/data/gcs", "/tls"} & {mount["mountPath"] for mount in ray["volumeMounts"]}


def test_options_of_a_store_fit_its_backend(objects: tuple[Object, ...]) -> None:
    options = ray_cluster(objects)["spec"].get("gcsFaultToleranceOptions", {"backend": "none"})
    expected = {"redis": {"backend", "redisAddress", "redisPassword"}, "rocksdb": {"backend", "storage"}}
    assert set(options) <= expected.get(options["backend"], {"backend"})


def test_idle_time_is_told_only_to_an_autoscaler_of_version_2(objects: tuple[Object, ...]) -> None:
    spec = ray_cluster(objects)["spec"]
    scaled = spec["enableInTreeAutoscaling"]
    assert spec.get("autoscalerOptions", {}).get("version") == ("v2" if scaled else None)
    assert all(("idleTimeoutSeconds" in group) == scaled for group in spec["workerGroupSpecs"])


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_tokens_need_a_version_of_ray_that_knows_them(case: Path | None) -> None:
    spec = ray_cluster(rendered(case))["spec"]
    assert spec["authOptions"]["mode"] == "token"
    assert tuple(map(int, spec["rayVersion"].split("."))) >= (2, 52, 0)
