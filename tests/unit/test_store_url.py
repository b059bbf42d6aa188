"""Where a store is, as a URL says it."""

from __future__ import annotations

import pytest

from cluster.errors import ConfigError
from cluster.session.redis_store import RedisOptions, RedisStore


@pytest.mark.parametrize(
    ("url", "complaint"),
    [("http://here", "scheme 'http'"), ("redis+sentinel://a:1", "service"), ("redis+sentinel:///main", "host:port")],
)
def test_a_url_that_cannot_be_understood_is_named(url: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        RedisStore(RedisOptions(url=url))
