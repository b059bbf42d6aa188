"""`python -m observability.pictures`: run a cluster, talk to it, kill a shard, and draw the dashboards of that time."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from actors.app import App
from actors.handles import ActorInfo
from cluster.config import load
from cluster.telemetry.logging import configure_logging
from counterpoint.client import ClientError, InteractionClient, Session, send_paced
from counterpoint.v1 import interaction_pb2 as v1
from observability.draw import draw
from observability.prometheus import Prometheus, prometheus

HOME = Path(__file__).parent
RATE = 16_000


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--sessions", type=int, default=3)
    parser.add_argument("--places", type=int, default=2, help="fewer than sessions: one is refused, and seen")
    wanted = parser.parse_args()
    configure_logging("pictures", level="warning")
    with tempfile.TemporaryDirectory() as folder:
        given = {"serve.port": 0, "serve.data_dir": Path(folder) / "data", "scheduler.max_sessions": wanted.places}
        app = App(load(overrides=given))
        actors = await app.start()
        try:
            with prometheus([asdict(actor) for actor in actors], Path(folder)) as served:
                start, load_average = time.time(), os.getloadavg()[0]
                following = asyncio.create_task(_follow(app, actors[0], served))
                await _load(actors, wanted.sessions, wanted.seconds)
                following.cancel()
                end = time.time()
                note = (
                    f"{wanted.sessions} sessions for {wanted.places} places, an expert shard killed half way; "
                    f"{os.cpu_count()} cores, load {load_average:.0f} before it began"
                )
                for board in sorted(HOME.glob("dashboards/*.json")):
                    picture = HOME / "pictures" / f"{board.stem}.png"
                    await asyncio.to_thread(draw, board, served, picture, start=start, end=end, window="10s", note=note)
        finally:
            await app.stop()


async def _follow(app: App, supervisor: ActorInfo, served: Prometheus) -> None:
    """As the discovery of a deployment does."""
    while True:
        await asyncio.sleep(1)
        served.scrape([asdict(actor) for actor in (supervisor, *await app.actors())])


async def _load(actors: tuple[ActorInfo, ...], sessions: int, seconds: float) -> None:
    """Sessions that begin one after the other; half way through, the last expert shard dies."""
    target = next(actor.address for actor in actors if actor.role == "ingest")
    talks = [asyncio.create_task(_talk(target, at * seconds / 8, seconds * 0.8)) for at in range(sessions)]
    await asyncio.sleep(seconds / 2)
    shard = [actor for actor in actors if actor.role == "expert"][-1]
    os.kill(shard.pid, signal.SIGKILL)
    await asyncio.gather(*talks)


async def _talk(target: str, wait_s: float, seconds: float) -> None:
    await asyncio.sleep(wait_s)
    noise = np.random.default_rng(int(wait_s)).normal(0, 3_000, int(RATE * seconds)).astype("<i2").tobytes()
    track_in = v1.AudioInput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=RATE, channels=1)
    track_out = v1.AudioOutput(codec=v1.AUDIO_CODEC_PCM_S16LE, sample_rate_hz=24_000)
    try:
        async with InteractionClient(target) as client:
            session = await client.start(v1.Configure(audio_in=track_in, audio_out=track_out))
            sending = asyncio.create_task(_send(session, noise))
            async for _ in session:
                pass
            await sending
    except ClientError as error:
        print(f"a session was refused, as it should be where places are fewer than sessions: {error}")


async def _send(session: Session, noise: bytes) -> None:
    await send_paced(session, noise)
    session.end_input()


if __name__ == "__main__":
    asyncio.run(main())
