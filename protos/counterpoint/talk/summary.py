"""`out/summary.json`: what one session came to (DESIGN.md section 13). Pure.

What a client cannot know is null, and `unknown` says why; a runner that started the cluster itself fills it in.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import counterpoint
from counterpoint.client import Report
from counterpoint.talk.conversation import Conversation

UNKNOWN = {
    "actors": "a client does not see the processes behind the wire",
    "dispatcher": "a client does not see how experts are reached",
    "expected": "nothing was expected of this session",
    "control": "no control recording was played",
}


def summarise(conversation: Conversation, report: Report, *, audio_in_s: float, dropped_ms: int) -> dict[str, Any]:
    """audio_in_s: media taken in; dropped_ms: of it, never sent. Lateness and latency are null in lockstep."""
    granted = conversation.granted
    rate = granted.output_sample_rate_hz
    return {
        "session_id": granted.session_id,
        "micro_turns": report.micro_turns,
        "on_time_rate": report.on_time_rate,
        "lateness_ms": None if report.lateness_ms is None else asdict(report.lateness_ms),
        "latency_ms": None if report.latency_ms is None else asdict(report.latency_ms),
        "longest_miss_run": report.longest_miss_run,
        "missed": report.missed,
        "unanswered": report.unanswered,
        "sent_late": report.sent_late,
        "timing": report.timing,
        "degradations": report.degradations,
        "disconnects": conversation.disconnects,
        "said": [{"t_s": phrase.starts_ms / 1000, "text": phrase.text} for phrase in conversation.transcript.phrases],
        "heard": conversation.heard,
        "audio_in_s": audio_in_s,
        "dropped_ms": dropped_ms,
        "audio_out_s": sum(len(pcm) for pcm in conversation.outputs.values()) / 2 / rate if rate else 0.0,
        "lockstep": conversation.lockstep,
        "shared_clock": conversation.timeline.shared_clock,
        "expected": None,
        "control": None,
        "actors": None,
        "dispatcher": None,
        "expert_calls": conversation.stages["expert_calls"],
        "passes": conversation.stages["passes"],
        "tasks": [],
        "versions": {"client": counterpoint.__version__, "checkpoint": granted.checkpoint},
        "unknown": UNKNOWN,
    }
