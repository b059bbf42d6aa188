"""A Ray cluster of a head and two more nodes, as Ray's own tests make them; each node has a clock of its own.

Prints its address and whether the clocks are apart, and ends with its input.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from ray.cluster_utils import Cluster

CLONE_NEWTIME = 0x80
NODE = {"object_store_memory": 80_000_000}
UP_S = (5_000, 90_000)  # since when each node is up, beyond what this machine is


def set_clock_of_children(ahead_s: int) -> bool:
    """Whether processes started from now on see a monotonic clock that is so far ahead. Linux grants it to root."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWTIME):
        return False
    Path("/proc/self/timens_offsets").write_text(f"monotonic {ahead_s} 0\n")
    return True


if __name__ == "__main__":
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **NODE})
    apart = False
    for ahead_s in UP_S:
        apart = set_clock_of_children(ahead_s)
        cluster.add_node(num_cpus=1, **NODE)
    cluster.wait_for_nodes()
    print(cluster.address, "apart" if apart else "together", flush=True)
    sys.stdin.read()
    cluster.shutdown()
