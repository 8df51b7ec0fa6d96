"""What a gRPC call may take before anybody knows whose it is."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from affectloop_capture.settings import CaptureSettings
from capture_scene import a_scene, payload, played
from unit.capture.making import a_frame


def test_calls_that_bring_no_record_end_by_themselves_and_keep_no_device_out() -> None:
    async def scene() -> None:
        settings = CaptureSettings(port=0, shutdown_s=0, first_record_within_s=0.2, unproven_calls_of_address=5, calls_most=2)
        async with a_scene(settings=settings) as stage:
            bogus = [stage.call((("authorization", "Bearer bogus"),)) for _ in range(20)]
            (summary,) = await stage.send([payload(a_frame())])
            assert summary.accepted == 1
            assert {await call.code() for call in bogus} == {grpc.StatusCode.DEADLINE_EXCEEDED}

    played(scene)


def test_devices_beyond_the_most_are_told_to_call_again() -> None:
    async def scene() -> None:
        async with a_scene(settings=CaptureSettings(port=0, shutdown_s=0, calls_most=1)) as stage:
            first = stage.call()
            await first.write(payload(a_frame(jpeg=b"no picture")))
            await first.read()  # a refusal: it is served
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await stage.send([payload(a_frame())])
            assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            first.cancel()

    played(scene)


def test_nobody_waits_for_a_change_of_health() -> None:
    async def scene() -> None:
        async with a_scene() as stage:
            watching = health_pb2_grpc.HealthStub(stage.channel).Watch(health_pb2.HealthCheckRequest())
            assert await watching.code() == grpc.StatusCode.UNIMPLEMENTED

    played(scene)
