"""The edge of one attached session: the client's messages become micro-turns, in order, each when it is complete.

Soft state only: a new edge made from a grant goes on where the scheduler stands. Times are monotonic nanoseconds.
A micro-turn leaves when its media is all there: in real time at most one micro-turn before its media ends, in lockstep
a few ahead of the newest result.
"""

from __future__ import annotations

from cluster.errors import MediaError
from cluster.media.intake import Intake
from cluster.media.messages import ClientMessage, CloseUp, Down, Grant, Opening, TurnUp, Up, VideoFrame
from cluster.media.spec import MediaSpec
from cluster.media.text import Vocabulary
from cluster.types import MAX_COALESCED, MICRO_TURN_MS

_TURN_NS = MICRO_TURN_MS * 1_000_000
_LOCKSTEP_AHEAD = MAX_COALESCED
_GOODBYE = CloseUp(reason="client")
_JUMP_NS = 20_000_000  # beyond what comparing clocks anew can change


class Edge:
    """The first message it takes has seq accepted_through + 1. Methods return all that may leave because of them."""

    def __init__(self, opening: Opening, grant: Grant, spec: MediaSpec, vocabulary: Vocabulary) -> None:
        self._lockstep, self._has_audio = opening.lockstep, opening.audio_in is not None
        self._media_epoch_ns = grant.media_epoch_ns
        self._intake = Intake(opening, grant, spec, vocabulary)
        self._newest_result = grant.next_k - 1
        self._closed = False

    @property
    def k(self) -> int:
        """The micro-turn that is being filled."""
        return self._intake.k

    @property
    def closing(self) -> bool:
        """Whether the client said that nothing more comes."""
        return self._intake.closing

    def receive(self, message: ClientMessage, now_ns: int) -> list[Up | Down]:
        """Raises ProtocolError where the stream must end.

        A VideoFrame is only counted here: decode it elsewhere and hand the patches to `frame`.
        """
        since_ns = now_ns - self._media_epoch_ns  # so that a client's drift is one against the scheduler's ticks
        self._intake.take(message, newest_result=self._newest_result, since_ns=since_ns)
        return self.poll(now_ns)

    def follow(self, media_epoch_ns: int) -> None:
        """Where the scheduler's media time 0 lies on our clock, as it is known by now. It jumps with another owner."""
        if abs(media_epoch_ns - self._media_epoch_ns) > _JUMP_NS:
            self._intake.forget_drift()
        self._media_epoch_ns = media_epoch_ns

    def awaits_frame(self, seq: int) -> bool:
        """Whether a VideoFrame was taken, so that its picture is wanted."""
        return self._intake.awaits_frame(seq)

    def frame(self, message: VideoFrame, patches: bytes | MediaError | None, now_ns: int) -> list[Up | Down]:
        """The picture of a VideoFrame that `receive` has counted, decoded or not. None: a newer one took its place."""
        self._intake.frame(message, patches)
        return self.poll(now_ns)

    def result(self, k: int, now_ns: int) -> list[Up | Down]:
        """The scheduler answered micro-turn k."""
        self._newest_result = max(self._newest_result, k)
        return self.poll(now_ns)

    def acknowledged(self, control_id: str) -> None:
        """The scheduler answered a control: another may be sent."""
        self._intake.acknowledged(control_id)

    def sealed(self, to_k: int, reason: str, now_ns: int) -> list[Up | Down]:
        """The scheduler gave up every micro-turn to `to_k`; what comes for them is too late."""
        if to_k >= self.k:
            self._intake.seal(to_k, reason)
        return self.poll(now_ns)

    def taken_over(self, next_k: int, now_ns: int) -> list[Up | Down]:
        """Another owner goes on with micro-turn `next_k`, and has not heard that the client is done."""
        said = self._closed
        out = self.sealed(next_k - 1, "takeover", now_ns)
        return [*out, _GOODBYE] if said else out

    def poll(self, now_ns: int) -> list[Up | Down]:
        """Everything that may leave by now."""
        intake = self._intake
        while not self._closed and self._may_leave(now_ns) and (turn := intake.cut()) is not None:
            audio = intake.left
            intake.out.append(
                TurnUp(
                    turn=turn,
                    through=intake.in_flight.through,
                    position=intake.position,
                    ready_ns=now_ns,
                    stretch_ppm=audio.stretch_ppm if audio else 0,
                    slip=audio.slip if audio else 0,
                    heard_M=audio.heard_M if audio else None,
                )
            )
            intake.fill()
        if intake.closing and not self._closed and intake.empty:
            self._closed = True
            intake.out.append(_GOODBYE)
        out = [*intake.out, *intake.in_flight.take_credits()]
        intake.out.clear()
        return out

    def wake_ns(self) -> int | None:
        """When `poll` may have something to do though nothing comes in. None: never."""
        return None if self._lockstep or self._closed else self._leaves_ns()

    def _leaves_ns(self) -> int:
        """Without a microphone the end of the micro-turn makes it complete."""
        return self._media_epoch_ns + (self.k if self._has_audio else self.k + 1) * _TURN_NS

    def _may_leave(self, now_ns: int) -> bool:
        if self._lockstep:
            return self.k <= self._newest_result + _LOCKSTEP_AHEAD
        return now_ns >= self._leaves_ns()
