"""What can go wrong at the client. Every message says what bound or broke and what to do.

ClientError
├── Refused          the grant was rejected before the session existed; `limit` names what bound
├── Failed           the server ended the session with an error; `code` and `field` say which
│   └── TakenOver    another client resumed this session with a valid token
└── Unreachable      no server answers, or the stream was lost and could not be resumed in time
"""

from __future__ import annotations


class ClientError(Exception):
    """Base of all errors of the client."""


class Refused(ClientError):
    """`retry_after_ms` is 0 where trying the same again cannot help."""

    def __init__(self, limit: str, reason: str, retry_after_ms: int = 0) -> None:
        super().__init__(f"{limit}: {reason}" + (f" (retry in {retry_after_ms} ms)" if retry_after_ms else ""))
        self.limit, self.reason, self.retry_after_ms = limit, reason, retry_after_ms


def named_once(field: str, message: str) -> str:
    """A message with the field it is about, which most name themselves."""
    return message if message.startswith(field) else f"{field}: {message}"


class Failed(ClientError):
    """`code` is one of the codes of `Error` in interaction.proto; `field` is a full path or empty."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(f"{code}: {named_once(field, message)}")
        self.code, self.field = code, field


class TakenOver(Failed):
    def __init__(self) -> None:
        super().__init__("superseded", "another client resumed this session; this one is no longer attached")


class Unreachable(ClientError):
    """`target` is the address that was tried."""

    def __init__(self, target: str, detail: str) -> None:
        super().__init__(f"{target}: {detail}")
        self.target = target
