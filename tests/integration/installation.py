"""All seven services in this process, for tests: several schools under their profiles, learners who consented, devices that stream."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx

from affectloop.bus import Record
from affectloop.bus.memory import MemoryBus
from affectloop.clock import SystemClock
from affectloop.codec import from_record, to_message
from affectloop.events import Event
from affectloop.messages.v1.capture_service_pb2 import StreamRequest, StreamResponse
from affectloop.runtime.service import installed
from affectloop.runtime.service_runner import ServiceRunner
from affectloop.session import Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live import LiveState
from affectloop.store.live.memory import MemoryLiveState
from affectloop.store.sql.bootstrap import bootstrap
from affectloop.store.sql.database import Store
from affectloop.topics import TOPIC_OF_EVENT, TOPICS
from affectloop_capture.playback.merge import MergedSource
from affectloop_capture.samples import after_last_us
from servers.ports import free_port

PATIENCE_S = 60.0  # for what takes a fraction of a second on a quiet machine
FIELD_OF_TOPIC = {
    "capture.frames.v1": "frame", "capture.signals.v1": "signal", "capture.audio.v1": "audio",
    "face.features.v1": "face", "audio.features.v1": "voice",
}  # fmt: skip


def wait_for(met: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until it is so."""
    until_s = time.monotonic() + patience_s
    while not met():
        assert time.monotonic() < until_s, f"within {patience_s:g} s: {what}"
        time.sleep(0.1)


@dataclass
class School:
    """A tenant under a profile, as its administrator."""

    http: httpx.Client

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What the gateway answers; anything but a success fails the test."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def learner(self, modalities: Sequence[str] = (), **known: Any) -> str:
        """An adult learner who agreed to these modalities."""
        learner_id: str = self.call("POST", "/v1/learners", {"birth_year": 1990, **known})["learner_id"]
        version = self.call("GET", f"/v1/learners/{learner_id}/consents")["version"]
        for modality in modalities:
            for purpose in ("training", "report"):
                consent = {"purpose": purpose, "version": version, "assent": True}
                self.call("PUT", f"/v1/learners/{learner_id}/consents/{modality}", consent)
        return learner_id

    def start(self, learner_id: str, merged: MergedSource | None = None, **asked: Any) -> dict[str, Any]:
        """Start a session for the streams of a source; the gateway's answer."""
        streams = [{"topic": stream.topic, "stream_id": stream.stream_id} for stream in merged.streams] if merged else []
        started: dict[str, Any] = self.call("POST", "/v1/sessions", {"learner_id": learner_id, "streams": streams, **asked})
        return started


@dataclass
class Installation:
    """What runs, and where."""

    bus: MemoryBus
    live: LiveState
    runner: ServiceRunner
    address: str
    capture: str
    database: str
    _schools: dict[str, School] = field(default_factory=dict)

    def school(self, profile: str) -> School:
        """The school under that profile; it bears the profile's name."""
        if profile not in self._schools:
            store = Store.open(self.database)
            try:
                start = bootstrap(store, tenant_id=profile, profile_name=profile)
            finally:
                store.close()
            headers = {"Authorization": f"Bearer {start.admin_token}"}
            self._schools[profile] = School(httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE_S))
        return self._schools[profile]

    def session(self, session_id: str) -> Session:
        """The session as live state has it."""
        session = self.live.session(session_id)
        assert session is not None
        return session

    def records(self, session_id: str, *topics: str) -> list[Record]:
        """What lies on the bus of a session."""
        tail = self.bus.tail(topics or [topic.name for topic in TOPICS], from_start=True)
        return [record for record in tail.poll(0, 1_000_000) if record.key == session_id.encode()]

    def events(self, session_id: str, topic: str) -> list[tuple[int, Event]]:
        """What lies on the bus of a session, opened, with the time at which the bus took it."""
        key = self.session(session_id).key
        return [(record.ingest_time_us, from_record(record, key)) for record in self.records(session_id, topic)]

    def dead_letters(self, topic: str) -> list[Record]:
        """What lies in a topic's dead letters."""
        return self.bus.tail([f"{topic}.dlq"], from_start=True).poll(0, 1_000_000)

    def close(self) -> None:
        """Hang up."""
        for school in self._schools.values():
            school.http.close()


@contextmanager
def installed_in(folder: Path, **runtime: Any) -> Iterator[Installation]:
    """Start everything, and leave cleanly."""
    clock, address, capture_port = SystemClock(), free_port(), free_port()
    database = f"sqlite:///{folder / 'facts.db'}"
    own: dict[str, dict[str, Any]] = {
        "gateway": {"port": address, "database": database, "requests_per_10_s": 100_000},
        "capture": {"port": capture_port},
    }
    services = [(service, service.settings(**own.get(name, {}))) for name, service in installed().items()]
    bus, live = MemoryBus(clock=clock), MemoryLiveState()
    with ServiceRunner(services, RuntimeSettings(**runtime), bus, live, clock) as runner:
        runner.wait_until_ready()
        installation = Installation(bus, live, runner, f"http://127.0.0.1:{address}", f"127.0.0.1:{capture_port}", database)
        try:
            yield installation
        finally:
            installation.close()


class Device:
    """Streams a source through capture's gRPC service in real time, in a thread of its own.

    A context manager: leaving it hangs up. ``capture`` is the address; ``held_s`` is how much the device has held back
    before it was called: that comes at once, so that windows are filled sooner.
    """

    def __init__(self, capture: str, started: dict[str, Any], merged: MergedSource, held_s: float = 0.0) -> None:
        self.answers: list[StreamResponse] = []
        self.error: Exception | None = None
        self._clock = SystemClock()
        self._stop = threading.Event()
        self._session_id: str = started["session_id"]
        self._merged = merged.moved_to(self._clock.wall_us() - round(held_s * 1e6))
        self._metadata = (("authorization", f"Bearer {started['streaming_token']}"),)
        self._channel = grpc.insecure_channel(capture)
        self._thread = threading.Thread(target=self._stream, name="device", daemon=True)

    def __enter__(self) -> Device:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)
        self._channel.close()
        if self.error is not None:
            raise self.error

    @property
    def is_over(self) -> bool:
        """The call has ended, by either side."""
        return not self._thread.is_alive()

    @property
    def refusals(self) -> list[StreamResponse]:
        """What was refused."""
        return [answer for answer in self.answers if answer.HasField("refusal")]

    def _stream(self) -> None:
        call = self._channel.stream_stream(
            "/affectloop.v1.CaptureService/Stream",
            request_serializer=StreamRequest.SerializeToString,
            response_deserializer=StreamResponse.FromString,
        )
        try:
            for answer in call(self._requests(), metadata=self._metadata):
                self.answers.append(answer)
        except grpc.RpcError as error:
            self.error = error

    def _requests(self) -> Iterator[StreamRequest]:
        for event in self._merged.events(self._session_id):
            while not self._stop.is_set() and (ahead_us := after_last_us(event) - self._clock.wall_us()) > 0:
                self._stop.wait(ahead_us / 1e6)
            if self._stop.is_set():
                return
            yield request(event)


def request(event: Event) -> StreamRequest:
    """What a device sends of an event."""
    fields: dict[str, Any] = {FIELD_OF_TOPIC[TOPIC_OF_EVENT[type(event)].name]: to_message(event)}
    return StreamRequest(**fields)
