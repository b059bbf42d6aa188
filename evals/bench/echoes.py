"""Drives an echo server as sessions would: N streams, 200 ms of audio five times a second, open loop."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from counterpoint.v1 import interaction_pb2 as pb
from counterpoint.v1 import interaction_pb2_grpc as rpc
from evals.bench.rows import Row, percentiles

PERIOD_S = 0.2
CHUNK = bytes(2 * 16_000 // 5)
SERVE_APP = (("application", "echo"),)  # how Ray Serve routes; others ignore it


@contextmanager
def echo_process(module: str, argument: str, environment: dict[str, str]) -> Iterator[int]:
    """Start `python -m module argument`, wait for the port it prints, stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next((text for text in process.stdout if text.strip().isdigit()), None)
        if line is None:
            raise RuntimeError(f"{module} ended before it served (exit {process.wait()}); run it alone to see why")
        yield int(line)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(5 if module.endswith("echo_grpc") else 30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def one_stream(stub: rpc.InteractionStub, start: float, turns: int) -> list[float]:
    """Latency in ms of each answered chunk; chunks are sent on time whatever the server does."""
    loop = asyncio.get_running_loop()
    call = stub.Interact(metadata=SERVE_APP)
    sent: list[float] = []

    async def send() -> None:
        for turn in range(turns):
            await asyncio.sleep(max(0.0, start + turn * PERIOD_S - loop.time()))
            sent.append(loop.time())
            await call.write(pb.InteractRequest(seq=turn + 1, audio=pb.AudioChunk(data=CHUNK)))
        await call.done_writing()

    sending = asyncio.create_task(send())
    latencies = []
    while (answer := await call.read()) is not grpc.aio.EOF:
        latencies.append(1e3 * (loop.time() - sent[answer.micro_turn.k]))
    await sending
    return latencies


async def drive(what: str, port: int, sessions: int, seconds: float, warm_up_s: float) -> Row:
    turns, skip = round((seconds + warm_up_s) / PERIOD_S), round(warm_up_s / PERIOD_S)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = rpc.InteractionStub(channel)
        start = asyncio.get_running_loop().time() + 0.5
        streams = (one_stream(stub, start + i * PERIOD_S / sessions, turns) for i in range(sessions))
        answers = await asyncio.gather(*streams, return_exceptions=True)
    good = [latencies for latencies in answers if isinstance(latencies, list)]
    return Row(
        what=what,
        sessions=sessions,
        latency_ms=percentiles([ms for latencies in good for ms in latencies[skip:]]),
        failed=len(answers) - len(good),
        seconds=seconds,
        extra={"errors": sorted({repr(error)[:200] for error in answers if not isinstance(error, list)})},
    )


def run_echoes(
    counts: tuple[int, ...], seconds: float, warm_up_s: float, runner: asyncio.Runner
) -> Iterator[Row]:
    """grpcio alone, Ray Serve as it comes, Ray Serve behind HAProxy; the same payloads and pace."""
    kinds = (
        ("grpc-echo", "evals.bench.echo_grpc", "127.0.0.1:0", {}),
        ("serve-echo", "evals.bench.echo_serve", str(free_port()), {"RAY_SERVE_ENABLE_HA_PROXY": "0"}),
        ("serve-echo-haproxy", "evals.bench.echo_serve", str(free_port()), {"RAY_SERVE_ENABLE_HA_PROXY": "1"}),
    )
    for what, module, argument, environment in kinds:
        with echo_process(module, argument, environment) as port:
            for sessions in counts:
                yield runner.run(drive(what, port, sessions, seconds, warm_up_s))
