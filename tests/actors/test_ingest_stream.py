"""Ingest over a real gRPC server: a session from grant to closed, and the service around it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from cluster.telemetry import metrics as m
from cluster.telemetry.scrape import Scrape
from cluster.types import Degradation
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import Rig, configure, rig, write_checkpoint

UNKNOWN, DRINK, WATER = 2, 6, 7
MS = 1_000_000


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path), {2: (DRINK, WATER)}) as made:
        yield made


async def test_every_micro_turn_gets_one_result_and_close_comes_after_the_last(served: Rig) -> None:
    client, granted = await served.opened()
    assert (granted.next_k, granted.accepted_through, granted.resumed) == (0, 1, False)
    for k in range(4):
        await client.audio(k)
    await client.send(close=v1.Close())
    closed = await client.next("closed")
    assert await client.status() == (grpc.StatusCode.OK, "")
    done = [one.micro_turn for one in client.seen if one.HasField("micro_turn")]
    assert [turn.k for turn in done] == [0, 1, 2, 3]
    assert {turn.timing for turn in done} == {v1.TIMING_ON_TIME}
    assert closed.micro_turns == 4
    assert client.seen[-1].HasField("closed")


async def test_speech_text_and_its_end_are_aligned_on_the_output_track(served: Rig) -> None:
    client, _ = await served.opened()
    for k in range(5):
        await client.audio(k)
    turns = await client.turns(5)
    assert [len(turn.audio) for turn in turns] == [0, 0, 9600, 9600, 0]
    assert [(text.text, text.sample) for text in turns[2].text] == [("drink", 9600), ("water", 12600)]
    assert [turn.first_sample for turn in turns] == [0, 4800, 9600, 14400, 19200]
    ended = [one.response_ended for one in client.seen if one.HasField("response_ended")]
    assert [(end.k, end.sample) for end in ended] == [(3, 15600)]


async def test_every_degradation_there_is_names_its_cause_and_a_result_that_never_came_does_too(served: Rig) -> None:
    client, _ = await served.opened()
    session = served.scheduler.session
    await served.scheduler.say(session, result=pb.TurnResult(k=1, timing="late", degradations=[*Degradation]))
    lost, degraded = await client.turns(2)
    assert [(each.what, each.cause) for each in lost.degradations] == [("result_lost", "takeover")]
    causes = {each.what: each.cause for each in degraded.degradations}
    assert set(causes) == {*Degradation}
    assert (causes["expert_dropped"], causes["input_missing"]) == ("experts", "input")
    assert all(causes.values())


async def test_a_miss_is_counted_by_its_cause(served: Rig) -> None:
    client, _ = await served.opened(lockstep=False)
    due_ns = served.scheduler.clock.now_ns() - 1
    late = {"timing": "on_time", "due_ns": due_ns, "cutoff_ns": due_ns - 160 * MS, "engine_ns": 150 * MS}
    session = served.scheduler.session
    await served.scheduler.say(session, result=pb.TurnResult(k=0, expert_ns=20 * MS, **late))
    await served.scheduler.say(session, result=pb.TurnResult(k=1, expert_ns=120 * MS, **late))
    assert {turn.timing for turn in await client.turns(2)} == {v1.TIMING_LATE}
    assert Scrape.of(served.metrics.text().decode()).by(m.MISSED, "cause") == {"engine": 1, "experts": 1}


async def test_words_the_model_does_not_know_are_told_by_their_number_and_not_repeated(served: Rig) -> None:
    client, granted = await served.opened(instructions="remind me to drink absinthe")
    told = await client.next("notice")
    assert (told.code, told.field, told.seq) == ("unknown_words", "configure.instructions", granted.accepted_through)
    assert "1 of 5 words" in told.message
    await client.send(text=v1.TextChunk(text="drink absinthe or pastis"))
    await client.send(text=v1.TextChunk(text="drink water"))
    told = await client.next("notice")
    assert (told.field, told.seq) == ("text.text", 2)
    assert "3 of 4 words" in told.message
    assert "absinthe" not in told.message
    for k in range(2):
        await client.audio(k)
    await client.turns(2)
    assert [*served.scheduler.session.turns[0].text] == [DRINK, UNKNOWN, UNKNOWN, UNKNOWN]
    instructions = v1.UpdateInstructions(instructions="drink pastis")
    await client.send(control=v1.Control(control_id="more", update_instructions=instructions))
    assert (await client.next("notice")).field == "control.update_instructions.instructions"
    assert sum(one.HasField("notice") for one in client.seen) == 3


async def test_credit_and_acceptance_come_back(served: Rig) -> None:
    client, granted = await served.opened()
    assert (granted.limits.credit_ms, granted.limits.video_in_max) == (2000, 4)
    await client.audio(0)
    credit = await client.next("credit")
    assert (credit.track, credit.ms, credit.bytes) == (v1.TRACK_AUDIO, 200, 6400)
    accepted = await client.next("accepted")
    assert (accepted.through, accepted.audio_samples) == (2, 3200)


async def test_what_the_scheduler_gets_is_what_was_sent(served: Rig) -> None:
    client, _ = await served.opened(instructions="remind me to drink water")
    await client.send(text=v1.TextChunk(text="drink water"))
    await client.audio(0)
    await client.turns(1)
    session = served.scheduler.session
    assert session.prefix == [3, 4, 5, 6, 7]
    (turn,) = session.turns
    assert ([*turn.text], len(turn.audio), turn.through_seq, turn.audio_samples) == ([6, 7], 600, 3, 3200)


async def test_a_control_is_acknowledged_with_its_tick(served: Rig) -> None:
    client, _ = await served.opened()
    await client.send(control=v1.Control(control_id="mine", ping=v1.Ping()))
    ack = await client.next("control_ack")
    assert (ack.control_id, ack.seq, ack.tick) == ("mine", 2, 9)


async def test_an_interruption_stops_the_voice_with_the_next_micro_turn(served: Rig) -> None:
    client, _ = await served.opened()
    for k in range(3):
        await client.audio(k)
    await client.turns(3)
    await client.send(control=v1.Control(control_id="stop", interrupt=v1.Interrupt()))
    await client.next("control_ack")
    await client.audio(3)
    (turn,) = await client.turns(1)
    assert turn.audio == b""
    assert (await client.next("response_ended")).sample == 14400
    assert [control.kind for control in served.scheduler.session.controls] == ["interrupt"]


async def test_a_cut_playback_is_told_to_the_scheduler(served: Rig) -> None:
    client, _ = await served.opened()
    for k in range(3):
        await client.audio(k)
    await client.turns(3)
    await client.send(playback=v1.PlaybackReport(played_samples=11_000, cut=True))
    await served.scheduler.until(lambda: served.scheduler.session.played)
    (played,) = served.scheduler.session.played
    assert (played.k, played.sample, played.cut) == (2, 11_000, True)


async def test_in_real_time_results_are_judged_by_the_clock(served: Rig) -> None:
    client, granted = await served.opened(lockstep=False)
    assert granted.media_clock_ns > time.monotonic_ns() - 10**9
    await client.audio(0)
    (turn,) = await client.turns(1)
    assert turn.timing == v1.TIMING_ON_TIME
    assert -400_000 < turn.lateness_us < 0


async def test_a_late_result_is_called_late(served: Rig) -> None:
    served.scheduler.answers = False
    client, _ = await served.opened(lockstep=False)
    await client.audio(0)
    session = None
    await served.scheduler.until(lambda: served.scheduler.sessions and served.scheduler.session.turns)
    session = served.scheduler.session
    session.media_epoch_ns -= 10**9
    await served.scheduler.answer(session, session.turns[0])
    (turn,) = await client.turns(1)
    assert turn.timing == v1.TIMING_LATE
    assert turn.lateness_us > 400_000


async def test_a_sealed_micro_turn_is_silence_and_late_media_is_told_so(served: Rig) -> None:
    client, _ = await served.opened()
    await client.audio(0)
    await client.turns(1)
    await served.scheduler.say(served.scheduler.session, sealed=pb.Sealed(from_k=1, to_k=2, reason="late"))
    gap = await client.next("media_outcome")
    assert gap.outcome == v1.OUTCOME_GAP_FILLED
    await client.audio(1)
    late = await client.next("media_outcome")
    assert (late.outcome, late.seq) == (v1.OUTCOME_TOO_LATE, 3)


async def test_a_fault_of_ours_ends_one_stream_and_says_so(served: Rig) -> None:
    client, granted = await served.opened()
    other, _ = await served.opened()
    session = served.scheduler.sessions[granted.session_id]
    await served.scheduler.say(session, result=pb.TurnResult(k=0, timing="on_time", tokens=[9999]))
    error = await client.next("error")
    assert (error.code, error.fatal) == ("internal", True)
    assert (await client.status())[0] is grpc.StatusCode.INTERNAL
    await other.audio(0)
    assert [turn.k for turn in await other.turns(1)] == [0]


async def test_a_drain_takes_nobody_new_and_tells_everybody(served: Rig) -> None:
    client, _ = await served.opened()
    (ingest,) = served._ingests
    await ingest.drain(1, "a new release")
    assert (await client.next("going_away")).reason == "a new release"
    late = served.client()
    await late.send(configure=configure())
    assert (await late.status())[0] is grpc.StatusCode.UNAVAILABLE
    async with grpc.aio.insecure_channel(served.target) as channel:
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_the_service_describes_itself(served: Rig) -> None:
    async with grpc.aio.insecure_channel(served.target) as channel:
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        listed = await call.read()
        await call.done_writing()
    assert "counterpoint.v1.Interaction" in [service.name for service in listed.list_services_response.service]


async def test_opus_goes_in_and_out(served: Rig) -> None:
    from cluster.media.encode import OpusEncoder

    opus = {"codec": v1.AUDIO_CODEC_OPUS, "sample_rate_hz": 48_000}
    client, granted = await served.opened(audio_in=v1.AudioInput(**opus), audio_out=v1.AudioOutput(**opus))
    assert granted.output_sample_rate_hz == 48_000
    block = OpusEncoder(48_000, 48_000).encode(np.zeros(9600, np.int16))
    at = 0
    for index in range(30):
        size = int.from_bytes(block[at : at + 2], "big")
        packet = block[at + 2 : at + 2 + size]
        at = (at + 2 + size) % len(block)
        await client.send(audio=v1.AudioChunk(media_time=960 * index, data=packet))
    turns = await client.turns(3)
    assert int.from_bytes(turns[2].audio[:2], "big") < len(turns[2].audio)
