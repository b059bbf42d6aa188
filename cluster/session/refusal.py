"""Why a session is not granted, in the words of the wire."""

from __future__ import annotations

from cluster.errors import InvalidInput, Rejected
from cluster.session.commands import OpenRejected
from cluster.session.events import Open, Reattach


def rejection(event: Open, error: InvalidInput | Rejected) -> OpenRejected:
    named = error.field if isinstance(error, InvalidInput) else error.limit
    return OpenRejected(
        session=event.session,
        epoch=event.epoch,
        attachment=0,
        request_id=event.request_id,
        limit=named,
        reason=str(error).removeprefix(f"{named}: "),
        retry_after_ms=0 if isinstance(error, InvalidInput) else error.retry_after_ms,
        code="invalid_input" if isinstance(error, InvalidInput) else "overloaded",
    )


def unknown(event: Reattach) -> OpenRejected:
    return OpenRejected(
        session=event.session,
        epoch=event.epoch,
        attachment=0,
        request_id=event.request_id,
        limit="resume.session_id",
        reason="this scheduler does not hold the session; find its owner, or open a new one",
        code="unknown_session",
    )
