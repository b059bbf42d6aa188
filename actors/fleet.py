"""The actors of a cluster by name: handles, where they serve, and whether they still answer."""

from __future__ import annotations

import asyncio

import structlog

from actors.handles import BEFORE, RENDEZVOUS, ActorInfo, ActorLost, ActorSpec, Handle, Launcher

BEAT_S, BEAT_TIMEOUT_S = 1.0, 5.0
STANDS_BEATS = 5  # of a working thread that should advance every 20 ms, idle or not
THREADED = ("engine", "lockstep-engine", "expert")  # a rank is not among them: it waits in collectives

log = structlog.get_logger()


class Fleet:
    """Book-keeping without policy: what to do about a death is the supervisor's."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._handles: dict[str, Handle] = {}
        self._infos: dict[str, ActorInfo] = {}
        self._addresses: dict[str, str] = {}  # the last one of each, dead or alive
        self._standing: dict[str, tuple[int, int]] = {}  # progress last told, and the beats since it rose
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
        self._standing.pop(name, None)

    def kill(self, name: str) -> None:
        """End its process, if there is one still. Never raises: who kills has something better to do next."""
        self._kill(name, self._handles[name])

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
        """Ask everybody for progress for ever. Who does not answer in time is killed, and who answers while its working
        thread stands: a freeze heals by restart.
        """
        while True:
            await asyncio.sleep(BEAT_S)
            await asyncio.gather(*(self._ask(name) for name in list(self._infos)))
            self.beats += 1

    async def stop_one(self, name: str) -> None:
        """Stop one for good, and end it if it does not."""
        if name in self._handles:
            await self._stop(name)

    async def stop(self, role: str) -> None:
        """Stop all of a role together, and end those that do not stop."""
        names = [name for name in self._handles if name.rpartition("-")[0] == role]
        await asyncio.gather(*(self._stop(name) for name in names))

    async def _stop(self, name: str) -> None:
        """Whatever becomes of this one, the others are stopped too."""
        handle, served = self._handles.pop(name), self._infos.pop(name, None)
        self._addresses.pop(name, None)
        try:
            if served:
                await asyncio.wait_for(handle.stop(), BEAT_TIMEOUT_S)
        except (ActorLost, TimeoutError):
            log.warning("actor did not stop by itself", actor=name)
        except Exception:
            log.exception("actor failed while it stopped", actor=name)
        finally:
            self._kill(name, handle)

    async def _ask(self, name: str) -> None:
        try:
            handle = self._handles[name]
            progress = await asyncio.wait_for(handle.progress(), BEAT_TIMEOUT_S)
        except TimeoutError:
            log.error("actor does not answer; killed", actor=name, waited_s=BEAT_TIMEOUT_S)
            self._kill(name, handle)
        except (ActorLost, KeyError):
            return  # its watcher knows
        except Exception:
            log.exception("actor cannot tell its progress", actor=name)
        else:
            if self._stands(name, progress):
                log.error("actor answers but its work stands; killed", actor=name, progress=progress)
                self._kill(name, handle)

    def _stands(self, name: str, progress: int) -> bool:
        if name.rpartition("-")[0] not in THREADED:
            return False
        told, beats = self._standing.get(name, (-1, 0))
        self._standing[name] = progress, beats + 1 if progress == told else 0
        return self._standing[name][1] == STANDS_BEATS

    def _kill(self, name: str, handle: Handle) -> None:
        try:
            handle.kill()
        except Exception:
            log.exception("actor cannot be killed", actor=name)
