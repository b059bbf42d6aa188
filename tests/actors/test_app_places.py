"""Where actors live: by resource where nodes offer one, else spread by rule; and at which ports ingests serve."""

from __future__ import annotations

import socket

import pytest

from actors.builders import first_port, require_free
from actors.handles import ActorSpec
from actors.host import reached
from actors.places import HEAD, Node, measuring_node, node_for, resource_for
from cluster.config import Serve, load
from cluster.errors import ConfigError, Rejected


def spec(role: str, index: int = 0) -> ActorSpec:
    return ActorSpec(role=role, index=index, config=load(env={}))


def node(name: str, *resources: str, alive: bool = True) -> Node:
    return {"NodeID": name, "Alive": alive, "Resources": dict.fromkeys(resources, 1.0)}


def test_a_node_that_offers_a_role_takes_its_actor() -> None:
    nodes = [node("a", HEAD), node("b", "counterpoint_engine")]
    assert resource_for(spec("engine"), nodes) == "counterpoint_engine"
    assert resource_for(spec("ingest"), nodes) is None


def test_among_pods_a_role_waits_for_its_own_pod_and_takes_no_other() -> None:
    pods = [node("a", "counterpoint_supervisor"), node("b", "counterpoint_expert", alive=False)]
    assert resource_for(spec("expert"), pods) == "counterpoint_expert"


@pytest.mark.parametrize("role", ["lockstep-engine", "lockstep-scheduler"])
def test_a_lockstep_pair_is_refused_by_name_where_pods_hold_one_actor_each(role: str) -> None:
    with pytest.raises(Rejected, match=f"lockstep: no node offers counterpoint_{role}") as caught:
        resource_for(spec(role), [node("a", "counterpoint_supervisor")])
    assert caught.value.limit == "lockstep"


def test_lockstep_pairs_are_placed_by_rule_where_nothing_is_offered() -> None:
    assert resource_for(spec("lockstep-engine"), [node("a", HEAD)]) is None


def test_what_the_engine_computes_in_is_measured_where_it_will_live() -> None:
    pods = [node("a", "counterpoint_supervisor"), node("b", "counterpoint_engine"), node("c", HEAD)]
    assert measuring_node(spec("engine"), pods) == "b"
    assert measuring_node(spec("engine"), [node("a", HEAD), node("b")]) == node_for(
        spec("engine"), [node("a", HEAD), node("b")]
    )


def test_nothing_is_measured_before_there_is_a_pod_for_it() -> None:
    with pytest.raises(ConfigError, match=r"engine.dtype: auto has no node .* none offers counterpoint_engine yet"):
        measuring_node(spec("engine"), [node("a", "counterpoint_supervisor")])


def test_two_shards_lie_on_two_nodes_even_if_one_is_the_head() -> None:
    nodes = [node("a", HEAD), node("b")]
    assert {node_for(spec("expert", index), nodes) for index in (0, 1)} == {"a", "b"}


def test_the_head_keeps_nothing_where_there_are_other_nodes() -> None:
    nodes = [node("a", HEAD), node("b"), node("c"), node("d", alive=False)]
    assert {node_for(spec(role, index), nodes) for role in ("expert", "ingest") for index in (0, 1)} == {"b", "c"}
    assert node_for(spec("engine"), [node("a", HEAD), node("b")]) == "b"
    assert node_for(spec("ingest"), nodes) != node_for(spec("scheduler"), nodes)


@pytest.mark.parametrize(
    ("serve", "ports"),
    [
        (Serve(port=50051), [50051, 50052]),
        (Serve(port=50051, one_per_node=True), [50051, 50051]),
        (Serve(port=0), [0, 0]),
    ],
)
def test_ingests_that_share_a_node_share_no_port(serve: Serve, ports: list[int]) -> None:
    assert [first_port(serve, index) for index in (0, 1)] == ports


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"^serve.port: {port} of 127.0.0.1 is in use; choose another"):
            require_free("127.0.0.1", port)
    require_free("127.0.0.1", port)


@pytest.mark.parametrize(("bound", "told"), [("0.0.0.0", "10.0.0.7"), ("::", "10.0.0.7"), ("127.0.0.1", "127.0.0.1")])
def test_metrics_that_listen_everywhere_are_told_by_the_name_of_their_machine(bound: str, told: str) -> None:
    assert reached(bound, "10.0.0.7") == told
