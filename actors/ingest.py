"""The public edge: clients in front, schedulers behind, and nothing that cannot be lost in between."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from actors.handles import Directory
from actors.ingest_attach import Attacher
from actors.ingest_auth import Auth
from actors.ingest_held import HeldSessions
from actors.ingest_keep import Keep
from actors.ingest_links import Links
from actors.ingest_ready import Readiness
from actors.ingest_services import Services, read_checkpoint
from actors.ingest_stream import ClientStream
from actors.ingest_tls import server_credentials
from actors.ingest_voice import VoiceFactory, VoiceThread
from cluster.clock import Clock
from cluster.config import Config
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1
from counterpoint.v1 import interaction_pb2_grpc

_SERVICE = v1.DESCRIPTOR.services_by_name["Interaction"].full_name
_GRACE_S = 1.0
_TOLD_BYTES = 16 << 20  # larger ones end their stream unread; below, what is too large is told by name
_PICTURE_THREADS = 2  # one slow picture does not hold up everybody's

log = structlog.get_logger()


class InteractionService(interaction_pb2_grpc.InteractionServicer):
    def __init__(self, attacher: Attacher, held: HeldSessions, metrics: Metrics) -> None:
        self._attacher, self._held, self._metrics = attacher, held, metrics
        self.streams: set[ClientStream] = set()
        self.empty = asyncio.Event()
        self.empty.set()

    async def Interact(self, _: object, context: grpc.aio.ServicerContext) -> None:  # noqa: N802 - named by the wire
        stream = ClientStream(context, self._attacher)
        self.streams.add(stream)
        self._count()
        try:
            await stream.serve()
        finally:
            self.streams.discard(stream)
            self._count()

    async def ExportSession(  # noqa: N802 - named by the wire
        self, request: v1.SessionRef, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[v1.ExportPart]:
        async for part in self._held.export(request, context):
            yield part

    async def DeleteSession(  # noqa: N802 - named by the wire
        self, request: v1.SessionRef, context: grpc.aio.ServicerContext
    ) -> v1.SessionDeleted:
        return await self._held.delete(request, context)

    def _count(self) -> None:
        self._metrics.set(m.STREAMS, len(self.streams))
        if self.streams:
            self.empty.clear()
        else:
            self.empty.set()


class Ingest:
    """host: to bind and be reached by. port: 0 is any free one. voice None: sessions are text only."""

    def __init__(
        self,
        config: Config,
        directory: Directory,
        voice: VoiceFactory | None,
        clock: Clock,
        *,
        metrics: Metrics,
        traces: Traces | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        name: str = "ingest-0",
    ) -> None:
        spec, vocabulary = read_checkpoint(config.engine.checkpoint)
        self._config, self._directory, self._metrics = config, directory, metrics
        self._host, self._port, self._clock = host, port, clock
        self._voice = VoiceThread(voice) if voice is not None else None
        self._pictures = ThreadPoolExecutor(_PICTURE_THREADS, thread_name_prefix="pictures")
        self._hearing = ThreadPoolExecutor(1, thread_name_prefix="hearing")
        self._services = Services(
            clock=clock,
            limits=config.limits,
            spec=spec,
            vocabulary=vocabulary,
            voice=self._voice,
            pictures=self._pictures,
            hearing=self._hearing,
            metrics=metrics,
            traces=traces,
        )
        self._hello = pb.Hello(ingest=name, incarnation=clock.now_ns())
        self._health = health.aio.HealthServicer()
        self._progress = 0

    @property
    def progress(self) -> int:
        """Rises whenever it is asked: the event loop that answers is the one that serves."""
        self._progress += 1
        return self._progress

    async def start(self) -> str:
        """Serve; returns the address."""
        self._links = Links(self._directory, self._hello, self._clock)
        self._metrics.follow(m.CLOCK_ERROR, self._links.clock_error_s, peer="scheduler")
        auth, keep = Auth(self._config.auth.api_keys), Keep(self._config.limits.detached_s * 1_000_000_000)
        self._attacher = Attacher(self._services, self._links, auth, keep)
        held = HeldSessions(self._directory, auth, keep)
        self._service = InteractionService(self._attacher, held, self._metrics)
        self._server = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", _TOLD_BYTES),
                ("grpc.so_reuseport", 0),
                ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
                ("grpc.keepalive_time_ms", 10_000),  # a client whose machine vanished says nothing at all
                ("grpc.keepalive_timeout_ms", 5_000),
            )
        )
        interaction_pb2_grpc.add_InteractionServicer_to_server(self._service, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((_SERVICE, reflection.SERVICE_NAME), self._server)
        where, credentials = f"{self._host}:{self._port}", server_credentials(self._config.serve)
        if credentials is None and self._config.auth.api_keys and not _is_loopback(self._host):
            log.warning(
                "bearer keys cross the network in the clear; set serve.tls_cert_file, or put a proxy that ends TLS "
                "in front",
                host=self._host,
            )
        port = (
            self._server.add_secure_port(where, credentials) if credentials else self._server.add_insecure_port(where)
        )
        await self._report(False)
        await self._server.start()
        self._asking = asyncio.create_task(Readiness(self._links.probe, self._report).run())
        return f"{self._host}:{port}"

    async def drain(self, in_ms: int, reason: str) -> None:
        """Take no new stream, tell every client when this ingest goes, and wait until they left or that time is up."""
        self._attacher.draining = True
        await self._report(False)
        for stream in [*self._service.streams]:
            stream.going_away(in_ms, reason)
        try:
            await asyncio.wait_for(self._service.empty.wait(), in_ms / 1000)
        except TimeoutError:
            log.warning("streams left open by a drain", streams=len(self._service.streams))

    async def stop(self) -> None:
        """Every stream still open ends; its session can be resumed elsewhere."""
        self._asking.cancel()
        await self._server.stop(_GRACE_S)
        await self._links.close()
        for threads in (self._pictures, self._hearing):
            threads.shutdown(wait=False, cancel_futures=True)
        if self._voice is not None:
            self._voice.close()

    async def _report(self, ready: bool) -> None:
        """To who asks the health service, and to who reads metrics. Who drains is ready for nobody."""
        ready = ready and not self._attacher.draining
        self._metrics.set(m.READY, ready)
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", _SERVICE):
            await self._health.set(service, status)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name: where it leads is not known here
        return False
