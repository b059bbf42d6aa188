"""A live session as its client sees it: send media and controls, iterate over what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from counterpoint.client.attachment import Attachment, Connect
from counterpoint.client.connection import Connection, Patience
from counterpoint.client.events import Acknowledged, Closed, Event, Turn
from counterpoint.client.ledger import Ledger
from counterpoint.client.outbox import Media
from counterpoint.client.timeline import Timeline
from counterpoint.v1 import interaction_pb2 as v1


class Session:
    """Made by `InteractionClient.start`. Iterating gives events and ends with `Closed` or raises ClientError.

    Sending never blocks: what finds no credit waits, and in a live session what has waited too long is dropped and said
    so. In lockstep nothing is dropped; `drained` waits until everything has left. A lost stream is resumed by itself.
    """

    def __init__(
        self,
        attachment: Attachment,
        connect: Connect,
        configure: v1.Configure,
        *,
        same_host: bool,
        patience: Patience,
        target: str,
        models_playback: bool,
    ) -> None:
        self.configure = configure
        self._connection = Connection(
            attachment,
            connect,
            self._receive,
            lockstep=configure.lockstep,
            same_host=same_host,
            patience=patience,
            target=target,
        )
        self._outbox, self._patience = self._connection.outbox, patience
        self._models_playback, self._reported_samples = models_playback, 0
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self._acks: dict[str, asyncio.Future[Acknowledged]] = {}
        self._controls = self._audio_samples = 0
        self._input_ended = False
        self._task = asyncio.create_task(self._run(), name=f"session {self.session_id}")

    @property
    def session_id(self) -> str:
        return self.granted.session_id

    @property
    def granted(self) -> v1.Granted:
        """The newest grant."""
        return self._connection.granted

    @property
    def timeline(self) -> Timeline:
        return self._connection.timeline

    @property
    def ledger(self) -> Ledger:
        return self._connection.ledger

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
        """What the user has heard of the output track. cut: playback stopped here and the rest was thrown away.

        After the end of the input there is nobody left to tell, and nothing is sent.
        """
        if self._input_ended:
            return
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
    def audio_samples(self) -> int:
        """Where the input track ends so far: what was given to `send_audio`, at its rate."""
        return self._audio_samples

    @property
    def accepted_samples(self) -> int:
        """Of the input track: what the server answers for from now on, whatever dies; `audio_samples` at most."""
        return self._connection.inbox.accepted_samples

    @property
    def ended(self) -> bool:
        """Nothing more will be sent or received."""
        return self._task.done()

    @property
    def dropped_ms(self) -> int:
        """Media this client never got across, for want of credit or of a connection."""
        return self._outbox.dropped_ms

    async def drained(self) -> None:
        """Wait until nothing waits to be sent, or the session has ended."""
        while not self._outbox.empty and not self._task.done():
            self._connection.idle.clear()
            waiting = asyncio.create_task(self._connection.idle.wait())
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    def end_input(self) -> None:
        """No more input of any kind: the server answers with `Closed` after the last result."""
        if not self._input_ended:
            self._order(v1.InteractRequest(close=v1.Close()))
            self._input_ended = True

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
        self._connection.cancel()

    # ------------------------------------------------------------------ inside

    def _media(
        self, request: v1.InteractRequest, track: v1.Track, starts: int, ends: int, size: int, **span: int
    ) -> None:
        self._check_open()
        self._outbox.media(Media(request=request, track=track, starts=starts, ends=ends, size=size, **span))
        self._connection.wake()

    def _order(self, request: v1.InteractRequest, *, again: bool = True) -> None:
        self._check_open()
        self._outbox.order(request, again=again)
        self._connection.wake()

    def _check_open(self) -> None:
        if self._input_ended:
            raise ValueError("the input of this session was ended; start another session to send more")

    async def _control(self, control: v1.Control) -> Acknowledged:
        self._controls += 1
        control.control_id = f"c{self._controls}"
        future = self._acks[control.control_id] = asyncio.get_running_loop().create_future()
        self._order(v1.InteractRequest(control=control))
        return await future

    async def _run(self) -> None:
        try:
            await self._connection.run()
        except Exception as error:  # handed to whoever iterates
            self._events.put_nowait(error)
        finally:
            for future in self._acks.values():
                future.cancel()

    def _receive(self, event: Event) -> None:
        self._events.put_nowait(event)
        if isinstance(event, Acknowledged):
            waiting = self._acks.pop(event.message.control_id, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(event)
        if isinstance(event, Turn) and self._models_playback:
            played = self._connection.inbox.playback.played(time.monotonic_ns())
            if played > self._reported_samples:
                self._reported_samples = played
                self.report_playback(played)
