"""Who a client is: the tenant of its key, or whom it says where the deployment asks for no key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hmac import compare_digest

from cluster.errors import Unauthenticated

_HEADER, _SCHEME = "authorization", "bearer "
_FIELD = f"metadata.{_HEADER}"


class Auth:
    """api_keys: key to tenant; empty: no key is asked for."""

    def __init__(self, api_keys: Mapping[str, str]) -> None:
        self._api_keys = api_keys

    def tenant(self, metadata: Sequence[tuple[str, str | bytes]]) -> str | None:
        """The tenant the key belongs to; None where none is needed. Raises Unauthenticated."""
        if not self._api_keys:
            return None
        values = [str(value) for key, value in metadata if key == _HEADER]
        if not values:
            raise Unauthenticated(_FIELD, f"is missing; send `{_HEADER}: Bearer <key>`")
        if not values[0].lower().startswith(_SCHEME):
            raise Unauthenticated(_FIELD, "must be `Bearer <key>`")
        given = values[0][len(_SCHEME) :].strip().encode()
        for key, tenant in self._api_keys.items():
            if compare_digest(key.encode(), given):
                return tenant
        raise Unauthenticated(_FIELD, "this key is not known here")

    def check(self, owner: str | None, claimed: str, field: str) -> None:
        """Raises Unauthenticated, naming `field`, where a client acts for a tenant its key does not belong to."""
        if owner is not None and claimed != owner:
            raise Unauthenticated(field, f"the key belongs to another tenant than {claimed!r}")
