"""The actors of a cluster by name: handles, where they serve, and whether they still answer."""

from __future__ import annotations

import asyncio

import structlog

from actors.handles import BEFORE, RENDEZVOUS, ActorInfo, ActorLost, ActorSpec, Handle, Launcher

BEAT_S, BEAT_TIMEOUT_S = 1.0, 5.0

log = structlog.get_logger()


class Fleet:
    """Book-keeping without policy: what to do about a death is the supervisor's."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._handles: dict[str, Handle] = {}
        self._infos: dict[str, ActorInfo] = {}
        self._addresses: dict[str, str] = {}  # the last one of each, dead or alive
        self.meeting = ""  # where ranks meet
        self.beats = 0

    def __getitem__(self, name: str) -> Handle:
        return self._handles[name]

    def launch(self, spec: ActorSpec) -> None:
        """Begin its process; `serve` waits for it."""
        self._handles[spec.name] = self._launcher.launch(spec)

    async def serve(self, spec: ActorSpec) -> ActorInfo:
        """Have a launched actor serve, knowing all that serve already. Raises what starting it raises."""
        before = self._addresses.get(spec.name, "")
        info = await self._handles[spec.name].start(self.peers() | {BEFORE: before})
        self._infos[spec.name] = info
        self._addresses[spec.name] = info.address
        return info

    def forget(self, name: str) -> None:
        self._infos.pop(name, None)

    def known(self, role: str) -> bool:
        """Launched once, whether it serves now or is being started again."""
        return f"{role}-0" in self._handles

    def serving(self, role: str) -> tuple[ActorInfo, ...]:
        return tuple(info for info in self._infos.values() if info.role == role)

    def infos(self) -> tuple[ActorInfo, ...]:
        return tuple(self._infos.values())

    def peers(self) -> dict[str, str]:
        return {name: info.address for name, info in self._infos.items()} | {RENDEZVOUS: self.meeting}

    async def beat(self) -> None:
        """Ask everybody for progress for ever; who does not answer in time is killed, for a freeze heals by restart."""
        while True:
            await asyncio.sleep(BEAT_S)
            await asyncio.gather(*(self._ask(name) for name in list(self._infos)))
            self.beats += 1

    async def stop(self, role: str) -> None:
        """Stop all of a role together, and end those that do not stop."""
        names = [name for name in self._handles if name.rpartition("-")[0] == role]
        await asyncio.gather(*(self._stop(name) for name in names))

    async def _stop(self, name: str) -> None:
        handle, served = self._handles.pop(name), self._infos.pop(name, None)
        try:
            if served:
                await asyncio.wait_for(handle.stop(), BEAT_TIMEOUT_S)
        except (ActorLost, TimeoutError):
            log.warning("actor did not stop by itself", actor=name)
        handle.kill()

    async def _ask(self, name: str) -> None:
        try:
            await asyncio.wait_for(self._handles[name].progress(), BEAT_TIMEOUT_S)
        except TimeoutError:
            log.error("actor does not answer; killed", actor=name, waited_s=BEAT_TIMEOUT_S)
            self._handles[name].kill()
        except (ActorLost, KeyError):
            return  # its watcher knows
