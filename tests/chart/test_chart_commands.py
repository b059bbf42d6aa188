"""Commands that run in a pod, `counterpoint drain` before all, find the supervisor by its environment."""

from __future__ import annotations

import pytest
from chart_tools import Object, environments, ray_cluster, rendered, worker_groups

from cluster.config import load


def test_commands_in_any_pod_look_where_the_actors_are(objects: tuple[Object, ...]) -> None:
    for env in environments(objects).values():
        serve = load(env=env).serve
        assert serve.ray_auth == ray_cluster(objects)["spec"]["authOptions"]["mode"] == "token"
        assert serve.namespace == "counterpoint"


@pytest.mark.parametrize("namespace", ["elsewhere", "42"])
def test_commands_follow_the_values(namespace: str) -> None:
    given = ("--set-string", f"ray.namespace={namespace}", "--set", "ray.auth.mode=disabled")
    for env in environments(rendered(None, *given)).values():
        serve = load(env=env).serve
        assert (serve.ray_auth, serve.namespace) == ("disabled", namespace)


def test_the_drain_of_a_pod_is_told_nothing_else(objects: tuple[Object, ...]) -> None:
    for role in ("ingest", "scheduler", "engine"):
        container = worker_groups(objects)[role]["template"]["spec"]["containers"][0]
        hook = container["lifecycle"]["preStop"]["exec"]["command"]
        assert [word for word in hook if word.startswith("--")] == ["--address", "--node", "--wait"]
