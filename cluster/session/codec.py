"""Plain dataclasses as JSON, for the journal and the history. Bytes are base64; a field with no value of its own type
is an error that names its path."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cluster.errors import ResyncRequired

T = TypeVar("T")

_BYTES = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


class Codec(Generic[T]):
    """JSON of one dataclass type. `decode` raises ResyncRequired, naming the field, for what this code cannot read."""

    def __init__(self, kind: type[T], *, whole: bool = False) -> None:
        """whole: write defaults too, for what must mean the same when a default changes."""
        self._name, self._brief = kind.__name__, not whole
        # the type is wrapped because a bare dataclass would not take the configuration
        self._adapter: TypeAdapter[list[T]] = TypeAdapter(list[kind], config=_BYTES)  # type: ignore[valid-type]  # a type given at run time

    def encode(self, value: T) -> bytes:
        return self._adapter.dump_json([value], exclude_defaults=self._brief)[1:-1]

    def decode(self, data: bytes) -> T:
        try:
            found = self._adapter.validate_json(b"[" + data + b"]")
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ResyncRequired(f"{self._name}.{_path(first['loc'])}: {first['msg']}") from error
        if len(found) != 1:
            raise ResyncRequired(f"{self._name}: nothing was written")
        return found[0]


def _path(loc: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in loc[1:])
