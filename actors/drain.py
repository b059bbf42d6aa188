"""`counterpoint drain`: clients are told to go, and resume elsewhere by their token."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated

import typer

from actors.handles import ActorLost, ActorStarting
from actors.serve import AsJson, ConfigFile, err, out
from cluster.config import Config, load
from cluster.errors import CounterpointError

REASON = "drained for maintenance; resume with your token"
AGAIN_S = 1.0


def drain(
    node: Annotated[str, typer.Option(help="this, all, or a node's id in Ray.")] = "this",
    wait: Annotated[int, typer.Option(min=0, help="Seconds that clients get to leave.")] = 30,
    config: ConfigFile = None,
    address: Annotated[str, typer.Option(help="Ray cluster it runs on; auto: the one of this machine.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Send every client of a node away and wait until they left or the time is up.

    Ingests of that node take no new stream from then on; a session goes on where its client resumes it. A node without
    an ingest has nobody to send away: its sessions go on from their journal once its actors are started elsewhere.

    Example: counterpoint drain --node this --wait 30
    """
    try:
        drained = _drained(load(config, overrides={"serve.ray_address": address}), node, wait)
    except CounterpointError as error:
        err.print(f"counterpoint: {error}", style="red")
        raise typer.Exit(1) from error
    assert isinstance(drained, tuple)
    if as_json:
        out.print_json(json.dumps({"drained": drained}))
    else:
        out.print(f"drained: {', '.join(drained)}" if drained else "no ingest there; nobody had to be sent away")


def _drained(config: Config, node: str, wait_s: int) -> object:
    """Asks again for as long while no supervisor answers: one that died is started again within seconds."""
    from actors.app import joined  # late: --help needs no Ray
    from actors.app_ray import NoSupervisor, this_node

    until = time.monotonic() + wait_s
    while True:
        try:
            with joined(config) as supervisor:
                which = this_node() if node == "this" else "" if node == "all" else node
                return asyncio.run(supervisor.tell("drain", which, 1000 * wait_s, REASON))
        except (NoSupervisor, ActorLost, ActorStarting) as away:
            if time.monotonic() > until:
                raise
            err.print(f"counterpoint: {away}; asked again", style="yellow")
            time.sleep(AGAIN_S)
