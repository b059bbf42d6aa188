"""The metrics of every actor, read where each serves them."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterable

from actors.handles import ActorInfo
from cluster.telemetry.scrape import Scrape

TIMEOUT_S = 1.0


async def read(infos: Iterable[ActorInfo]) -> dict[str, Scrape | None]:
    """By name of the actor; None for one that does not answer."""
    asked = tuple(infos)
    scrapes = await asyncio.gather(*(asyncio.to_thread(scrape, info.metrics_address) for info in asked))
    return {info.name: found for info, found in zip(asked, scrapes, strict=True)}


def scrape(address: str) -> Scrape | None:
    """None when it does not answer within a second."""
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=TIMEOUT_S) as answer:
            return Scrape.of(answer.read().decode())
    except (OSError, ValueError):
        return None
