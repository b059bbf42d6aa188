"""A live session as its client sees it: send media and controls, iterate over what comes back, survive lost streams."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from counterpoint.client.attachment import Attachment, Lost
from counterpoint.client.errors import Refused, Unreachable
from counterpoint.client.events import Acknowledged, Closed, Disconnected, Event, Resumed, Turn
from counterpoint.client.inbox import Inbox
from counterpoint.client.ledger import Ledger
from counterpoint.client.outbox import Media, Outbox
from counterpoint.client.timeline import Timeline
from counterpoint.v1 import interaction_pb2 as v1

BACKOFF_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait before giving up, in seconds."""

    grant_s: float = 10.0
    silent_s: float | None = 3.0  # without any message of a live session; a frozen server keeps its connection open
    resume_s: float = 15.0
    close_s: float = 10.0


class Session:
    """Made by `InteractionClient.start`. Iterating gives events and ends with `Closed` or raises ClientError.

    Sending never blocks in a live session: what finds no credit waits, and what has waited too long is dropped and said
    so. In lockstep `drained` waits until everything has left. A lost stream is resumed by itself within `patience`.
    """

    def __init__(
        self,
        attachment: Attachment,
        connect: Callable[[], Attachment],
        configure: v1.Configure,
        *,
        same_host: bool,
        patience: Patience,
        target: str,
        models_playback: bool,
    ) -> None:
        granted = attachment.granted
        self.granted, self.configure = granted, configure
        self.timeline = Timeline.of(granted, received_ns=attachment.granted_ns, same_host=same_host)
        self.ledger = Ledger(self.timeline, first_k=granted.next_k, lockstep=configure.lockstep)
        self._inbox = Inbox(self.ledger, granted, attachment.epoch)
        self._outbox = Outbox(granted.limits, lossy=not configure.lockstep, next_seq=granted.accepted_through + 1)
        self._attachment, self._connect = attachment, connect
        self._same_host, self._patience, self._target = same_host, patience, target
        self._models_playback, self._reported_samples = models_playback, 0
        self._wake, self._left = asyncio.Event(), asyncio.Event()
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self._acks: dict[str, asyncio.Future[Acknowledged]] = {}
        self._controls = self._audio_samples = 0
        self._task = asyncio.create_task(self._run(), name=f"session {granted.session_id}")

    @property
    def session_id(self) -> str:
        return self.granted.session_id

    # ------------------------------------------------------------------ sending

    def send_audio(self, data: bytes, *, at_sample: int | None = None, num_samples: int | None = None) -> None:
        """data: PCM or one Opus packet, as configured. at_sample: on the input track; by default right after the last.

        num_samples: of one channel, needed for Opus only.
        """
        audio_in = self.configure.audio_in
        if num_samples is None:
            num_samples = len(data) // (2 * max(1, audio_in.channels))
        starts = self._audio_samples if at_sample is None else at_sample
        self._audio_samples = ends = starts + num_samples
        chunk = v1.AudioChunk(media_time=starts, data=data)
        rate = audio_in.sample_rate_hz
        # Milliseconds are cut at whole positions, so that odd chunk sizes never leak credit.
        span = {"starts_ms": starts * 1000 // rate, "ends_ms": ends * 1000 // rate}
        self._media(v1.InteractRequest(audio=chunk), v1.TRACK_AUDIO, starts, ends, len(data), **span)

    def send_video(self, data: bytes, *, at_ms: int) -> None:
        """data: one JPEG or PNG image, as configured."""
        request = v1.InteractRequest(video=v1.VideoFrame(media_time_ms=at_ms, data=data))
        self._media(request, v1.TRACK_VIDEO, at_ms, at_ms, len(data), starts_ms=at_ms, ends_ms=at_ms)

    def send_text(self, text: str, *, at_ms: int = 0) -> None:
        """at_ms: media time; 0 is now."""
        request = v1.InteractRequest(text=v1.TextChunk(media_time_ms=at_ms, text=text))
        self._media(request, v1.TRACK_TEXT, at_ms, at_ms, len(text.encode()), starts_ms=at_ms, ends_ms=at_ms)

    def report_playback(self, played_samples: int, *, cut: bool = False) -> None:
        """What the user has heard of the output track. cut: playback stopped here and the rest was thrown away."""
        report = v1.PlaybackReport(played_samples=played_samples, cut=cut)
        self._order(v1.InteractRequest(playback=report), again=cut)

    async def interrupt(self) -> Acknowledged:
        """Stop the model speaking; returns when the server has said at which micro-turn it stops."""
        return await self._control(v1.Control(interrupt=v1.Interrupt()))

    async def update_instructions(self, instructions: str) -> Acknowledged:
        return await self._control(v1.Control(update_instructions=v1.UpdateInstructions(instructions=instructions)))

    async def ping(self) -> Acknowledged:
        return await self._control(v1.Control(ping=v1.Ping()))

    @property
    def ended(self) -> bool:
        """Nothing more will be sent or received."""
        return self._task.done()

    @property
    def dropped_ms(self) -> int:
        """Media this client never got across, for want of credit or of a connection."""
        return self._outbox.dropped_ms

    async def drained(self) -> None:
        """Wait until nothing waits to be sent. Raises what ended the session, if it ended first."""
        while not self._outbox.empty and not self._task.done():
            self._left.clear()
            waiting = asyncio.create_task(self._left.wait())
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    def end_input(self) -> None:
        """No more input: the server answers with `Closed` after the last result."""
        self._order(v1.InteractRequest(close=v1.Close()))

    # ------------------------------------------------------------------ receiving

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            event = await self._events.get()
            if isinstance(event, Exception):
                raise event
            yield event
            if isinstance(event, Closed):
                return

    async def close(self) -> None:
        """End the input, wait for the last result at most `patience.close_s`, then let go. Never raises ClientError."""
        if not self._task.done():
            self.end_input()
            await asyncio.wait({self._task}, timeout=self._patience.close_s)
        await self.abandon()

    async def abandon(self) -> None:
        """Let go at once, as a client that vanishes: the server keeps the session for a resume."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._attachment.cancel()

    # ------------------------------------------------------------------ inside

    def _media(
        self, request: v1.InteractRequest, track: v1.Track, starts: int, ends: int, size: int, **span: int
    ) -> None:
        self._outbox.media(Media(request=request, track=track, starts=starts, ends=ends, size=size, **span))
        self._wake.set()

    def _order(self, request: v1.InteractRequest, *, again: bool = True) -> None:
        self._outbox.order(request, again=again)
        self._wake.set()

    async def _control(self, control: v1.Control) -> Acknowledged:
        self._controls += 1
        control.control_id = f"c{self._controls}"
        future = self._acks[control.control_id] = asyncio.get_running_loop().create_future()
        self._order(v1.InteractRequest(control=control))
        return await future

    def _report_modelled_playback(self) -> None:
        played = self._inbox.playback.played(time.monotonic_ns())
        if played > self._reported_samples:
            self._reported_samples = played
            self.report_playback(played)

    async def _run(self) -> None:
        try:
            while not await self._attached():
                await self._resume()
        except Exception as error:  # handed to whoever iterates
            self._events.put_nowait(error)
        finally:
            for future in self._acks.values():
                future.cancel()

    async def _attached(self) -> bool:
        """Read and write until the session closed (True) or the stream was lost (False)."""
        writer = asyncio.create_task(self._write())
        try:
            silent_s = None if self.configure.lockstep else self._patience.silent_s
            while True:
                response = await self._attachment.read(silent_s)
                if response is None:
                    raise Lost("the server ended the stream")
                for event in self._inbox.receive(response, self._outbox, time.monotonic_ns()):
                    self._events.put_nowait(event)
                    if isinstance(event, Closed):
                        return True
                    if isinstance(event, Acknowledged) and event.message.control_id in self._acks:
                        self._acks.pop(event.message.control_id).set_result(event)
                    if isinstance(event, Turn) and self._models_playback:
                        self._report_modelled_playback()
                self._wake.set()
        except Lost as lost:
            self._events.put_nowait(Disconnected(reason=str(lost), at_ns=time.monotonic_ns()))
            return False
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self) -> None:
        with contextlib.suppress(Lost):  # the reader meets the same end and decides
            while True:
                taken = self._outbox.take()
                if taken is None:
                    self._left.set()
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                request, media = taken
                await self._attachment.write(request)
                if media is not None and media.track == v1.TRACK_AUDIO:
                    self.ledger.sent(media.ends_ms, time.monotonic_ns())

    async def _resume(self) -> None:
        """Attach anew with the token. Raises Unreachable when no server took the session back in time."""
        began_ns, attempt, why = time.monotonic_ns(), 0, ""
        while time.monotonic_ns() - began_ns < self._patience.resume_s * 1e9:
            await asyncio.sleep(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)])
            attempt += 1
            attachment = self._connect()
            try:
                await attachment.open(v1.InteractRequest(resume=self._inbox.resume()), self._patience.grant_s)
            except Refused as refused:
                if not refused.retry_after_ms:
                    raise
                why = str(refused)
                await asyncio.sleep(refused.retry_after_ms / 1000)
                continue
            except (Lost, Unreachable) as error:
                why = str(error)
                continue
            self._attachment, self.granted = attachment, attachment.granted
            self.timeline = Timeline.of(self.granted, received_ns=attachment.granted_ns, same_host=self._same_host)
            self._inbox.resumed(self.granted, attachment.epoch, self.timeline)
            self._outbox.resume(self.granted.accepted_through, self.granted.limits)
            now_ns = time.monotonic_ns()
            self._events.put_nowait(Resumed(message=self.granted, after_ns=now_ns - began_ns))
            return
        raise Unreachable(self._target, f"not resumed within {self._patience.resume_s:g} s; the last attempt: {why}")
