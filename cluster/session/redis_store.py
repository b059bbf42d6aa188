"""Sessions in Redis or Valkey: one Lua call per session and tick, all of a tick in one pipeline.

Keys carry `{tenant:session}`: `cp:{…}:meta` (hash), `cp:{…}:journal` and `cp:{…}:heard` (lists).
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from cluster.errors import (
    Fenced,
    ProtocolError,
    ResyncRequired,
    StoreUnavailable,
    Superseded,
    Unauthenticated,
)
from cluster.session import lua
from cluster.session.address import watched
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.session.heard import Heard
from cluster.session.store import BAD_TOKEN, Seat, StoredSession, digest

T = TypeVar("T")

_WAIT_MARGIN_MS = 500  # a server ends WAIT some time after its timeout
_NUM_KEYS = 3
_APPEND_SHA = sha1(lua.APPEND.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisOptions:
    """url: redis://host:port/db or redis+sentinel://host:port,host:port/service/db; with rediss for TLS on every way.

    sentinel_password: what sentinels ask for themselves. wait_replicas: how many must have a tick's records before they
    count as written.
    """

    url: str
    username: str = ""
    password: str = ""
    sentinel_password: str = ""
    tls_ca_file: str = ""
    wait_replicas: int = 0
    timeout_ms: int = 1_000
    ttl_s: int = 86_400


class RedisStore:
    """A SessionStore that outlives every process of the cluster."""

    def __init__(self, options: RedisOptions) -> None:
        """Connects at the first use. Raises ConfigError for a URL that cannot be understood."""
        self._options = options
        self._redis, self._sentinels = _client(options)

    async def create(self, tenant: str, session: str, *, owner: str, token: str) -> int:
        if not await self._run(lua.CREATE, tenant, session, owner, digest(token), self._options.ttl_s):
            raise ProtocolError("session", f"{session} exists already")
        return 1

    async def claim(self, tenant: str, session: str, *, held: int, owner: str) -> int:
        epoch = await self._run(lua.CLAIM, tenant, session, held, owner, self._options.ttl_s)
        if epoch == 0:
            raise ResyncRequired(f"session {session}: nothing is held of it; open a new session")
        if epoch < 0:
            raise Fenced(session, held, -epoch)
        return epoch

    async def redeem(self, tenant: str, session: str, *, token: str, fresh: str) -> Seat:
        tokens = digest(token), digest(fresh)
        return _seat(await self._run(lua.REDEEM, tenant, session, *tokens, self._options.ttl_s))

    async def relink(self, tenant: str, session: str, *, token: str, seat: int) -> Seat:
        newest = _seat(await self._run(lua.RELINK, tenant, session, digest(token), self._options.ttl_s))
        if seat < newest.number:
            raise Superseded(session)
        return Seat(epoch=newest.epoch, number=seat)

    async def check(self, tenant: str, session: str, *, token: str) -> None:
        _seat(await self._run(lua.RELINK, tenant, session, digest(token)))

    async def append(self, writes: Sequence[JournalWrite]) -> tuple[JournalOutcome, ...]:
        if not writes:
            return ()
        try:
            answers = await self._append(writes)
            if any(isinstance(answer, NoScriptError) for answer in answers):
                await self._redis.script_load(lua.APPEND)
                answers = await self._append(writes)
        except (RedisError, OSError):
            answers = [None] * len(writes)
        return tuple(_outcome(write, answer) for write, answer in zip(writes, answers, strict=True))

    async def load(self, tenant: str, session: str) -> StoredSession:
        flat, records = await self._ask(self._redis.eval(lua.LOAD, _NUM_KEYS, *_keys(tenant, session)))
        meta = dict(zip(flat[::2], flat[1::2], strict=True)) if isinstance(flat, list) else flat
        if not meta:
            raise ResyncRequired(f"session {session}: nothing is held of it; open a new session")
        return StoredSession(
            tenant=tenant,
            session=session,
            epoch=int(meta[b"epoch"]),
            owner=meta[b"owner"].decode(),
            meta=meta.get(b"terms", b""),
            base=int(meta[b"base"]),
            records=tuple(records),
            ended=b"ended" in meta,
        )

    async def heard(self, tenant: str, session: str) -> tuple[Heard, ...]:
        *_, key = _keys(tenant, session)
        return tuple(map(Heard.unpacked, await self._ask(self._redis.lrange(key, 0, -1))))

    async def delete(self, tenant: str, session: str) -> bool:
        return bool(await self._ask(self._redis.delete(*_keys(tenant, session))))

    async def ping(self) -> None:
        """Raises StoreUnavailable, saying what to do, if the server cannot be used."""
        await self._ask(self._redis.ping())

    async def close(self) -> None:
        for client in (self._redis, *self._sentinels):
            await client.aclose()

    async def _append(self, writes: Sequence[JournalWrite]) -> list[Any]:
        """One answer per write: [held epoch, next index], an exception, or None where too few replicas have it."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for write in writes:
                keys = _keys(write.tenant, write.session)
                head = (write.epoch, write.index, write.drop_below, write.meta, int(write.last), self._options.ttl_s)
                heard = [part for piece in write.heard for part in (piece.k, piece.packed())]
                kept = write.heard_most, len(write.heard)
                pipe.evalsha(_APPEND_SHA, _NUM_KEYS, *keys, *head, *kept, *heard, *write.records)
            answers, replicated = await self._execute(pipe, raise_on_error=False)
        return answers if replicated else [None if isinstance(answer, list) else answer for answer in answers]

    async def _run(self, script: str, tenant: str, session: str, *args: object) -> Any:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.eval(script, _NUM_KEYS, *_keys(tenant, session), *args)
            (answer,), replicated = await self._ask(self._execute(pipe, raise_on_error=True))
        if not replicated:
            raise StoreUnavailable(
                f"redis.wait_replicas: fewer than {self._options.wait_replicas} replicas have it yet; try again"
            )
        return answer

    async def _execute(self, pipe: Pipeline, *, raise_on_error: bool) -> tuple[list[Any], bool]:
        """Answers, and whether enough replicas have it all. WAIT counts the writes of its own connection only."""
        needed = self._options.wait_replicas
        if needed:
            pipe.wait(needed, self._options.timeout_ms)
        answers = await pipe.execute(raise_on_error=raise_on_error)
        replicas = answers.pop() if needed else 0
        return answers, isinstance(replicas, int) and replicas >= needed

    async def _ask(self, question: Awaitable[T]) -> T:
        try:
            return await question
        except (RedisError, OSError) as error:
            raise StoreUnavailable(
                f"redis.url: the session store does not answer ({error}); check that it runs and can be reached"
            ) from error


def _keys(tenant: str, session: str) -> tuple[str, str, str]:
    tag = f"cp:{{{tenant}:{session}}}"
    return f"{tag}:meta", f"{tag}:journal", f"{tag}:heard"


def _seat(answer: Any) -> Seat:
    epoch, number = answer
    if not epoch:
        raise Unauthenticated(*BAD_TOKEN)
    return Seat(epoch=epoch, number=number)


def _outcome(write: JournalWrite, answer: Any) -> JournalOutcome:
    if not isinstance(answer, list):
        return JournalOutcome(session=write.session, epoch=write.epoch, answer=Answer.UNAVAILABLE)
    held, next_index = answer
    if held != write.epoch:
        return JournalOutcome(session=write.session, epoch=write.epoch, answer=Answer.FENCED)
    return JournalOutcome(session=write.session, epoch=write.epoch, answer=Answer.WRITTEN, next_index=next_index)


def _client(options: RedisOptions) -> tuple[Redis, list[Redis]]:
    """A client of the primary, and those of the sentinels it asks for it."""
    behind = watched(options.url)
    timeout_s = (options.timeout_ms + (_WAIT_MARGIN_MS if options.wait_replicas else 0)) / 1000
    # a lost connection is tried once more and at once: the caller counts in ticks, not in backoffs
    wire: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 1),
    }
    if options.tls_ca_file and options.url.startswith("rediss"):
        wire["ssl_ca_certs"] = options.tls_ca_file
    if behind is None:
        own = {"username": options.username, "password": options.password}
        return Redis.from_url(options.url, **wire, **{key: value for key, value in own.items() if value}), []
    wire["ssl"] = behind.tls
    sentinel = Sentinel(behind.sentinels, sentinel_kwargs={**wire, "password": options.sentinel_password or None})
    primary = sentinel.master_for(
        behind.service,
        db=behind.db,
        username=options.username or behind.username or None,
        password=options.password or behind.password or None,
        **wire,
    )
    return primary, sentinel.sentinels
