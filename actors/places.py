"""On which node of Ray an actor lives: pure rules over what Ray tells of its nodes. Knows no Ray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actors.handles import ActorSpec
from cluster.errors import ConfigError, Rejected

RESOURCE = "counterpoint_"  # followed by a role: a node that offers one takes one such actor
HEAD = "node:__internal_head__"
ZONE = "ray.io/availability-zone"  # a label of nodes

Node = Mapping[str, Any]  # NodeID, Alive and Resources, as `ray.nodes()` tells them


def resource_for(spec: ActorSpec, nodes: Sequence[Node]) -> str | None:
    """The resource that places this actor, or None where `node_for` does.

    Nodes that offer the supervisor's are pods: each role waits there for a pod of its own. Raises Rejected for a
    lockstep pair among such nodes, for it has none.
    """
    offered = {name for node in nodes if node["Alive"] for name in node["Resources"] if name.startswith(RESOURCE)}
    wanted = f"{RESOURCE}{spec.role}"
    if wanted in offered:
        return wanted
    if offered and spec.role.startswith("lockstep-"):
        raise Rejected(
            "lockstep", f"no node offers {wanted}: each here keeps one live actor; evaluate with a `serve` of its own"
        )
    return wanted if f"{RESOURCE}supervisor" in offered else None


def measuring_node(spec: ActorSpec, nodes: Sequence[Node]) -> str:
    """NodeID of one that may keep this actor, to measure on before there is one.

    Raises ConfigError where the nodes that will keep it are not there yet.
    """
    resource = resource_for(spec, nodes)
    if resource is None:
        return node_for(spec, nodes)
    offering = sorted(node["NodeID"] for node in nodes if node["Alive"] and resource in node["Resources"])
    if not offering:
        raise ConfigError(
            "engine.dtype", f"auto has no node to measure on: none offers {resource} yet; give f32 or bf16"
        )
    return str(offering[0])


def labels_for(spec: ActorSpec) -> dict[str, str]:
    """Labels its node must have. Copies of an expert lie on shards with neighbouring numbers, so in different zones."""
    zones = spec.config.experts.zones
    return {ZONE: zones[spec.index % len(zones)]} if zones and spec.role == "expert" else {}


def node_for(spec: ActorSpec, nodes: Sequence[Node]) -> str:
    """NodeID. Shards of one expert lie on different nodes, and an ingest never on its scheduler's, where there are two.

    The head keeps no session where there are other nodes; a shard it keeps rather than see two of them on one node.
    """
    alive = [node for node in nodes if node["Alive"]]
    others = [node for node in alive if HEAD not in node["Resources"]]
    alone = spec.role == "expert" and len(others) == 1
    chosen = sorted(node["NodeID"] for node in (alive if alone or not others else others))
    offset = 1 if spec.role == "ingest" else 0
    return str(chosen[(spec.index + offset) % len(chosen)])
