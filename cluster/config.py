"""All configuration: one TOML file, the environment and the command line, composed once, unknown keys refused.

Later wins: defaults, file, environment (`REDIS_URL`, `COUNTERPOINT_SECTION__FIELD`), overrides of the command line.
Nothing else in the cluster reads the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cluster.errors import ConfigError
from cluster.types import MICRO_TURN_MS

Port = Annotated[int, Field(ge=0, le=65535)]  # 0: any free one
Count = Annotated[int, Field(ge=1)]
MASK = "***"
TTL_MARGIN_S = 60  # a detached session writes nothing: for as long a store may also have been away before
INSTALL_ROOT = Path(__file__).resolve().parents[1]  # what is shipped beside this package, such as models/


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Serve(Section):
    host: str = "127.0.0.1"
    port: Port = 50051
    data_dir: Path = Path("out/data")
    ray_address: str = ""  # empty: start Ray here; else join this cluster
    ray_auth: Literal["disabled", "token"] = "disabled"  # a head of ours is on loopback; joining, RAY_AUTH_MODE wins
    namespace: str = "counterpoint"  # of Ray: one cluster in each
    ingests: Count = 1  # each one port further, unless:
    one_per_node: bool = False  # every ingest has a node, or pod, of its own and takes `port` itself
    keep_actors: bool = False  # SIGTERM ends `serve` alone, in a Ray it joined; the next one goes on with the actors
    tls_cert_file: str = ""  # PEM of the public port, with its chain; empty: plain text, for a proxy that ends TLS
    tls_key_file: str = ""
    voice: str = "models/voice"  # folder of the voice; empty: sessions are text only


class Scheduler(Section):
    period_ms: Literal[200] = MICRO_TURN_MS
    jitter_ms: Annotated[int, Field(ge=0, le=100)] = 30
    due_ms: Annotated[int, Field(ge=40, le=MICRO_TURN_MS)] = 160
    grace_ms: Annotated[int, Field(ge=0, le=30)] = 20  # a tick waits so long for input that many sessions owe
    max_sessions: Annotated[int, Field(ge=1, le=512)] = 32
    lead_ms: Annotated[int, Field(ge=0, le=5000)] = 200  # from the grant to media time 0, at least


class Scaling(Section):
    """(scheduler, engine) pairs. One that comes later needs a node with their Ray resources, `counterpoint_ROLE`."""

    pairs: Annotated[int, Field(ge=1, le=64)] = 1  # from the start, and the fewest
    max_pairs: Annotated[int, Field(ge=0, le=64)] = 0  # 0: as many as `pairs`
    fewer_after_s: Annotated[float, Field(ge=1)] = 300.0  # that long one pair less must have been enough
    more_after_s: Annotated[float, Field(ge=0)] = 10.0
    late: Annotated[float, Field(gt=0, le=1)] = 0.01  # of micro-turns due, above which one pair more is wanted
    queue_age_s: Annotated[float, Field(gt=0)] = 0.05  # p99 of how late ticks begin, likewise
    headroom: Annotated[float, Field(le=0.9)] = 0.1  # of a tick's budget, below which; may be negative
    kv_full_s: Annotated[float, Field(gt=0)] = 120.0  # until KV is full at the present rise, below which

    @property
    def most(self) -> int:
        return max(self.pairs, self.max_pairs)


class Engine(Section):
    checkpoint: Path = Path("models/counterpoint-micro")
    dtype: Literal["auto", "f32", "bf16"] = "auto"
    deterministic: bool = False
    num_pages: Annotated[int, Field(ge=0)] = 0  # 0: enough for every slot at full window
    seed: Annotated[int, Field(ge=0)] = 0


class Experts(Section):
    exchange: Literal["local", "grpc", "alltoall"] = "grpc"
    shards: Annotated[int, Field(ge=1, le=64)] = 2
    replicas: Annotated[int, Field(ge=1, le=64)] = 2  # shards that hold each expert
    zones: tuple[str, ...] = ()  # failure domains that shards take in turn, so that copies of an expert lie apart
    last_resort_ms: Annotated[int, Field(ge=0, le=10_000)] = 150  # wait for a shard nobody can replace, once in a tick


class Redis(Section):
    """`url` empty: an embedded Valkey with AOF below `serve.data_dir`."""

    url: str = ""  # redis://host:port/db or redis+sentinel://host:port,host:port/service/db; rediss for TLS
    username: str = ""
    password: str = ""
    sentinel_password: str = ""  # what sentinels ask for themselves; empty: nothing
    tls_ca_file: str = ""
    wait_replicas: Annotated[int, Field(ge=0, le=8)] = 0
    timeout_ms: Annotated[int, Field(ge=10, le=60_000)] = 1_000
    ttl_s: Annotated[int, Field(ge=60)] = 86_400  # of what is held of a session, since it was last written or resumed


class Auth(Section):
    api_keys: dict[str, str] = Field(default_factory=dict)  # key → tenant; empty: everybody is whom they say


class Limits(Section):
    credit_ms: Annotated[int, Field(ge=400, le=10_000)] = 2_000
    credit_bytes: Annotated[int, Field(ge=65_536)] = 1_048_576
    max_message_bytes: Annotated[int, Field(ge=65_536, le=16_777_216)] = 2_097_152
    detached_s: Annotated[int, Field(ge=2, le=3_600)] = 60  # a session without a client is closed after this
    idle_s: Annotated[int, Field(ge=10)] = 600
    max_duration_s: Annotated[int, Field(ge=60)] = 86_400
    history: Literal["keep", "drop"] = "keep"
    media_ring_s: Annotated[int, Field(ge=0, le=600)] = 60  # of each microphone, kept for agents to listen to; 0: none
    media_ring_not_for: tuple[str, ...] = ()  # tenants whose microphones are never kept

    def keeps_media(self, tenant: str) -> bool:
        return self.media_ring_s > 0 and tenant not in self.media_ring_not_for


class Telemetry(Section):
    log_dir: Path | None = None  # absent: standard error; else one file an actor
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 0  # 0: any free one for each actor; a fixed one needs an actor per host


class Config(Section):
    serve: Serve = Serve()
    scheduler: Scheduler = Scheduler()
    scaling: Scaling = Scaling()
    engine: Engine = Engine()
    experts: Experts = Experts()
    redis: Redis = Redis()
    auth: Auth = Auth()
    limits: Limits = Limits()
    telemetry: Telemetry = Telemetry()

    @model_validator(mode="after")
    def _fits_together(self) -> Config:
        if self.experts.replicas > self.experts.shards:
            raise ConfigError(
                "experts.replicas", f"{self.experts.replicas} copies need as many shards, not {self.experts.shards}"
            )
        zones = len(self.experts.zones)
        if zones and (zones < self.experts.replicas or self.experts.shards % zones):
            raise ConfigError(
                "experts.zones",
                f"{zones} zones cannot hold {self.experts.replicas} copies apart on {self.experts.shards} shards; give "
                "at least as many zones as copies, and a multiple of them as shards",
            )
        for given, other in (("tls_cert_file", "tls_key_file"), ("tls_key_file", "tls_cert_file")):
            if getattr(self.serve, given) and not getattr(self.serve, other):
                raise ConfigError(f"serve.{other}", f"is needed beside serve.{given}")
        scheme = self.redis.url.partition("://")[0]
        if self.redis.tls_ca_file and scheme not in ("rediss", "rediss+sentinel"):
            raise ConfigError(
                "redis.tls_ca_file", "has no effect unless redis.url begins with rediss:// or rediss+sentinel://"
            )
        if self.redis.sentinel_password and not scheme.endswith("+sentinel"):
            raise ConfigError("redis.sentinel_password", "has no effect unless redis.url names sentinels")
        kept = self.limits.detached_s + TTL_MARGIN_S
        if self.redis.ttl_s < kept:
            raise ConfigError(
                "redis.ttl_s",
                f"{self.redis.ttl_s} would forget a session before its client may no longer come back; give at least "
                f"{kept} ({TTL_MARGIN_S} more than limits.detached_s), or less as limits.detached_s",
            )
        if self.experts.exchange == "alltoall" and self.scaling.most > 1:
            raise ConfigError("scaling.pairs", "the ranks of alltoall belong to one engine; take 1, or exchange grpc")
        return self

    def shown(self) -> dict[str, Any]:
        """All of it for the eyes of anybody, ready for JSON: passwords and API keys are masked."""
        values = self.model_dump(mode="json")
        redis, auth = values["redis"], values["auth"]
        for secret in ("password", "sentinel_password"):
            redis[secret] = redis[secret] and MASK
        redis["url"] = _without_password(redis["url"])
        auth["api_keys"] = {f"{MASK}{n}": tenant for n, tenant in enumerate(auth["api_keys"].values())}
        return values


def load(
    path: Path | None = None,
    *,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """Compose the configuration.

    Args:
        path: a TOML file; None: defaults only.
        env: None: the environment of this process.
        overrides: values of the command line by dotted path, such as {"serve.port": 0}.

    Raises:
        ConfigError: names the full path of the first offending field, or the file that cannot be read.
    """
    values: dict[str, Any] = _file(path) if path else {}
    for dotted, value in (*_from_env(os.environ if env is None else env), *(overrides or {}).items()):
        _put(values, dotted, value)
    try:
        return _located(Config.model_validate(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(str(part) for part in first["loc"])
        raise ConfigError(at, _explain(first, at)) from error


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}; give an existing TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"is not TOML: {error}") from error


def _from_env(env: Mapping[str, str]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [("redis.url", env["REDIS_URL"])] if env.get("REDIS_URL") else []
    prefix = "COUNTERPOINT_"
    for name, value in sorted(env.items()):
        if name.startswith(prefix) and "__" in name:
            found.append((name.removeprefix(prefix).lower().replace("__", "."), value))
    return found


def _put(values: dict[str, Any], dotted: str, value: object) -> None:
    section, _, field = dotted.partition(".")
    inner = values.setdefault(section, {})
    if not isinstance(inner, dict):
        raise ConfigError(section, "must be a section")
    inner[field] = value


def _located(config: Config) -> Config:
    """With the model and the voice that are shipped found from any working directory."""
    engine, serve = config.engine, config.serve
    engine = engine.model_copy(update={"checkpoint": _found(engine.checkpoint)})
    serve = serve.model_copy(update={"voice": str(_found(Path(serve.voice))) if serve.voice else ""})
    return config.model_copy(update={"engine": engine, "serve": serve})


def _found(path: Path) -> Path:
    """Below the install root if it is there and not below the working directory."""
    return path if path.exists() or not (INSTALL_ROOT / path).exists() else INSTALL_ROOT / path


def _without_password(url: str) -> str:
    """userinfo ends at the last @, for a password may hold one."""
    scheme, between, rest = url.partition("://")
    userinfo, at, host = rest.rpartition("@")
    user, colon, _ = userinfo.partition(":")
    return f"{scheme}{between}{user}{colon}{MASK if colon else ''}{at}{host}"


def _explain(error: Any, at: str) -> str:
    if error["type"] == "extra_forbidden":
        return "is not a known key; see `counterpoint check-config --help` for the ones there are"
    shown = "" if "password" in at or "api_keys" in at else f", got {error['input']!r}"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}{shown}"
