"""A running capture server for tests, over real gRPC on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from affectloop.bus.memory import MemoryBus
from affectloop.clock import ManualClock
from affectloop.codec import from_record, to_message
from affectloop.events import Event
from affectloop.messages.v1.capture_service_pb2 import StreamRequest, StreamResponse
from affectloop.runtime.service import Surroundings
from affectloop.session import Session
from affectloop.store.live.memory import MemoryLiveState
from affectloop.telemetry.health import Health
from affectloop_capture.admission.stream_authentication import STREAM_TOKEN, token_digest
from affectloop_capture.ingest.server import CaptureServer
from affectloop_capture.settings import CaptureSettings
from unit.capture.making import START_US, a_session

TOKEN = "a random token"
SETTINGS = CaptureSettings(port=0, shutdown_s=0)
BEARER = (("authorization", f"Bearer {TOKEN}"),)
CASES = {"VideoFrame": "frame", "SignalChunk": "signal", "AudioChunk": "audio", "FaceFeatures": "face", "AudioFeatures": "voice"}


def payload(event: Event) -> bytes:
    return StreamRequest(**{CASES[type(event).__name__]: to_message(event)}).SerializeToString()  # type: ignore[arg-type]


@dataclass
class Scene:
    """A running server and what is around it."""

    bus: MemoryBus
    live: MemoryLiveState
    clock: ManualClock
    channel: grpc.aio.Channel
    session: Session

    def call(self, metadata: Any = BEARER) -> Any:
        """A call whose requests are bytes, so that they may be anything."""
        channel: Any = self.channel  # the stubs know neither calls without serializers nor those that write by hand
        return channel.stream_stream("/affectloop.v1.CaptureService/Stream", response_deserializer=StreamResponse.FromString)(
            metadata=metadata
        )

    async def send(self, payloads: Iterable[bytes], metadata: Any = BEARER) -> list[StreamResponse]:
        """One whole call: everything sent, everything answered."""
        call = self.call(metadata)
        for one in payloads:
            await call.write(one)
        await call.done_writing()
        return [answer async for answer in call]

    def published(self, topic: str) -> list[Event]:
        """What is on the bus, opened with the session's key."""
        tail = self.bus.tail([topic], from_start=True)
        return [from_record(record, self.session.key) for record in tail.poll(0, 1000)]


@asynccontextmanager
async def a_scene(
    session: Session | None = None,
    *,
    bus: MemoryBus | None = None,
    live: MemoryLiveState | None = None,
    settings: CaptureSettings = SETTINGS,
) -> AsyncIterator[Scene]:
    clock = ManualClock(START_US)
    bus, live, session = bus or MemoryBus(clock=clock), live or MemoryLiveState(clock), session or a_session()
    live.put_session(session)
    live.put_latest(session.session_id, STREAM_TOKEN, token_digest(TOKEN))
    server = CaptureServer(settings, Surroundings(bus=bus, live=live, clock=clock, ready=lambda: None, health=Health(clock)))
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield Scene(bus, live, clock, channel, session)
    finally:
        await server.stop()


def played(scene: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(scene(), 30)

    asyncio.run(limited())


async def status_of(answers: Awaitable[object]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await answers
    return caught.value
