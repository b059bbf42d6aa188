"""The stream from this engine to one shard: its pending calls, its probes, and its way back after a loss."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass

import grpc
import structlog

from actors.expert_health import HealthBoard
from actors.expert_wire import CHANNEL_OPTIONS, decode_rows
from cluster.clock import Clock
from cluster.errors import ExpertRefused, ExpertUnavailable
from cluster.telemetry.metrics import EXPERT_CALL, EXPERT_CALLS, Metrics
from cluster.types import TensorFrame
from counterpoint.internal.v1 import expert_pb2 as pb
from counterpoint.internal.v1 import expert_pb2_grpc

MS = 1_000_000
CLOSED = "the link was closed"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTiming:
    """How often a shard is asked whether it lives, and how patient the link is."""

    heartbeat_ms: int = 200  # a shard that has said nothing for so long is probed
    suspect_probe_ms: int = 50  # the pace while it is suspect
    silence_ms: int = 400  # a probe unanswered for so long makes it suspect without a missed call
    reopen_ms: int = 2_000  # and for so long: the stream is given up, the peer may be half open
    reconnect_first_ms: int = 20
    reconnect_max_ms: int = 500
    stall_ms: int = 50  # a detector that woke so late was itself not scheduled: its verdict is void


@dataclass(slots=True)
class _Pending:
    future: Future[TensorFrame]
    sent_ns: int
    expiry: asyncio.TimerHandle | None


class ShardLink:
    """Lives on the client's loop; no method may be called from a thread that does not have it.

    Every future given to `send` is finished: by its answer, by a refusal, at its deadline, or when the stream breaks.
    """

    def __init__(
        self, shard: int, address: str, *, board: HealthBoard, clock: Clock, timing: LinkTiming, metrics: Metrics
    ) -> None:
        self.shard, self.address = shard, address
        self.progress = 0  # of the shard, as of its last probe
        self._board, self._clock, self._timing, self._metrics = board, clock, timing, metrics
        self._pending: dict[int, _Pending] = {}
        self._outbox: asyncio.Queue[pb.ExpertUp] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._open = False
        self._heard_ns = 0
        self._probe_ns = 0  # when the one unanswered probe was sent; 0: none
        self._wake = asyncio.Event()

    def send(self, call_id: int, message: pb.ExpertUp, deadline_ns: int, future: Future[TensorFrame]) -> None:
        """Queue a call; `deadline_ns` 0 means none."""
        now_ns = self._clock.now_ns()
        expiry = None
        if deadline_ns:
            left_s = max(0, deadline_ns - now_ns) / 1e9
            expiry = self._loop.call_later(left_s, self._expire, call_id)
        self._pending[call_id] = _Pending(future, now_ns, expiry)
        if self._open:
            self._outbox.put_nowait(message)
        else:
            self._fail(call_id, "broken", self._unavailable("it is not connected"))

    def probe_soon(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Hold a stream open until cancelled."""
        wait_ms = self._timing.reconnect_first_ms
        while True:
            opened_ns = self._clock.now_ns()
            await self._hold_stream()
            if self._heard_ns >= opened_ns:
                wait_ms = self._timing.reconnect_first_ms
            await asyncio.sleep(wait_ms / 1e3)
            wait_ms = min(2 * wait_ms, self._timing.reconnect_max_ms)

    async def _hold_stream(self) -> None:
        """Open one stream and serve it until it ends."""
        # a pool of its own, else the next channel inherits this one's back-off
        options = (*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1))
        async with grpc.aio.insecure_channel(self.address, options=options) as channel:
            stream = expert_pb2_grpc.ExpertStub(channel).Exchange()
            self._outbox, self._open = asyncio.Queue(), True
            self._probe()
            parts = [asyncio.ensure_future(part) for part in (self._read(stream), self._write(stream), self._watch())]
            why = CLOSED
            try:
                await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                why = _why_ended(next(part for part in parts if part.done()))
            finally:
                self._break(why)
                for part in parts:
                    part.cancel()
                await asyncio.gather(*parts, return_exceptions=True)
                stream.cancel()
                await stream.code()  # grpc still has the last read: it would be answered to a loop that may be closed

    async def _read(self, stream: grpc.aio.StreamStreamCall) -> str:
        while (down := await stream.read()) is not grpc.aio.EOF:
            self._heard_ns = self._clock.now_ns()
            match down.WhichOneof("message"):
                case "answer":
                    self._finish(down.answer.call_id, down.answer.rows)
                case "refusal":
                    refusal = down.refusal
                    self._fail(refusal.call_id, "refused", ExpertRefused(refusal.field, refusal.message))
                case "probe":
                    self._answered(down.probe)
        return "the shard ended the stream"

    async def _write(self, stream: grpc.aio.StreamStreamCall) -> str:
        while True:
            up = await self._outbox.get()
            if up.HasField("probe") or up.call.call_id in self._pending:
                await stream.write(up)

    async def _watch(self) -> str:
        """Probe when silent or suspect; returns when the stream should be given up."""
        timing = self._timing
        while True:
            healthy = self.shard in self._board.healthy()
            pause_ms = timing.heartbeat_ms if healthy else timing.suspect_probe_ms
            due_ns = self._clock.now_ns() + pause_ms * MS
            woken = await self._pause(pause_ms / 1e3)
            now_ns = self._clock.now_ns()
            unanswered_ms = (now_ns - self._probe_ns) // MS if self._probe_ns else 0
            if not self._probe_ns and (woken or not healthy or now_ns - self._heard_ns >= timing.heartbeat_ms * MS):
                self._probe()
            elif now_ns - due_ns > timing.stall_ms * MS:
                continue
            elif unanswered_ms >= timing.reopen_ms:
                return f"no answer to a probe for {unanswered_ms} ms"
            elif unanswered_ms >= timing.silence_ms and self._board.down(self.shard, now_ns):
                log.warning("expert shard silent", shard=self.shard, address=self.address, unanswered_ms=unanswered_ms)

    async def _pause(self, seconds: float) -> bool:
        """True when woken before the time was over."""
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def _probe(self) -> None:
        self._probe_ns = self._clock.now_ns()
        self._outbox.put_nowait(pb.ExpertUp(probe=pb.ExpertProbe(sent_ns=self._probe_ns)))

    def _answered(self, probe: pb.ExpertProbe) -> None:
        self.progress, self._probe_ns = probe.progress, 0
        if self._board.answered(self.shard, probe.sent_ns):
            log.info("expert shard healthy", shard=self.shard, address=self.address)

    def _finish(self, call_id: int, rows: pb.Rows) -> None:
        try:
            frame = decode_rows(rows, "answer.rows")
        except ExpertRefused as malformed:
            self._fail(call_id, "refused", malformed)
            return
        if pending := self._take(call_id, "answered"):
            pending.future.set_result(frame)

    def _fail(self, call_id: int, outcome: str, error: ExpertUnavailable) -> None:
        if pending := self._take(call_id, outcome):
            pending.future.set_exception(error)

    def _expire(self, call_id: int) -> None:
        self._fail(call_id, "deadline", self._unavailable("no answer by the deadline"))

    def _take(self, call_id: int, outcome: str) -> _Pending | None:
        """None when the call is over: its answer came too late and is dropped."""
        pending = self._pending.pop(call_id, None)
        if pending is None:
            self._metrics.add(EXPERT_CALLS, outcome="too_late")
            return None
        if pending.expiry:
            pending.expiry.cancel()
        self._metrics.add(EXPERT_CALLS, outcome=outcome)
        self._metrics.observe(EXPERT_CALL, (self._clock.now_ns() - pending.sent_ns) / 1e9)
        return pending

    def _break(self, why: str) -> None:
        self._open, self._probe_ns = False, 0
        if self._board.down(self.shard, self._clock.now_ns()):
            write = log.info if why is CLOSED else log.warning
            write("expert shard lost", shard=self.shard, address=self.address, why=why)
        for call_id in list(self._pending):
            self._fail(call_id, "broken", self._unavailable(why))

    def _unavailable(self, why: str) -> ExpertUnavailable:
        return ExpertUnavailable(f"shard {self.shard} at {self.address}: {why}; ask a replica")


def _why_ended(part: asyncio.Task[str]) -> str:
    """The first part of a stream that ended says why; grpc cancels the parts of a stream the shard cancelled."""
    if part.cancelled():
        return "the shard cancelled the stream"
    match part.exception():
        case None:
            return part.result()
        case grpc.aio.AioRpcError() as broken:
            return broken.details() or str(broken.code())
        case error:
            return repr(error)
