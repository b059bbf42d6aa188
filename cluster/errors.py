"""The error tree. Every message names the field or limit that was broken and what to do.

CounterpointError
├── ConfigError          a configuration value, by its full path
├── InvalidInput         a client sent something wrong; hurts only its own stream
│   ├── ProtocolError    order, seq or state of the stream
│   └── MediaError       undecodable or oversized media
├── Rejected             a grant was refused before any model state existed
├── Unauthenticated      a token or metadata that does not fit
├── Superseded           a stale attachment tried to speak: a client has resumed the session elsewhere
├── Fenced               a stale owner tried to write: its epoch was superseded
├── ResyncRequired       too much was lost to resume
├── StoreUnavailable     the session store does not answer
├── ExpertUnavailable    a shard did not answer in time
│   └── ExpertRefused    a shard is well but will not do this call
└── ReplayDivergence     a history and today's code disagree
"""

from __future__ import annotations


class CounterpointError(Exception):
    """Base of all errors of this project. Crosses process borders whole, whatever its constructor takes."""

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(kind: type[CounterpointError], args: tuple[object, ...], state: dict[str, object]) -> CounterpointError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ConfigError(CounterpointError):
    """`path` is the full dotted path of the field."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class InvalidInput(CounterpointError):
    """`field` is the full path of the offending field of the client's message."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class ProtocolError(InvalidInput):
    """The message is well formed but not allowed here."""


class MediaError(InvalidInput):
    """The payload cannot be decoded or exceeds a limit."""


class Rejected(CounterpointError):
    """`limit` names what bound; `retry_after_ms` is 0 when retrying cannot help."""

    def __init__(self, limit: str, message: str, retry_after_ms: int = 0) -> None:
        super().__init__(f"{limit}: {message}")
        self.limit = limit
        self.retry_after_ms = retry_after_ms


class Unauthenticated(CounterpointError):
    """`field` is the full path of what does not fit, of a message or of the metadata."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class Fenced(CounterpointError):
    """`held` is the epoch now in force."""

    def __init__(self, session: str, tried: int, held: int) -> None:
        super().__init__(f"session {session}: epoch {tried} is stale, {held} holds it; stop writing")
        self.session, self.tried, self.held = session, tried, held


class Superseded(CounterpointError):
    def __init__(self, session: str) -> None:
        super().__init__(f"session {session}: a client has resumed it elsewhere; this one is no longer attached")


class ResyncRequired(CounterpointError):
    pass


class StoreUnavailable(CounterpointError):
    pass


class ExpertUnavailable(CounterpointError):
    pass


class ExpertRefused(ExpertUnavailable):
    """`field` is the full path of the field of the call; the same call to the same shard is refused again."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


class ReplayDivergence(CounterpointError):
    """`at` is the index of the first record that differs."""

    def __init__(self, at: int, expected: object, got: object) -> None:
        super().__init__(f"record {at}: history has {expected!r}, replay gave {got!r}")
        self.at, self.expected, self.got = at, expected, got
