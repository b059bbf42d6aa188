"""A store behind sentinels, as `redis.url` says it: where they are, and the name they know it by."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from cluster.errors import ConfigError

_PORT = 26379
_SHAPE = (
    "must be redis+sentinel://user:password@host:port,host:port/service/db, of which user, password and db may miss"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The store that `sentinels`, [(host, port)], call `service`. Username and password are the store's own."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    db: int
    tls: bool
    username: str
    password: str


def watched(url: str) -> Watched | None:
    """None where the URL names a server itself. Raises ConfigError for one that cannot be understood."""
    scheme, _, rest = url.partition("://")
    if scheme in ("redis", "rediss"):
        return None
    if scheme not in ("redis+sentinel", "rediss+sentinel"):
        raise ConfigError("redis.url", f"has the scheme {scheme!r}, not redis or rediss, alone or with +sentinel")
    userinfo, _, place = rest.rpartition("@")  # the last one, for a password may hold one
    username, _, password = userinfo.partition(":")
    hosts, _, path = place.partition("/")
    service, _, db = path.rstrip("/").partition("/")
    if not service or not (db or "0").isdecimal():
        raise ConfigError("redis.url", _SHAPE)
    return Watched(
        sentinels=tuple(_sentinel(host) for host in hosts.split(",")),
        service=unquote(service),
        db=int(db or 0),
        tls=scheme == "rediss+sentinel",
        username=unquote(username),
        password=unquote(password),
    )


def _sentinel(at: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{at}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("redis.url", f"{_SHAPE}; {at!r} is no host:port") from error
    if not host:
        raise ConfigError("redis.url", _SHAPE)
    return host, port or _PORT
