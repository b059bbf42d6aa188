"""Ray itself: started on this machine, or joined where it runs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping

import ray
import structlog
from ray.autoscaler.sdk import request_resources

from cluster.config import Serve
from cluster.errors import CounterpointError

OBJECT_STORE_BYTES = 100_000_000  # control messages only
STARTS = 3  # Ray gives its own node half a minute to come up, which a busy laptop may exceed
REACH_S = 3.0

log = structlog.get_logger()


class RayUnreachable(CounterpointError):
    """Ray does not answer; the message says what to do."""


class NoSupervisor(RayUnreachable):
    """Ray answers, and has no supervisor of this namespace: nothing runs there, or it is being started again."""


def start_ray(serve: Serve) -> None:
    """Connect this process. Raises RayUnreachable."""
    if not (serve.ray_address and os.environ.get("RAY_AUTH_MODE")):  # where others start Ray they tell its processes
        os.environ["RAY_AUTH_MODE"] = serve.ray_auth
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's 15 lets anything else on the machine go before a deadline
    with _signals_kept():
        if serve.ray_address:
            os.environ.pop("RAY_LOG_TO_STDERR", None)  # meant for actors; here Ray's words would stand among the JSON
            _join(serve.ray_address, serve.namespace)
        else:
            _start_here(serve.namespace)


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray sets handlers of its own, which end the process before anything could be stopped in order."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread sets handlers, Ray's too
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            if handler is not None:
                signal.signal(number, handler)


def _join(address: str, namespace: str) -> None:
    if ":" in address:
        _knock(address)
    try:
        ray.init(address=address, namespace=namespace, configure_logging=False, log_to_driver=False)
    except Exception as error:  # Ray's own range from ConnectionError to plain Exception
        ray.shutdown()
        raise RayUnreachable(_advice(f"no Ray cluster answers at {address} ({error})")) from error


def _knock(address: str) -> None:
    """Ray would look for minutes where nobody is."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=REACH_S).close()
    except (OSError, ValueError) as error:
        raise RayUnreachable(_advice(f"no Ray cluster answers at {address} ({error})")) from error


def _start_here(namespace: str) -> None:
    for left in reversed(range(STARTS)):
        try:
            ray.init(
                address="local",
                namespace=namespace,
                include_dashboard=False,
                num_cpus=1,  # so many idle workers are started; actors ask for none
                object_store_memory=OBJECT_STORE_BYTES,
                _node_ip_address="127.0.0.1",
                configure_logging=False,
                log_to_driver=False,
            )
            return
        except Exception as error:  # a plain Exception where its node does not come up in time
            ray.shutdown()
            log.warning("ray did not start", why=str(error), tries_left=left)
            if not left:
                raise RayUnreachable(_advice(f"Ray does not start here ({error})")) from error


def _advice(what: str) -> str:
    return f"serve.ray_address: {what}; start one with `ray start --head`, or leave the field empty for one of our own"


def this_node() -> str:
    """Ray's id of the node this process has joined."""
    return str(ray.get_runtime_context().get_node_id())


def free(resource: str) -> int:
    """Of a resource, on all nodes together."""
    return int(ray.available_resources().get(resource, 0))


def ask_autoscaler(wanted: Mapping[str, int]) -> None:
    """Have it keep so many nodes that each offer one of a resource, whatever else runs; replaces what was asked before.
    Of no effect where no autoscaler runs.
    """
    request_resources(bundles=[{resource: 1} for resource, number in wanted.items() for _ in range(number)])
