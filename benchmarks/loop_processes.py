"""The processes of benchmarks/loop.py: one that is the load, and those that are the services, each with what it uses."""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import resource
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from prometheus_client import REGISTRY

from affectloop.bus import Consumer, Outgoing, Producer, Record
from affectloop.clock import MICROSECONDS, SystemClock
from affectloop.runtime.service import load
from affectloop.runtime.service_runner import ServiceRunner, open_bus, open_live_state
from affectloop.session import Session
from affectloop.settings import RuntimeSettings
from affectloop.topics import AUDIO_FEATURES, DIRECTIVES, ESTIMATES, FACE_FEATURES, PHYSIO_FEATURES
from loop_load import Timed, Topology, Window, begins_us, pace, sealed

SERVICES = ("face", "physio", "audio", "fusion", "recommender")
TICK_S = {"memory": 0.002, "kafka": 0.004}  # between two looks at what is due
STARTS_AFTER_US = 3 * MICROSECONDS  # the load's own slack between making the records and the first of them
POLL_S, POLL_RECORDS = 0.05, 2000
STARTS_WITHIN_S = 120.0  # services load their models; a busy machine takes its time
COUNTED = ("affectloop_records_total", "affectloop_published_total", "affectloop_feed_seconds_count", "affectloop_dropped_total")


@dataclass(frozen=True, slots=True)
class Seen:
    """A record and when a reader had it."""

    at_us: int
    record: Record

    def flat(self) -> tuple[Any, ...]:
        """As plain values: on their way between processes they cost a tenth of what objects do."""
        record = self.record
        return self.at_us, record.topic, record.partition, record.offset, record.key, record.value, dict(record.headers)

    @classmethod
    def of_flat(cls, flat: tuple[Any, ...]) -> Seen:
        """What ``flat`` gave."""
        return cls(flat[0], Record(*flat[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a process has used since it began."""

    at_s: float
    cpu_s: float
    cpu_s_by_thread: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    counters: dict[str, float] = field(default_factory=dict)  # by name and labels


def results_of(topology: Topology) -> list[str]:
    """The topics that a reader must follow; features made at the edge are none of the services' doing."""
    made = [PHYSIO_FEATURES, ESTIMATES, DIRECTIVES]
    made += [] if topology is Topology.EDGE else [AUDIO_FEATURES]
    made += [FACE_FEATURES] if topology is Topology.VIDEO else []
    return [topic.name for topic in made]


def snapshot() -> Snapshot:
    """What this process has used."""
    process, names = psutil.Process(), {thread.native_id: thread.name for thread in threading.enumerate()}
    by_thread: dict[str, float] = {}
    for thread in process.threads():
        name = names.get(thread.id, "native")
        by_thread[name] = by_thread.get(name, 0.0) + thread.user_time + thread.system_time
    times = process.cpu_times()
    return Snapshot(
        at_s=SystemClock().monotonic_s(),
        cpu_s=times.user + times.system,
        cpu_s_by_thread=by_thread,
        peak_mb=peak_mb(os.getpid()),
        counters=_counters(),
    )


def peak_mb(process: int) -> float:
    """The most memory that a process held, as Linux counts it (a new process inherits its parent's ``ru_maxrss``)."""
    status = Path(f"/proc/{process}/status")
    if status.exists():
        lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(lines[0].split()[1]) / 1024 if lines else 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if process == os.getpid() else 0.0


def _counters() -> dict[str, float]:
    samples = (sample for metric in REGISTRY.collect() for sample in metric.samples if sample.name in COUNTED)
    return {",".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def read_on(consumer: Consumer, stop: threading.Event, take: Callable[[list[Seen]], None]) -> None:
    """Note when each record is there to be read, until ``stop``."""
    clock = SystemClock()
    with closing(consumer):
        while not stop.is_set():
            records = consumer.poll(POLL_S, POLL_RECORDS)
            at_us = clock.wall_us()
            if records:
                take([Seen(at_us, record) for record in records])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How a process of services is connected: embedded, records come in and results go out by pipes."""

    services: Sequence[str]
    bus: str
    state: str
    records: Connection | None = None
    results: Connection | None = None
    read: Sequence[str] = ()


def serve(wiring: Wiring, control: Connection) -> None:
    """Run services until told to stop; ``control`` asks for one thing at a time."""
    os.environ["AFFECTLOOP_CAPTURE__PORT"] = "0"
    runtime, clock = RuntimeSettings(bus=wiring.bus, state=wiring.state), SystemClock()
    bus, live = open_bus(runtime, clock), open_live_state(runtime)
    services = [(service, service.settings()) for service in map(load, wiring.services)]
    stop, threads = threading.Event(), []
    with ServiceRunner(services, runtime, bus, live, clock) as runner:
        runner.wait_until_ready(STARTS_WITHIN_S)
        if wiring.results is not None:
            results = wiring.results
            hand_out = lambda seen: results.send_bytes(marshal.dumps([each.flat() for each in seen]))  # noqa: E731
            threads.append(_started("reader", read_on, bus.tail(wiring.read), stop, hand_out))
        if wiring.records is not None:
            threads.append(_started("writer", _write_on, wiring.records, bus.producer(durable=False)))
        control.send("ready")
        for asked in asked_of(control):
            if isinstance(asked, list):
                for session in asked:
                    live.put_session(session)
            control.send(runner.failure or snapshot())
        stop.set()
        for thread in threads:
            thread.join(10)


def asked_of(control: Connection) -> Iterator[Any]:
    """What is asked until the end; a parent that is gone asks nothing more."""
    with contextlib.suppress(EOFError):
        while (asked := control.recv()) is not None:
            yield asked


def _started(name: str, target: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    thread.start()
    return thread


def _write_on(records: Connection, producer: Producer) -> None:
    """Put what the load sends onto the bus of this process."""
    with contextlib.suppress(EOFError):
        while True:
            producer.send([Outgoing(*flat) for flat in marshal.loads(records.recv_bytes())])


class PipeProducer:
    """Writes into another process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def send(self, records: Sequence[Outgoing]) -> None:
        """Write and return when the pipe has taken them."""
        self._pipe.send_bytes(marshal.dumps([(each.topic, each.key, each.value, dict(each.headers)) for each in records]))

    def close(self) -> None:
        """End of the stream."""
        self._pipe.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a process of load shall play."""

    topology: Topology
    sessions: Sequence[Session]
    warm_up_s: float
    seconds: float
    bus: str
    records: Connection | None = None  # of the embedded bus
    jpegs: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How the load was played."""

    records: int
    payload_mb: float
    late_ms: Sequence[float]  # of each record of the measured time
    used: Snapshot


def generate(plan: Plan, control: Connection) -> None:
    """Make the records, tell when they start, and play them once told to."""
    clock = SystemClock()
    while True:
        window = _window(plan, clock)
        control.send(("making", window))
        timed = _made(plan, window)
        if clock.wall_us() < window.start_us - MICROSECONDS:
            break
    control.send(("made", window))
    producer = open_producer(plan)
    gc.collect()
    gc.freeze()
    gc.disable()
    with contextlib.suppress(EOFError):
        if control.recv() == "go":
            late_ms = pace(timed, producer, clock, tick_s=TICK_S[plan.bus.split(":")[0]], goes_on=lambda: not control.poll())
            measured = [late for late, each in zip(late_ms, timed, strict=False) if window.measured_us <= each.due_us < window.ends_us]
            size = sum(len(each.record.value) for each in timed) / 1e6
            control.send(Played(records=len(late_ms), payload_mb=size, late_ms=measured, used=snapshot()))
            control.recv()
    producer.close()


def open_producer(plan: Plan) -> Producer:
    """The way to the bus: of a broker as capture takes it (media, acknowledged by the leader), or a pipe."""
    if plan.records is not None:
        return PipeProducer(plan.records)
    return open_bus(RuntimeSettings(bus=plan.bus), SystemClock()).producer(durable=False)


def _made(plan: Plan, window: Window) -> list[Timed]:
    timed: list[Timed] = []
    for number, session in enumerate(plan.sessions):
        timed += sealed(plan.topology, number, session, window, plan.jpegs)
    return sorted(timed, key=lambda each: each.due_us)


def _window(plan: Plan, clock: SystemClock) -> Window:
    """When the load may start, from how long one learner's records take to make."""
    began_s = clock.monotonic_s()
    sample = _times(plan, clock.wall_us())
    sealed(plan.topology, 0, plan.sessions[0], sample, plan.jpegs)  # once for the signals' sake, once to time it
    made_s = clock.monotonic_s()
    sealed(plan.topology, 0, plan.sessions[0], sample, plan.jpegs)
    one_s, first_s = clock.monotonic_s() - made_s, made_s - began_s
    needed_s = 1.5 * (one_s * len(plan.sessions) + first_s * min(len(plan.sessions), 8))
    return _times(plan, clock.wall_us() + round(needed_s * MICROSECONDS) + STARTS_AFTER_US)


def _times(plan: Plan, start_us: int) -> Window:
    measured_us = start_us + round(plan.warm_up_s * MICROSECONDS)
    return Window(start_us=start_us, measured_us=measured_us, ends_us=measured_us + round(plan.seconds * MICROSECONDS))


def begun(sessions: Sequence[Session], window: Window) -> list[Session]:
    """The sessions with the time at which they start."""
    return [replace(session, started_at_us=begins_us(number, window)) for number, session in enumerate(sessions)]
