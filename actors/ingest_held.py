"""What clients may ask about a session besides talking: everything that is held of it, and that nothing be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc

from actors.handles import Directory
from actors.ingest_auth import Auth
from actors.ingest_keep import Keep
from actors.wire import fault_of, tenant_of
from cluster.errors import CounterpointError, ResyncRequired, Unauthenticated
from counterpoint.v1 import interaction_pb2 as v1

PIECE_BYTES = 1 << 20


class HeldSessions:
    """A key entitles to the sessions of its tenant; where none is asked for, the resume token of a session to it."""

    def __init__(self, directory: Directory, auth: Auth, keep: Keep) -> None:
        self._directory, self._auth, self._keep = directory, auth, keep

    async def export(self, ref: v1.SessionRef, context: grpc.aio.ServicerContext) -> AsyncIterator[v1.ExportPart]:
        try:
            parts = await self._directory.export(ref.session_id, self._token(ref, context))
            if not parts:
                raise ResyncRequired(f"session_id: nothing is held of {ref.session_id}")
        except CounterpointError as error:
            await context.abort(fault_of(error)[1], str(error))
        for name, data in parts:
            for at in range(0, len(data), PIECE_BYTES):
                yield v1.ExportPart(name=name, data=data[at : at + PIECE_BYTES])

    async def delete(self, ref: v1.SessionRef, context: grpc.aio.ServicerContext) -> v1.SessionDeleted:
        try:
            found = await self._directory.erase(ref.session_id, self._token(ref, context))
        except CounterpointError as error:
            await context.abort(fault_of(error)[1], str(error))
        self._keep.forget(ref.session_id)
        return v1.SessionDeleted(found=found)

    def _token(self, ref: v1.SessionRef, context: grpc.aio.ServicerContext) -> str | None:
        """None: a key was enough. Raises InvalidInput or Unauthenticated."""
        owner = self._auth.tenant(context.invocation_metadata() or ())
        self._auth.check(owner, tenant_of(ref.session_id, "session_id"), "session_id")
        if owner is None and not ref.token:
            raise Unauthenticated("token", "is missing; give the resume token of the session")
        return ref.token if owner is None else None
