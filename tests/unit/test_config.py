"""Configuration: later sources win, and every mistake is named by the full path of its field."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.config import load
from cluster.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "counterpoint.toml"
    file.write_text(text)
    return file


def test_command_line_wins_over_environment_and_environment_over_file(tmp_path: Path) -> None:
    file = written(tmp_path, "[scheduler]\nmax_sessions = 2\ndue_ms = 100\njitter_ms = 10\n")
    env = {"COUNTERPOINT_SCHEDULER__MAX_SESSIONS": "3", "COUNTERPOINT_SCHEDULER__DUE_MS": "110"}
    scheduler = load(file, env=env, overrides={"scheduler.max_sessions": 4}).scheduler
    assert (scheduler.max_sessions, scheduler.due_ms, scheduler.jitter_ms) == (4, 110, 10)


def test_redis_url_of_the_environment_is_honoured() -> None:
    assert load(env={"REDIS_URL": "rediss://store:6380/1"}).redis.url == "rediss://store:6380/1"


def test_variables_of_other_programs_and_of_the_client_are_ignored() -> None:
    assert load(env={"COUNTERPOINT_TARGET": "host:1", "SERVE__PORT": "1"}) == load(env={})


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("[serve]\nprot = 1\n", "serve.prot", "not a known key"),
        ("[srve]\nport = 1\n", "srve", "not a known key"),
        ("[serve]\nport = 'high'\n", "serve.port", "valid integer"),
        ("[scheduler]\nperiod_ms = 100\n", "scheduler.period_ms", "200"),
        ("[scheduler]\ndue_ms = 201\n", "scheduler.due_ms", "less than or equal to 200"),
        ("[experts]\nreplicas = 3\n", "experts.replicas", "as many shards"),
        ("serve = 3\n", "serve", "valid dictionary"),
    ],
)
def test_a_mistake_is_named_by_the_full_path_of_its_field(tmp_path: Path, text: str, path: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text), env={})
    assert caught.value.path == path
    assert says in str(caught.value)


def test_an_unknown_variable_of_ours_is_an_error_and_not_a_shrug() -> None:
    with pytest.raises(ConfigError, match=r"scheduler\.max_session: is not a known key"):
        load(env={"COUNTERPOINT_SCHEDULER__MAX_SESSION": "3"})


def test_a_file_that_is_missing_or_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml", env={})
    with pytest.raises(ConfigError, match="is not TOML"):
        load(written(tmp_path, "[serve\n"), env={})


def test_a_wrong_password_value_is_not_shown() -> None:
    for field in ("redis.password", "redis.sentinel_password"):
        with pytest.raises(ConfigError) as caught:
            load(env={}, overrides={field: ["hush"]})
        assert "hush" not in str(caught.value)


def test_secrets_are_masked_wherever_a_configuration_is_shown() -> None:
    given = {"redis.url": "redis://me:p@ss@store:1/0", "redis.password": "secret", "auth.api_keys": {"key": "acme"}}
    shown = load(env={}, overrides=given).shown()
    assert shown["redis"]["url"] == "redis://me:***@store:1/0"
    assert shown["redis"]["password"] == "***"
    assert shown["auth"]["api_keys"] == {"***0": "acme"}
    assert load(env={}).shown()["redis"]["password"] == load(env={}).shown()["redis"]["sentinel_password"] == ""
    given = {"redis.url": "rediss+sentinel://me:p@ss@a:1,b:2/main/3", "redis.sentinel_password": "secret"}
    shown = load(env={}, overrides=given).shown()
    assert shown["redis"]["url"] == "rediss+sentinel://me:***@a:1,b:2/main/3"
    assert shown["redis"]["sentinel_password"] == "***"


@pytest.mark.parametrize("url", ["redis://store:6379/1", "redis+sentinel://a:1,b:2/main", ""])
def test_a_url_without_a_password_is_shown_as_it_is(url: str) -> None:
    assert load(env={}, overrides={"redis.url": url}).shown()["redis"]["url"] == url


def test_what_is_shipped_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    (installed / "models" / "counterpoint-micro").mkdir(parents=True)
    elsewhere.mkdir()
    monkeypatch.setattr("cluster.config.INSTALL_ROOT", installed)
    monkeypatch.chdir(elsewhere)
    assert load(env={}).engine.checkpoint == installed / "models" / "counterpoint-micro"
    assert load(env={}, overrides={"engine.checkpoint": "mine"}).engine.checkpoint == Path("mine")
    (elsewhere / "models" / "counterpoint-micro").mkdir(parents=True)
    assert load(env={}).engine.checkpoint == Path("models/counterpoint-micro")


def test_a_certificate_for_a_store_without_tls_is_refused_instead_of_ignored() -> None:
    with pytest.raises(ConfigError, match=r"redis\.tls_ca_file: has no effect unless redis\.url begins with rediss"):
        load(env={}, overrides={"redis.tls_ca_file": "ca.pem", "redis.url": "redis://here"})
    with pytest.raises(ConfigError, match=r"redis\.tls_ca_file"):
        load(env={}, overrides={"redis.tls_ca_file": "ca.pem", "redis.url": "redis+sentinel://here/main"})
    for url in ("rediss://here", "rediss+sentinel://here/main"):
        assert load(env={}, overrides={"redis.tls_ca_file": "ca.pem", "redis.url": url}).redis.url == url


def test_a_password_of_sentinels_that_nobody_asks_is_refused_instead_of_ignored() -> None:
    with pytest.raises(ConfigError, match=r"redis\.sentinel_password: has no effect unless redis\.url names sentinels"):
        load(env={}, overrides={"redis.sentinel_password": "hush", "redis.url": "rediss://here"})


@pytest.mark.parametrize(("zones", "shards"), [(["a"], 2), (["a", "b"], 3)])
def test_zones_that_cannot_part_the_copies_of_an_expert_are_refused(zones: list[str], shards: int) -> None:
    with pytest.raises(ConfigError, match=r"experts\.zones: .* at least as many zones as copies"):
        load(env={}, overrides={"experts.zones": zones, "experts.shards": shards})
    assert load(env={}, overrides={"experts.zones": ["a", "b"], "experts.shards": 4}).experts.zones == ("a", "b")


def test_a_store_must_remember_a_session_for_longer_than_its_client_may_be_away() -> None:
    given = {"redis.ttl_s": 659, "limits.detached_s": 600}
    with pytest.raises(ConfigError, match=r"redis\.ttl_s: 659 would forget .* at least 660 .* limits\.detached_s"):
        load(env={}, overrides=given)
    assert load(env={}, overrides=given | {"redis.ttl_s": 660}).redis.ttl_s == 660
