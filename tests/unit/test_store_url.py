"""Where a store is, as a URL says it."""

from __future__ import annotations

import pytest

from cluster.errors import ConfigError
from cluster.session.address import Watched, watched
from cluster.session.redis_store import RedisOptions, RedisStore


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://here", "scheme 'http'"),
        ("redis+sentinel://a:1", "service"),
        ("redis+sentinel:///main", "host:port"),
        ("redis+sentinel://a:1,/main", "host:port"),
        ("redis+sentinel://a:port/main", "'a:port' is no host:port"),
        ("rediss+sentinel://a:1/main/first", "service/db"),
        ("rediss+sentinel://a:1/main/1/2", "service/db"),
    ],
)
def test_a_url_that_cannot_be_understood_is_named(url: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        RedisStore(RedisOptions(url=url))
    assert caught.value.path == "redis.url"


def test_a_url_of_sentinels_says_all_there_is_to_know() -> None:
    assert watched("rediss+sentinel://me:p@s/s%3F@a:1,b,[::1]:3/main/2") == Watched(
        sentinels=(("a", 1), ("b", 26379), ("::1", 3)),
        service="main",
        db=2,
        tls=True,
        username="me",
        password="p@s/s?",
    )
    assert watched("redis+sentinel://a/main") == Watched(
        sentinels=(("a", 26379),), service="main", db=0, tls=False, username="", password=""
    )
    assert watched("rediss://a:1/0") is None


async def test_sentinels_are_spoken_to_as_carefully_as_the_store_and_with_a_password_of_their_own() -> None:
    options = RedisOptions(
        url="rediss+sentinel://me:sesame@a:1/main/2", sentinel_password="watch", tls_ca_file="ca.pem", timeout_ms=300
    )
    store = RedisStore(options)
    (sentinel,), primary = (
        [client.connection_pool.connection_kwargs for client in store._sentinels],
        store._redis.connection_pool.connection_kwargs,
    )
    for asked in (sentinel, primary):
        assert (asked["ssl_ca_certs"], asked["socket_timeout"], asked["retry"].get_retries()) == ("ca.pem", 0.3, 1)
    assert (sentinel["username"], sentinel["password"], sentinel["db"]) == (None, "watch", 0)
    assert (primary["username"], primary["password"], primary["db"]) == ("me", "sesame", 2)
    await store.close()
