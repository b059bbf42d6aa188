"""The pictures of one stream, decoded off the event loop one at a time, so that one client holds one thread at most."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from cluster.errors import MediaError
from cluster.media.frames import decode_frame
from cluster.media.messages import VideoFrame
from cluster.media.spec import Codec, MediaSpec

Give = Callable[[VideoFrame, bytes | MediaError | None], None]


class Pictures:
    """`give` gets every picture once: its patches, why there are none, or None where a newer one took its place.

    In lockstep none is dropped, for what is used must not depend on how fast pictures are decoded; the edge bounds how
    many it takes.
    """

    def __init__(
        self,
        executor: Executor,
        codec: Codec,
        spec: MediaSpec,
        give: Give,
        failed: Callable[[Exception], None],
        *,
        lockstep: bool,
    ) -> None:
        self._executor, self._codec, self._spec = executor, codec, spec
        self._give, self._failed, self._lockstep = give, failed, lockstep
        self._waiting: deque[VideoFrame] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, picture: VideoFrame) -> None:
        self._waiting.append(picture)
        if self._task is None:
            self._task = asyncio.create_task(self._decode_all(self._waiting.popleft()))
        elif not self._lockstep and len(self._waiting) > 1:
            self._give(self._waiting.popleft(), None)

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _decode_all(self, first: VideoFrame) -> None:
        picture: VideoFrame | None = first
        try:
            while picture is not None:
                self._give(picture, await self._decode(picture.data))
                picture = self._waiting.popleft() if self._waiting else None
        except Exception as error:  # told to the stream: in lockstep it would wait for its picture for ever
            self._failed(error)
        self._task = None

    async def _decode(self, data: bytes) -> bytes | MediaError:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, decode_frame, data, self._codec, self._spec)
        except MediaError as error:
            return error
