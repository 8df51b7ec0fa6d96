"""The capture server over real gRPC on loopback, on the memory bus."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from affectloop.bus import Outgoing, Producer
from affectloop.bus.memory import MemoryBus
from affectloop.clock import ManualClock
from affectloop.errors import InvalidInput, Unavailable
from affectloop.events import Event, Modality, SignalChunk, SignalKind, VideoFrame
from affectloop.messages.v1.capture_service_pb2 import StreamRequest
from affectloop.messages.v1.capture_service_pb2_grpc import CaptureServiceStub
from affectloop.runtime.service import Surroundings, load
from affectloop.session import Session
from affectloop.store.live.memory import MemoryLiveState
from affectloop.telemetry.health import Health
from affectloop.topics import AUDIO, FRAMES, SIGNALS
from affectloop_capture.admission.stream_authentication import STREAM_TOKEN, token_digest
from affectloop_capture.ingest.server import CaptureServer, run
from affectloop_capture.settings import CaptureSettings
from capture_scene import BEARER, SETTINGS, TOKEN, a_scene, payload, played, status_of
from unit.capture.making import START_US, a_chunk, a_frame, a_jpeg, a_session, claiming, some_audio


def test_the_streams_of_a_device_reach_their_topics_sealed() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            answers = await stage.send([payload(a_frame()), payload(a_chunk()), payload(some_audio())])
            assert [(answer.accepted, answer.dropped) for answer in answers] == [(3, 0)]
            (frame,), (chunk,), (audio,) = (stage.published(topic.name) for topic in (FRAMES, SIGNALS, AUDIO))
            assert isinstance(frame, VideoFrame)
            assert frame.jpeg == a_jpeg()
            assert isinstance(chunk, SignalChunk)
            assert chunk.samples.ravel().tolist() == pytest.approx([1.0, 1.1, 1.2, 1.3])
            assert audio.header == some_audio().header

    played(scene)


def test_the_generated_client_is_understood() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            requests = [StreamRequest.FromString(payload(a_frame()))]
            answers = [answer async for answer in CaptureServiceStub(stage.channel).Stream(iter(requests), metadata=BEARER)]  # type: ignore[no-untyped-call]
            assert [answer.accepted for answer in answers] == [1]

    played(scene)


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", TOKEN),), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer another"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_a_call_without_the_sessions_token_is_refused(metadata: tuple[tuple[str, str], ...], code: grpc.StatusCode) -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            error = await status_of(stage.send([payload(a_frame())], metadata))
            assert error.code() is code
            assert "token" in (error.details() or "")
            assert stage.published(FRAMES.name) == []

    played(scene)


def test_a_modality_without_consent_is_refused_once_and_the_others_go_on() -> None:
    async def scene() -> None:
        async with a_scene(a_session(consented=frozenset({Modality.WRISTBAND}))) as stage:
            frames = [payload(a_frame(number, START_US + number)) for number in range(5)]
            refused, summary = await stage.send([*frames, payload(a_chunk())])
            assert refused.refusal.modality == 1  # MODALITY_FACE
            assert refused.refusal.stream_id == "camera"
            assert "no live consent for face" in refused.refusal.problem
            assert refused.refusal.remedy
            assert summary.accepted == 1
            assert (len(stage.published(FRAMES.name)), len(stage.published(SIGNALS.name))) == (0, 1)

    played(scene)


def test_a_consent_that_is_withdrawn_stops_its_modality_within_the_call() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            call = stage.call()
            await call.write(payload(a_frame(0, START_US)))
            assert await asyncio.to_thread(stage.bus.tail([FRAMES.name], from_start=True).poll, 10, 1)
            stage.live.put_session(stage.session.with_consents(frozenset({Modality.WRISTBAND})))
            stage.clock.advance(0.25)
            await call.write(payload(a_frame(1, START_US + 1)))
            answer = await call.read()
            assert "no live consent for face" in answer.refusal.problem
            await call.write(payload(a_chunk()))
            await call.done_writing()
            assert (await call.read()).accepted == 2
            assert (len(stage.published(FRAMES.name)), len(stage.published(SIGNALS.name))) == (1, 1)

    played(scene)


def test_an_unknown_session_has_no_token_that_is_good() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            stage.live.put_latest("s2", STREAM_TOKEN, token_digest(TOKEN))
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await stage.send([payload(a_frame(session_id="s2"))])
            assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED

    played(scene)


def test_one_call_does_not_carry_another_session() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            refused, summary = await stage.send([payload(a_frame()), payload(a_frame(1, session_id="s2"))])
            assert "the call began for session s1" in refused.refusal.problem
            assert summary.accepted == 1

    played(scene)


def test_random_bytes_end_their_own_call_and_no_other() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            good = stage.call()
            await good.write(payload(a_chunk()))
            for seed in range(20):
                noise = np.random.default_rng(seed).integers(0, 256, 200, dtype=np.uint8).tobytes()
                error = await status_of(stage.send([noise]))
                assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            await good.write(payload(a_chunk(sequence=4, time_us=START_US + 1_000_000)))
            await good.done_writing()
            assert [answer.accepted async for answer in good] == [2]

    played(scene)


def test_bytes_that_are_no_message_end_a_call_that_had_begun_and_keep_what_was_taken() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            error = await status_of(stage.send([payload(a_chunk()), b"\xff\xff\xff"]))
            assert "not this protobuf message" in (error.details() or "")

    played(scene)


def broken(event: Event, change: Callable[[Any], None]) -> bytes:
    """A request that the codec would not have written."""
    request = StreamRequest.FromString(payload(event))
    change(request)
    return request.SerializeToString()


def test_a_record_that_breaks_the_contract_is_refused_by_its_field_and_the_call_goes_on() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            nan = broken(a_chunk(), lambda request: request.signal.samples.append(float("nan")))
            hot = payload(a_chunk([31.0, 99.0], SignalKind.TEMPERATURE, 4.0))
            bomb = payload(a_frame(jpeg=claiming(a_jpeg(), 30_000, 30_000)))
            late = payload(a_frame(0, START_US - 60_000_000))
            empty = StreamRequest().SerializeToString()
            answers = await stage.send([payload(some_audio()), nan, hot, bomb, late, empty, payload(a_chunk())])
            fields = [answer.refusal.field for answer in answers[:-1]]
            assert fields == [
                "SignalChunk.samples",
                "Header.stream_id",
                "VideoFrame.jpeg",
                "Header.event_time_us",
                "StreamRequest.captured",
            ]
            assert answers[-1].accepted == 2

    played(scene)


def test_a_jpeg_that_claims_too_much_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(cv2, "imdecode", lambda *arguments: decoded.append(arguments))

    async def scene() -> None:
        async with a_scene() as stage:
            refused, _ = await stage.send([payload(a_frame(jpeg=claiming(a_jpeg(), 30_000, 30_000)))])
            assert "30000 x 30000" in refused.refusal.problem

    played(scene)
    assert decoded == []


def test_a_message_above_the_topics_limit_is_not_read() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            error = await status_of(stage.send([payload(a_frame(jpeg=a_jpeg() + os.urandom(FRAMES.max_bytes)))]))
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    played(scene)


class SlowBus(MemoryBus):
    """A bus that takes nothing until it is let to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.free = threading.Event(), threading.Event()
        self.is_down = False

    def producer(self, *, durable: bool) -> Producer:
        bus, inner = self, super().producer(durable=durable)

        class Slow:
            def send(self, records: Sequence[Outgoing]) -> None:
                bus.asked.set()
                bus.free.wait(20)
                if bus.is_down:
                    raise Unavailable("the broker is gone")
                inner.send(records)

            def close(self) -> None:
                inner.close()

        return Slow()


def test_frames_are_dropped_and_counted_while_one_is_in_flight() -> None:
    async def scene() -> None:
        bus = SlowBus()
        async with a_scene(bus=bus) as stage:
            call = stage.call()
            await call.write(payload(a_frame(0, START_US)))
            assert await asyncio.to_thread(bus.asked.wait, 10)
            for number in range(1, 10):
                await call.write(payload(a_frame(number, START_US + number)))
            await call.write(payload(a_frame(99, START_US - 60_000_000)))  # refused: the answer says that all before was taken up
            counted = await call.read()
            bus.free.set()
            await call.done_writing()
            summary = await call.read()
            assert (counted.accepted, counted.dropped) == (1, 9)
            assert (summary.accepted, summary.dropped) == (1, 9)
            assert [frame.header.sequence for frame in stage.published(FRAMES.name)] == [0]

    played(scene)


def test_a_bus_that_is_gone_costs_records_and_not_the_call() -> None:
    async def scene() -> None:
        bus = SlowBus()
        bus.is_down = True
        bus.free.set()
        async with a_scene(bus=bus) as stage:
            (summary,) = await stage.send([payload(a_chunk()), payload(some_audio())])
            assert summary.dropped == 2

    played(scene)


def test_a_consent_withdrawn_while_a_record_waits_keeps_it_off_the_bus() -> None:
    async def scene() -> None:
        bus = SlowBus()
        async with a_scene(bus=bus) as stage:
            call = stage.call()
            await call.write(payload(a_chunk()))
            assert await asyncio.to_thread(bus.asked.wait, 10)
            for number in (1, 2):
                await call.write(payload(a_chunk(sequence=4 * number, time_us=START_US + 1_000_000 * number)))
            await call.write(payload(a_frame(0, START_US - 60_000_000)))
            await call.read()
            stage.live.put_session(stage.session.with_consents(frozenset()))
            stage.clock.advance(0.25)
            bus.free.set()
            await call.done_writing()
            summary = await call.read()
            assert summary.dropped == 2
            assert [chunk.header.sequence for chunk in stage.published(SIGNALS.name)] == [0]

    played(scene)


class BrokenLiveState(MemoryLiveState):
    """Live state that is gone after the token was checked."""

    def session(self, session_id: str) -> Session | None:
        raise Unavailable("Redis is gone")


def test_no_answer_from_live_state_ends_the_call_with_when_to_come_back() -> None:
    async def scene() -> None:
        async with a_scene(live=BrokenLiveState()) as stage:
            error = await status_of(stage.send([payload(a_frame())]))
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            assert "call again" in (error.details() or "")

    played(scene)


def test_a_record_sent_again_is_a_copy_and_counted_as_dropped() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            (summary,) = await stage.send([payload(a_chunk()), payload(a_chunk())])
            assert (summary.accepted, summary.dropped) == (1, 1)

    played(scene)


def test_a_device_that_hangs_up_leaves_the_server_working() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            call = stage.call()
            await call.write(payload(a_chunk()))
            call.cancel()
            (summary,) = await stage.send([payload(some_audio())])
            assert summary.accepted == 1

    played(scene)


def test_health_and_reflection_answer() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            health = await health_pb2_grpc.HealthStub(stage.channel).Check(
                health_pb2.HealthCheckRequest(service="affectloop.v1.CaptureService")
            )
            assert health.status == health_pb2.HealthCheckResponse.SERVING
            question = reflection_pb2.ServerReflectionRequest(list_services="")
            reflection = reflection_pb2_grpc.ServerReflectionStub(stage.channel)
            async for answer in reflection.ServerReflectionInfo(iter([question])):
                names = {service.name for service in answer.list_services_response.service}
            assert "affectloop.v1.CaptureService" in names

    played(scene)


def test_a_taken_port_is_said_with_what_to_do() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            clock = ManualClock()
            around = Surroundings(bus=stage.bus, live=stage.live, clock=clock, ready=lambda: None, health=Health(clock))
            first = CaptureServer(SETTINGS, around)
            await first.start()
            second = CaptureServer(CaptureSettings(port=first.port, shutdown_s=0), around)
            with pytest.raises(InvalidInput, match="AFFECTLOOP_CAPTURE__PORT"):
                await second.start()
            await first.stop()

    played(scene)


def test_the_edge_says_that_it_is_ready_and_leaves_when_cancelled() -> None:
    async def scene() -> None:
        ready = asyncio.Event()
        around = Surroundings(bus=MemoryBus(), live=MemoryLiveState(), clock=ManualClock(), ready=ready.set, health=Health(ManualClock()))
        running = asyncio.create_task(run(SETTINGS, around))
        await ready.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    played(scene)


def test_the_runtime_finds_the_edge_by_its_name() -> None:
    assert load("capture").settings is CaptureSettings
    assert {topic.name for topic in load("capture").produces} >= {FRAMES.name, SIGNALS.name, AUDIO.name}
