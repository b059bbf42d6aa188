"""One attached session in this ingest: between its client's outbox and its scheduler's link. Runs on the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace

import structlog

from actors.ingest_egress import EgressTask, Kept
from actors.ingest_ending import OVER, Ending, InternalError
from actors.ingest_heard import Hearing
from actors.ingest_link import Attachment
from actors.ingest_outbox import Outbox
from actors.ingest_pictures import Pictures
from actors.ingest_services import Services
from actors.ingest_wire import grant_of, result_of, slip, up
from actors.wire import check_enums, check_size, client_message
from actors.wire_down import response
from cluster.errors import (
    CounterpointError,
    InvalidInput,
    MediaError,
    ProtocolError,
    ResyncRequired,
    StoreUnavailable,
)
from cluster.media import messages as plain
from cluster.media.credits import Credit
from cluster.media.edge import Edge
from cluster.media.egress import RING_TURNS
from cluster.telemetry import metrics as m
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1

TURNS_KEPT = 30  # sent up and not accepted yet: 6 s, for a scheduler that takes over

log = structlog.get_logger()


class IngestSession:
    """`ended` is resolved once, when the stream has to end."""

    def __init__(
        self,
        attachment: Attachment,
        opening: plain.Opening,
        services: Services,
        outbox: Outbox,
        *,
        received_k: int = -1,
        kept: Kept | None = None,
    ) -> None:
        granted = attachment.granted.granted
        self.id, self.token, self.opening = attachment.granted.session, granted.token, opening
        self.seat = granted.seat
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.link_down = asyncio.Event()
        self._attachment, self._services, self._outbox = attachment, services, outbox
        limits = services.limits
        grant = grant_of(granted, credit_ms=limits.credit_ms, credit_bytes=limits.credit_bytes)
        self._edge = Edge(opening, grant, services.spec, services.vocabulary)
        self._egress = EgressTask(
            opening,
            services,
            self._tell,
            session=self.id,
            epoch=attachment.granted.epoch,
            received_k=received_k,
            kept=kept,
        )
        self._sent_up: deque[plain.TurnUp] = deque(maxlen=TURNS_KEPT)
        self.ring: deque[pb.TurnResult] = deque(granted.replay, maxlen=RING_TURNS)  # the newest results given to us
        self._unacknowledged: dict[str, plain.ControlUp] = {}
        self._pictures: Pictures | None = None
        if codec := opening.video_in:
            self._pictures = Pictures(
                services.pictures, codec, services.spec, self._picture, self.failed, lockstep=opening.lockstep
            )
        self._hearing: Hearing | None = None
        if opening.audio_in and limits.keeps_media(opening.tenant):
            hz = services.spec.dmel.sample_rate
            self._hearing = Hearing(self.id, services.hearing, hz, lambda heard: self._attachment.send(heard))
        self._timer: asyncio.TimerHandle | None = None

    @property
    def epoch(self) -> int:
        return self._egress.epoch

    @property
    def sent_k(self) -> int:
        """The last result the client was sent, -1: none."""
        return self._egress.sent_k

    @property
    def closing(self) -> bool:
        """Whether the client said that nothing more comes."""
        return self._edge.closing

    def start(self) -> None:
        """Call once the client was told of the grant."""
        self._egress.start(self._attachment.granted.granted, self.failed)
        self._attachment.listen(self)
        self._pump(self._edge.poll(self._now()))

    async def stop(self, reason: str) -> Kept:
        """The client is gone; the session waits for its next one. Returns what this ingest keeps for it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._pictures is not None:
            self._pictures.close()
        if self._hearing is not None:
            self._hearing.close()
        if not self.ended.done():
            self.ended.set_result(Ending())
        if self.ended.result().attached and not self.link_down.is_set():
            self._attachment.send(pb.EdgeUp(detach=pb.Detach(reason=reason)))
        self._attachment.end()
        return await self._egress.stop()

    # ------------------------------------------------------------ from the client

    def client(self, request: v1.InteractRequest) -> None:
        """Raises ProtocolError where the stream must end."""
        try:
            check_size(request, self._services.limits.max_message_bytes)
            check_enums(request)
            message = client_message(request)
        except ProtocolError:
            raise
        except InvalidInput as error:
            message = plain.Malformed(seq=request.seq, error=error)
        now_ns = self._now()
        self._pump(self._edge.receive(message, now_ns))
        match message:
            case plain.VideoFrame() if self._pictures is not None and self._edge.awaits_frame(message.seq):
                self._pictures.put(message)
            case plain.Playback():
                self._egress.played(message.played_samples, cut=message.cut, now_ns=now_ns)
            case plain.Control(kind="interrupt"):
                self._egress.interrupt()

    def _picture(self, message: plain.VideoFrame, patches: bytes | MediaError | None) -> None:
        self._pump(self._edge.frame(message, patches, self._now()))

    # ------------------------------------------------------------ from the scheduler

    def down(self, message: pb.EdgeDown) -> None:
        if not self._egress.fence(message.epoch):
            self._services.metrics.add(m.FENCED, place="ingest")
            return
        match message.WhichOneof("message"):
            case "result":
                self._edge.follow(self._attachment.media_epoch_ns)
                self._result(message.result, message.epoch)
                self._pump(self._edge.result(message.result.k, self._now()))
            case "accepted":
                self._accepted(message.accepted)
            case "sealed":
                sealed = message.sealed
                self._pump(self._edge.sealed(sealed.to_k, sealed.reason, self._now()))
            case "control":
                ack = message.control
                self._unacknowledged.pop(ack.control_id, None)
                self._edge.acknowledged(ack.control_id)
                self._tell(plain.Acknowledged(control_id=ack.control_id, seq=ack.seq, tick=ack.tick, k=ack.k))
            case "ended":
                self._egress.after_last(lambda: self._session_ended(message))
            case "superseded":
                self.superseded()
            case "going_away":
                away = v1.GoingAway(in_ms=message.going_away.in_ms, reason=message.going_away.reason)
                self._outbox.put(v1.InteractResponse(epoch=message.epoch, going_away=away))
            case kind:
                log.warning("unknown message of a scheduler ignored", kind=kind)

    def _result(self, result: pb.TurnResult, epoch: int) -> None:
        if not self.ring or result.k > self.ring[-1].k:
            self.ring.append(result)
        self._egress.put(result_of(result, epoch, self._services.vocabulary))

    def superseded(self) -> None:
        """Another client speaks for the session now: this stream is over, and its place is not looked for again."""
        self.link_down.clear()
        self._outbox.put(v1.InteractResponse(epoch=self.epoch, superseded=v1.Superseded()))
        self._end(Ending(attached=False))

    def link_lost(self, reason: str) -> None:
        log.warning("session without a scheduler", session=self.id, reason=reason)
        self.link_down.set()

    def failed(self, error: Exception) -> None:
        """A fault of ours: this stream ends, the session can be resumed."""
        if not isinstance(error, CounterpointError):
            error = InternalError(f"{type(error).__name__} in ingest; it is logged there")
        self._end(Ending(error=error))

    def reattached(self, attachment: Attachment) -> None:
        """A scheduler took the session over: give it again what it lacks. Raises ResyncRequired if that is gone."""
        granted = attachment.granted.granted
        again = [turn for turn in self._sent_up if turn.turn.k >= granted.next_k]
        if granted.next_k < self._edge.k and (not again or again[0].turn.k > granted.next_k):
            attachment.send(pb.EdgeUp(detach=pb.Detach(reason="input is gone")))
            raise ResyncRequired(f"input of micro-turn {granted.next_k} is only with the client; resume with the token")
        self._attachment.end()
        self._attachment, self.token = attachment, granted.token
        self.link_down.clear()
        self._egress.fence(attachment.granted.epoch)
        self._edge.follow(attachment.media_epoch_ns)
        for result in granted.replay:
            self._result(result, attachment.granted.epoch)
        attachment.listen(self)
        for control in self._unacknowledged.values():
            attachment.send(up(control))
        for turn in again:
            self._send_turn(turn)
        self._pump(self._edge.taken_over(granted.next_k, self._now()))

    def _accepted(self, accepted: pb.AcceptedThrough) -> None:
        while (
            self._sent_up
            and self._sent_up[0].through <= accepted.through
            and (self._sent_up[0].position <= accepted.audio_samples)
        ):
            self._sent_up.popleft()
        self._tell(
            plain.Accepted(through=accepted.through, audio_samples=accepted.audio_samples, volatile=accepted.volatile)
        )

    def _session_ended(self, message: pb.EdgeDown) -> None:
        """It is over for good where the code says so; else another owner may hold it and the client can resume."""
        ended = message.ended
        if ended.code in OVER:
            reason = ended.reason if ended.code == "closed" else f"{ended.code}: {ended.reason}"
            closed = v1.Closed(reason=reason, micro_turns=ended.micro_turns)
            self._outbox.put(v1.InteractResponse(epoch=message.epoch, closed=closed))
            self._end(Ending(attached=False))
        else:
            error = StoreUnavailable if ended.code == "fenced" else ResyncRequired
            self._end(Ending(error=error(f"{ended.code}: {ended.reason}"), attached=False))

    # ------------------------------------------------------------ out

    def overflow(self, error: CounterpointError) -> None:
        self._end(Ending(error=error))

    def _end(self, ending: Ending) -> None:
        if not self.ended.done():
            self.ended.set_result(ending)

    def _tell(self, down: plain.Down) -> None:
        metrics = self._services.metrics
        match down:
            case plain.Outcome():
                metrics.add(m.MEDIA_OUTCOMES, outcome=down.outcome.value)
            case plain.Fault():
                metrics.add(m.STREAM_ERRORS, code=down.code)
        self._outbox.put(response(down, self._egress.epoch))

    def _pump(self, out: list[plain.Up | plain.Down]) -> None:
        for each in out:
            match each:
                case plain.TurnUp():
                    self._sent_up.append(replace(each, heard_M=None))  # which is not sent again
                    self._egress.handed_over(each.turn.k, self._now() - each.ready_ns)
                    self._send_turn(each)
                    if self._hearing is not None and each.heard_M is not None:
                        self._hearing.put(each.turn.k, each.heard_M)
                case plain.ControlUp():
                    self._unacknowledged[each.control_id] = each
                    self._attachment.send(up(each))
                case plain.PlayedUp() | plain.CloseUp():
                    if self._hearing is not None and isinstance(each, plain.CloseUp):
                        self._hearing.finish()
                    self._attachment.send(up(each))
                case plain.Outcome() | plain.Fault() | plain.Notice() | Credit():
                    self._tell(each)
                case _:
                    raise AssertionError(f"an edge never emits {type(each).__name__}")
        self._arm()

    def _send_turn(self, turn: plain.TurnUp) -> None:
        if turn.slip:
            self._attachment.send(slip(turn))
        self._attachment.send(up(turn))

    def _arm(self) -> None:
        wake_ns, now_ns = self._edge.wake_ns(), self._now()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wake_ns is not None and wake_ns > now_ns:  # else: media is awaited, not time
            delay_s = (wake_ns - now_ns) / 1e9
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay_s, lambda: self._pump(self._edge.poll(max(wake_ns, self._now()))))

    def _now(self) -> int:
        return self._services.clock.now_ns()
