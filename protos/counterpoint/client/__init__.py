"""The asynchronous client.

    async with InteractionClient("127.0.0.1:50051") as client:
        session = await client.start(Configure(audio_in=…, audio_out=…))
        session.send_audio(pcm)
        async for event in session:
            match event:
                case Turn(said=said): …

A session survives lost streams by itself; `session.ledger.report(…)` says how punctual it was.
"""

from counterpoint.client.client import InteractionClient
from counterpoint.client.connection import Patience
from counterpoint.client.errors import ClientError, Failed, Refused, TakenOver, Unreachable
from counterpoint.client.events import (
    Acknowledged,
    Closed,
    Complaint,
    Disconnected,
    Event,
    GoingAway,
    MediaAnswered,
    Noticed,
    Resumed,
    Said,
    SpeechEnded,
    Turn,
)
from counterpoint.client.ledger import Entry, Ledger, Percentiles, Report
from counterpoint.client.send import send_paced
from counterpoint.client.session import Session

__all__ = [
    "Acknowledged",
    "ClientError",
    "Closed",
    "Complaint",
    "Disconnected",
    "Entry",
    "Event",
    "Failed",
    "GoingAway",
    "InteractionClient",
    "Ledger",
    "MediaAnswered",
    "Noticed",
    "Patience",
    "Percentiles",
    "Refused",
    "Report",
    "Resumed",
    "Said",
    "Session",
    "SpeechEnded",
    "TakenOver",
    "Turn",
    "Unreachable",
    "send_paced",
]
