"""From a client's first message to a session attached here: who it is, what it wants, who owns it, its grant."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from actors.ingest_auth import Auth
from actors.ingest_egress import Kept
from actors.ingest_keep import Keep
from actors.ingest_link import Attachment
from actors.ingest_links import Links
from actors.ingest_outbox import Outbox
from actors.ingest_services import Services
from actors.ingest_session import IngestSession
from actors.ingest_wire import CONFIGURE_SEQ, accepted_of
from actors.wire import DEFAULT_TENANT, check_enums, check_size, opening_of, tenant_of
from actors.wire_down import response
from cluster.errors import InvalidInput, ProtocolError, Rejected, ResyncRequired, StoreUnavailable, Superseded
from cluster.media.messages import Notice, Opening
from cluster.media.spec import MAX_CHUNK_MS
from cluster.media.text import encode_prefix
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.types import MICRO_TURN_MS
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1

log = structlog.get_logger()
Metadata = Sequence[tuple[str, str | bytes]]


def check_received(resume: v1.Resume, opening: Opening) -> None:
    """Raises InvalidInput for a client that has heard more than the results it says it has."""
    rate = opening.audio_out.rate if opening.audio_out else 0
    most = (resume.received_k + 1) * rate * MICRO_TURN_MS // 1000
    if resume.received_sample > most:
        why = f"is {resume.received_sample}; to micro-turn {resume.received_k} there are {most}"
        raise InvalidInput("resume.received_sample", why)


class Attacher:
    def __init__(self, services: Services, links: Links, auth: Auth, keep: Keep) -> None:
        self._services, self._links, self._auth, self._keep = services, links, auth, keep
        self.draining = False

    @property
    def metrics(self) -> Metrics:
        return self._services.metrics

    async def attach(self, first: v1.InteractRequest, metadata: Metadata, outbox: Outbox) -> IngestSession:
        """Raises Unauthenticated, ProtocolError, InvalidInput, Rejected, ResyncRequired or StoreUnavailable."""
        owner = self._auth.tenant(metadata)
        check_size(first, self._services.limits.max_message_bytes)
        check_enums(first)
        if self.draining:
            raise StoreUnavailable("this ingest is going away; connect again")
        match first.WhichOneof("message"):
            case "configure":
                if first.seq != CONFIGURE_SEQ:
                    raise ProtocolError("seq", f"of configure must be {CONFIGURE_SEQ}, got {first.seq}")
                return await self._open(first.configure, owner, outbox)
            case "resume":
                return await self._resume(first.resume, owner, outbox)
            case kind:
                raise ProtocolError(kind or "message", "came first; the first message is configure or resume")

    async def reattach(self, session: IngestSession) -> None:
        """The scheduler of a running session is lost. Raises StoreUnavailable where no other takes it over in time."""
        lost_ns = self._services.clock.now_ns()
        ring = session.ring
        received_k = max(session.sent_k, ring[-1].k if ring else -1)  # what waits for the voice will be sent
        reattach = pb.Reattach(token=session.token, received_k=received_k, seat=session.seat, ring=ring)
        try:
            attachment = await self._links.find_again(session.id, reattach)
        except Superseded:
            session.superseded()
            return
        except (Rejected, ResyncRequired) as error:
            raise StoreUnavailable(f"the session's scheduler is lost; resume with the token ({error})") from error
        session.reattached(attachment)
        gap_ns = self._services.clock.now_ns() - lost_ns
        self.metrics.observe(m.FAILOVER_GAP, gap_ns / 1e9, lost="scheduler")

    async def keep(self, session: IngestSession, kept: Kept) -> None:
        """A stream is over; its session may come back."""
        self._keep.put(session.id, session.opening.audio_out, kept, self._services.clock.now_ns())

    async def _open(self, configure: v1.Configure, owner: str | None, outbox: Outbox) -> IngestSession:
        configure.tenant = configure.tenant or owner or DEFAULT_TENANT
        self._auth.check(owner, configure.tenant, "configure.tenant")
        opening, prefix = self._opening(configure)
        attachment = await self._links.open(configure.SerializeToString(), prefix, lockstep=opening.lockstep)
        session = await self._begin(attachment, opening, outbox, received_k=-1)
        if count := self._services.vocabulary.unknown(prefix):
            notice = Notice.unknown_words("configure.instructions", count, len(prefix), CONFIGURE_SEQ)
            outbox.put(response(notice, session.epoch))
        return session

    async def _resume(self, resume: v1.Resume, owner: str | None, outbox: Outbox) -> IngestSession:
        tenant = tenant_of(resume.session_id)
        if resume.received_k < -1:
            raise InvalidInput("resume.received_k", f"must be -1 or more, got {resume.received_k}")
        self._auth.check(owner, tenant, "resume.session_id")
        reattach = pb.Reattach(token=resume.token, received_k=resume.received_k, received_sample=resume.received_sample)
        attachment = await self._links.resume(resume.session_id, reattach)
        try:
            opening, _ = self._opening(v1.Configure.FromString(attachment.granted.granted.configure))
            check_received(resume, opening)
        except BaseException:
            attachment.decline("the session cannot be served by this ingest")
            raise
        return await self._begin(attachment, opening, outbox, received_k=resume.received_k)

    def _opening(self, configure: v1.Configure) -> tuple[Opening, tuple[int, ...]]:
        """What is wanted, checked; a value that cannot be granted is a rejection that names its field."""
        services = self._services
        try:
            opening = opening_of(configure, video_in_max=services.spec.video_in_max)
            if opening.audio_out is not None and services.voice is None:
                raise InvalidInput("configure.audio_out", "this deployment has no voice; leave it out")
            prefix = encode_prefix(opening.instructions, services.vocabulary, services.spec, "configure.instructions")
        except InvalidInput as error:
            raise Rejected(error.field, str(error).removeprefix(f"{error.field}: ")) from error
        return opening, prefix

    async def _begin(
        self, attachment: Attachment, opening: Opening, outbox: Outbox, *, received_k: int
    ) -> IngestSession:
        kept = self._keep.take(attachment.granted.session, opening.audio_out, received_k)
        try:
            session = IngestSession(attachment, opening, self._services, outbox, received_k=received_k, kept=kept)
            outbox.put(self._granted(attachment.granted, opening))
        except BaseException:
            attachment.decline("the session could not be begun")
            raise
        try:
            session.start()
        except BaseException:
            await session.stop("the session could not be begun")
            raise
        log.info("session attached", session=session.id, tenant=opening.tenant, resumed=received_k >= 0)
        return session

    def _granted(self, down: pb.EdgeDown, opening: Opening) -> v1.InteractResponse:
        granted, limits, spec = down.granted, self._services.limits, self._services.spec
        starts_in_ns = granted.media_epoch_ns - self._services.clock.now_ns()
        message = v1.Granted(
            session_id=down.session,
            resume_token=granted.token,
            micro_turn_ms=MICRO_TURN_MS,
            jitter_ms=granted.jitter_ms,
            due_ms=granted.due_ms,
            starts_in_ms=0 if opening.lockstep else max(0, starts_in_ns) // 1_000_000,
            next_k=granted.next_k,
            accepted_through=accepted_of(granted),
            limits=v1.Limits(
                credit_ms=limits.credit_ms,
                credit_bytes=limits.credit_bytes,
                max_chunk_ms=MAX_CHUNK_MS,
                max_message_bytes=limits.max_message_bytes,
                text_in_max=spec.text_in_max,
                video_in_max=spec.video_in_max,
            ),
            output_sample_rate_hz=opening.audio_out.rate if opening.audio_out else 0,
            idle_timeout_s=limits.idle_s,
            max_duration_s=limits.max_duration_s,
            checkpoint=granted.checkpoint,
            resumed=granted.resumed,
            media_clock_ns=granted.media_epoch_ns,
        )
        return v1.InteractResponse(epoch=down.epoch, granted=message)
