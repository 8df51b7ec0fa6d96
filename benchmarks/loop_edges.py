"""The loop with its edges: devices by gRPC, answers by REST, a page a learner by WebSocket, facts in SQL and its outbox.

Everything is embedded: all services in one process, as ``affectloop run`` has them. The other process is every device, browser and page.
"""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import grpc
import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from affectloop.clock import MICROSECONDS, SystemClock
from affectloop.codec import to_message
from affectloop.events import TrialAnswered
from affectloop.messages.v1.capture_service_pb2 import StreamRequest, StreamResponse
from affectloop.runtime.service import installed
from affectloop.runtime.service_runner import ServiceRunner, open_bus, open_live_state
from affectloop.settings import RuntimeSettings
from affectloop.store.sql.bootstrap import bootstrap
from affectloop.store.sql.database import Store
from affectloop.topics import AUDIO_FEATURES, DIRECTIVES, ESTIMATES, FACE_FEATURES, SIGNALS
from loop_ages import Expected
from loop_load import Contents, Streams, Topology, Window, captured, events, expected, streams
from loop_processes import STARTS_AFTER_US, STARTS_WITHIN_S, Played, asked_of, snapshot
from servers.ports import free_port

METHOD = "/affectloop.v1.CaptureService/Stream"
FIELD_OF_TOPIC = {FACE_FEATURES.name: "face", AUDIO_FEATURES.name: "voice", SIGNALS.name: "signal"}
ITEM = {"item_id": "fear-200ms-i875-v0-o7-head-01", "emotion": "fear", "duration_ms": 200, "intensity": 0.875, "view_deg": 0, "options": 7}
TICK_S = 0.002

ANSWER_WITHIN_S = 20.0
MANY = 100_000  # one address is every device and page here: limits by address or token are not what is measured
STAGES = ("estimate", "directive", "answered")
Seen = Mapping[tuple[str, str, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the edges are, and what opens them."""

    gateway: str
    capture: str
    token: str = field(repr=False)
    learner_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session as the gateway opened it."""

    session_id: str
    streaming_token: str


def serve_edges(_: object, control: Connection) -> None:
    """Run all services embedded until told to stop; ``control`` asks for snapshots."""
    clock, runtime = SystemClock(), RuntimeSettings()
    gateway_port, capture_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="affectloop-bench-", ignore_cleanup_errors=True) as folder:
        database = f"sqlite:///{folder}/facts.db"
        given: dict[str, dict[str, Any]] = {
            "gateway": {"port": gateway_port, "database": database, "requests_per_10_s": MANY, "connections_of_address": MANY},
            "capture": {"port": capture_port, "unproven_calls_of_address": MANY},
        }
        services = [(service, service.settings(**given.get(name, {}))) for name, service in installed().items()]
        with ServiceRunner(services, runtime, open_bus(runtime, clock), open_live_state(runtime), clock) as runner:
            runner.wait_until_ready(STARTS_WITHIN_S)
            store = Store.open(database)
            start = bootstrap(store, profile_name="demo")
            store.close()
            address, door = "http://127.0.0.1", {"token": start.admin_token, "learner_id": start.learner_id or ""}
            control.send(Door(gateway=f"{address}:{gateway_port}", capture=f"127.0.0.1:{capture_port}", **door))
            for _ in asked_of(control):
                control.send(runner.failure or snapshot())


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the process of devices and pages shall play."""

    door: Door
    learners: int
    warm_up_s: float
    seconds: float


def visit(plan: Visit, control: Connection) -> None:
    """Open sessions, make what devices will send, tell when it starts, and play it once told to."""
    asyncio.run(_Visitors(plan, control).play())


@dataclass(frozen=True, slots=True)
class _Due:
    """Something that a learner's side does, and when: what a device sends, or, without content, an answer."""

    at_us: int
    learner: int
    content: bytes = b""


class _Visitors:
    """Every learner's device and page."""

    def __init__(self, plan: Visit, control: Connection) -> None:
        self._plan, self._control, self._clock = plan, control, SystemClock()
        self._seen: dict[tuple[str, str, int], int] = {}  # stage, session, when it was due by the plan or its event time -> when
        self._answers: list[list[int]] = [[] for _ in range(plan.learners)]  # when each was due
        self._calls: dict[int, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: list[Opened] = []
        self._refused = 0

    async def play(self) -> None:
        """From the first session to the last page."""
        plan, headers = self._plan, {"Authorization": f"Bearer {self._plan.door.token}"}
        limits = httpx.Limits(max_connections=32)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(
                httpx.AsyncClient(base_url=plan.door.gateway, headers=headers, limits=limits, timeout=ANSWER_WITHIN_S)
            )
            self._sessions = [await self._opened(http) for _ in range(plan.learners)]
            window = self._window()
            due = self._made(window)
            self._control.send(("made", (window, [session.session_id for session in self._sessions])))
            gc.collect()
            gc.freeze()
            await asyncio.to_thread(self._control.recv)
            for session in self._sessions:
                self._start(self._watch(session, await stack.enter_async_context(self._page(session))))
            late_ms = await self._pace(due, http)
            measured = [late for late, each in zip(late_ms, due, strict=False) if window.measured_us <= each.at_us < window.ends_us]
            sent_mb = sum(len(each.content) for each in due) / 1e6
            self._control.send(Played(records=len(late_ms), payload_mb=sent_mb, late_ms=measured, used=snapshot()))
            await asyncio.to_thread(self._control.recv)  # what is on its way arrives meanwhile
            self._control.send((self._seen, self._refused))
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for call in self._calls.values():
                call.cancel()

    async def _opened(self, http: httpx.AsyncClient) -> Opened:
        declared = [{"topic": stream.topic, "stream_id": stream.stream_id} for stream in captured(Topology.EDGE)]
        answer = await http.post("/v1/sessions", json={"learner_id": self._plan.door.learner_id, "streams": declared})
        answer.raise_for_status()
        return Opened(answer.json()["session_id"], answer.json()["streaming_token"])

    def _page(self, session: Opened) -> Any:
        address = self._plan.door.gateway.replace("http", "ws", 1)
        return connect(f"{address}/v1/sessions/{session.session_id}/live", compression=None, max_queue=None, ping_interval=None)

    def _window(self) -> Window:
        began_s, now_us = self._clock.monotonic_s(), self._clock.wall_us()
        lasts_us = round((self._plan.warm_up_s + self._plan.seconds) * MICROSECONDS)
        sample = Window(start_us=now_us, measured_us=now_us, ends_us=now_us + lasts_us)
        for _ in range(2):  # the signals are made once
            began_s = self._clock.monotonic_s()
            self._requests(0, sample)
        needed_s = 1.5 * (self._clock.monotonic_s() - began_s) * self._plan.learners + 2.0
        start_us = self._clock.wall_us() + round(needed_s * MICROSECONDS) + STARTS_AFTER_US
        measured_us = start_us + round(self._plan.warm_up_s * MICROSECONDS)
        return Window(start_us=start_us, measured_us=measured_us, ends_us=start_us + lasts_us)

    def _made(self, window: Window) -> list[_Due]:
        due = [each for learner in range(self._plan.learners) for each in self._requests(learner, window)]
        for learner in range(self._plan.learners):
            due += [_Due(slot.due_us, learner) for slot in streams(Topology.EDGE, learner, window).trials]
        return sorted(due, key=lambda each: each.at_us)

    def _requests(self, learner: int, window: Window) -> list[_Due]:
        """What a learner's devices send, as bytes."""
        session_id = self._sessions[learner].session_id
        seconds = -(-(window.ends_us + 2 * MICROSECONDS - window.start_us) // MICROSECONDS)
        topics = {stream.stream_id: stream.topic for stream in captured(Topology.EDGE)}
        made = []
        for due_us, event in events(streams(Topology.EDGE, learner, window), session_id, Contents(learner, seconds)):
            if event.header.stream_id in topics and not isinstance(event, TrialAnswered):
                fields: dict[str, Any] = {FIELD_OF_TOPIC[topics[event.header.stream_id]]: to_message(event)}
                made.append(_Due(due_us, learner, StreamRequest(**fields).SerializeToString()))
        return made

    async def _pace(self, due: Sequence[_Due], http: httpx.AsyncClient) -> list[float]:
        """Do everything when it is due; gives how late each was, ms."""
        late_ms: list[float] = []
        for each in due:
            await self._until(each.at_us)
            late_ms.append((self._clock.wall_us() - each.at_us) / 1000)
            if each.content:
                await self._call(each.learner).write(each.content)
            else:
                self._answers[each.learner].append(each.at_us)
                self._start(self._answer(http, each.learner, each.at_us, len(self._answers[each.learner])))
        return late_ms

    async def _until(self, at_us: int) -> None:
        while (ahead_us := at_us - self._clock.wall_us()) > 0:  # noqa: ASYNC110 - what is waited for is the time
            await asyncio.sleep(max(TICK_S, min(ahead_us / MICROSECONDS, 0.05)))

    def _call(self, learner: int) -> Any:
        """The learner's gRPC call, over a connection of its own; begun with its first record."""
        if learner not in self._calls:
            channel: Any = grpc.aio.insecure_channel(self._plan.door.capture, options=[("grpc.use_local_subchannel_pool", 1)])
            stream = channel.stream_stream(METHOD, response_deserializer=StreamResponse.FromString)
            metadata = (("authorization", f"Bearer {self._sessions[learner].streaming_token}"),)
            self._calls[learner] = stream(metadata=metadata)
            self._start(self._refusals(self._calls[learner]))
        return self._calls[learner]

    async def _refusals(self, call: Any) -> None:
        async for answer in call:
            self._refused += answer.HasField("refusal")

    async def _answer(self, http: httpx.AsyncClient, learner: int, due_us: int, number: int) -> None:
        session_id = self._sessions[learner].session_id
        body = {"trial_id": f"trial-{number}", "item": ITEM, "answer": "fear" if number % 4 else "surprise", "reaction_time_ms": 900.0}
        answer = await http.post(f"/v1/sessions/{session_id}/trials", json=body)
        answer.raise_for_status()
        self._seen.setdefault(("answered", session_id, due_us), self._clock.wall_us())

    async def _watch(self, session: Opened, page: ClientConnection) -> None:
        """A page: what it is told, and when."""
        answers = self._answers[self._sessions.index(session)]
        with suppress(ConnectionClosed):
            await page.send(json.dumps({"token": self._plan.door.token}))
            async for text in page:
                at_us, said = self._clock.wall_us(), json.loads(text)
                if said["topic"] == ESTIMATES.name:
                    self._seen.setdefault(("estimate", session.session_id, said["event"]["header"]["event_time_us"]), at_us)
                elif said["topic"] == DIRECTIVES.name and 0 < (number := said["event"]["header"]["sequence"]) <= len(answers):
                    self._seen.setdefault(("directive", session.session_id, answers[number - 1]), at_us)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)


def due_at_the_edges(session_ids: Sequence[str], window: Window) -> list[Expected]:
    """What pages and devices must see: estimates, directives, and that an answer is acknowledged."""
    due = []
    for number, session_id in enumerate(session_ids):
        planned: Streams = streams(Topology.EDGE, number, window)
        for output in expected(planned, session_id, window):
            if output.stage in STAGES:
                due.append(output)
            if output.stage == "directive":  # an answer is due at its trial, as the directive is
                due.append(Expected(stage="answered", session_id=session_id, event_time_us=output.event_time_us, due_us=output.due_us))
    return due
