"""The actors of a cluster by name: handles, where they serve, and whether they still answer."""

from __future__ import annotations

import asyncio

import structlog

from actors.handles import BEFORE, RENDEZVOUS, ActorInfo, ActorLost, ActorSpec, Handle, Launcher
from cluster.config import Config

BEAT_S, BEAT_TIMEOUT_S = 1.0, 5.0
STANDS_BEATS = 5  # of a working thread that should advance every 20 ms, idle or not
THREADED = ("engine", "lockstep-engine", "expert")  # a rank stands with its engine, which brings it along

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

    async def adopt(self, config: Config) -> None:
        """Keep what another supervisor left, where it serves with this configuration, and end everything else of it.
        Nobody is told: who serves knows the addresses of those it calls. A lockstep pair holds no live session.
        """
        namespace = config.serve.namespace
        left = await self._launcher.left(namespace)
        infos = await asyncio.gather(*(_serving(handle, config) for handle in left.values()))
        for info in infos:
            if info is not None and not info.role.startswith("lockstep-"):
                self._handles[info.name] = left[info.name]
                self._infos[info.name] = info
                self._addresses[info.name] = info.address
        if ended := left.keys() - self._handles.keys():
            await self._launcher.end(namespace, ended)
        if left:
            log.warning("taken over from another supervisor", kept=sorted(self._handles), ended=sorted(ended))

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
        if handle := self._handles.get(name):
            self._kill(name, handle)

    def info(self, name: str) -> ActorInfo | None:
        """None: it does not serve."""
        return self._infos.get(name)

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


async def _serving(handle: Handle, config: Config) -> ActorInfo | None:
    """None for whatever does not say so in time."""
    try:
        return await asyncio.wait_for(handle.serving(config), BEAT_TIMEOUT_S)
    except Exception as error:
        log.warning("actor left behind cannot be kept", why=repr(error))
        return None
