"""One run of benchmarks/loop.py: so many learners on one bus, from the start of the services to the figures."""

from __future__ import annotations

import marshal
import multiprocessing
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from affectloop.clock import MICROSECONDS, SystemClock
from affectloop.codec import from_record
from affectloop.errors import Unavailable
from affectloop.runtime.service_runner import open_bus, open_live_state
from affectloop.session import Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live import LiveState
from affectloop.topics import TOPICS
from loop_ages import Stage, stages
from loop_edges import Door, Visit, due_at_the_edges, serve_edges, visit
from loop_load import STAGE_OF_TOPIC, Topology, Window, expected, opened, streams
from loop_processes import SERVICES, Plan, Played, Seen, Snapshot, Wiring, begun, generate, read_on, results_of, serve
from servers.kafka import REMEDY, KafkaServer, kafka_server
from servers.redis import redis_server

DRAIN_S = 4.0  # results that come later than this after the load are counted as lost
LATE_MS = 25.0  # a load whose 99th percentile is later than this measures itself
MAKING_LIMIT_S = 900.0
ANSWER_LIMIT_S = 60.0

spawning = multiprocessing.get_context("spawn")  # threads and forks do not mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is run."""

    topology: Topology
    bus: str  # memory or kafka
    learners: int
    seconds: float
    warm_up_s: float
    together: bool = False  # over Kafka: all services in one process, instead of one each
    edges: bool = False  # with capture and gateway: gRPC in, WebSocket out, trials by REST, SQL and outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run gave; CPU in ms a learner and second of the measured time, of every process and the services' threads."""

    case: Case
    stages: dict[str, Stage]
    late_p99_ms: float
    late_largest_ms: float
    records_per_s: float
    megabytes_per_s: float
    cpu_ms: dict[str, float]
    peak_mb: dict[str, float]
    counters: dict[str, float]
    machine_busy: float  # share of all cores, whoever used them
    others_cores: float  # cores that programs of others kept busy meanwhile
    load_average: float

    @property
    def valid(self) -> bool:
        """Whether the load was in time; if not, the run says that the machine was full, and nothing of ages."""
        return self.late_p99_ms <= LATE_MS


Say = Callable[[str], None]


def run(case: Case, jpegs: Sequence[bytes], say: Say) -> Result:
    """Start everything, play the load, and work out the figures."""
    if case.edges:
        return _run_edges(case, say)
    with ExitStack() as stack:
        bus, state = stack.enter_context(_servers(case))
        sessions = opened(case.topology, case.learners)
        rig = stack.enter_context(Rig(case, bus, state))
        say("services are up; making records")
        window = rig.load(sessions, jpegs)
        with rig.reading() as seen:
            played, before, after = rig.play(begun(sessions, window), window, say)
    planned = ((session.session_id, streams(case.topology, number, window)) for number, session in enumerate(sessions))
    due = [output for session_id, learner in planned for output in expected(learner, session_id, window)]
    return _result(case, stages(due, first_seen(sessions, seen)), played, before, after)


def _run_edges(case: Case, say: Say) -> Result:
    """The same with capture and gateway: what is seen is seen by devices and pages."""
    with EdgeRig(case, "memory", "memory") as rig:
        say("services are up; opening sessions")
        window, session_ids = rig.opened()
        played, before, after = rig.play((), window, say)
        seen, refused = rig.seen()
    if refused:
        raise Unavailable(f"capture refused records of the load, {refused} times")
    return _result(case, stages(due_at_the_edges(session_ids, window), seen), played, before, after)


@contextmanager
def _servers(case: Case) -> Iterator[tuple[str, str]]:
    """Addresses of a bus and a live state; a fresh broker and Redis for each run, where none is named to us."""
    if case.bus == "memory":
        yield "memory", "memory"
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="affectloop-bench-", ignore_cleanup_errors=True)))
        broker = stack.enter_context(kafka_server(folder))
        if broker is None:
            raise Unavailable(REMEDY)
        bus = "kafka://" + (broker.bootstrap if isinstance(broker, KafkaServer) else broker)
        state = stack.enter_context(redis_server())
        open_bus(RuntimeSettings(bus=bus), SystemClock()).create(TOPICS)
        yield bus, state


@dataclass(slots=True)
class _Process:
    """A child and the way to talk to it."""

    name: str
    child: Any
    control: Connection

    def answer(self, limit_s: float = ANSWER_LIMIT_S) -> Any:
        """What it says next; a child that failed raises."""
        if not self.control.poll(limit_s):
            raise Unavailable(f"{self.name} did not answer within {limit_s:g} s")
        try:
            answer = self.control.recv()
        except EOFError as error:
            raise Unavailable(f"{self.name} has ended; what it said is above") from error
        if isinstance(answer, BaseException):
            raise Unavailable(f"{self.name} failed: {answer}") from answer
        return answer

    def ask(self, what: Any) -> Any:
        """Ask, and wait for the answer."""
        self.control.send(what)
        return self.answer()


@dataclass(frozen=True, slots=True)
class Usage:
    """What everything had used at one time: snapshots by process, CPU seconds by program, the machine's and the idle time."""

    at_s: float
    services: dict[str, Snapshot]
    cpu_s: dict[str, float]
    busy_s: float


class Rig:
    """The processes of one run. A context manager."""

    def __init__(self, case: Case, bus: str, state: str) -> None:
        self._case, self._bus, self._state = case, bus, state
        self._clock = SystemClock()
        self._stack = ExitStack()
        self._services: list[_Process] = []
        self._load: _Process | None = None
        self._records, self._results = spawning.Pipe(duplex=False), spawning.Pipe(duplex=False)

    def __enter__(self) -> Rig:
        """Start the services and wait until they are ready."""
        embedded = self._bus == "memory"
        groups: list[tuple[str, ...]] = [SERVICES] if embedded or self._case.together else [(name,) for name in SERVICES]
        for names in groups:
            ways = (self._records[0], self._results[1], results_of(self._case.topology)) if embedded else (None, None, ())
            wiring = Wiring(services=names, bus=self._bus, state=self._state, records=ways[0], results=ways[1], read=ways[2])
            self._services.append(self._start("services" if len(names) > 1 else names[0], serve, wiring))
        for service in self._services:
            service.answer(ANSWER_LIMIT_S * 4)
        return self

    def __exit__(self, *_: object) -> None:
        """Let all leave."""
        self._stack.close()

    def load(self, sessions: Sequence[Session], jpegs: Sequence[bytes]) -> Window:
        """Let the load make its records; gives when it starts."""
        case = self._case
        records = self._records[1] if self._bus == "memory" else None
        plan = Plan(
            topology=case.topology, sessions=sessions, warm_up_s=case.warm_up_s, seconds=case.seconds, bus=self._bus, records=records,
            jpegs=jpegs,
        )  # fmt: skip
        self._load = self._start("load", generate, plan)
        window: Window
        state, window = self._load.answer(MAKING_LIMIT_S)
        while state != "made":
            state, window = self._load.answer(MAKING_LIMIT_S)
        return window

    @contextmanager
    def reading(self) -> Iterator[list[Seen]]:
        """Collect what the services make, in this process."""
        seen: list[Seen] = []
        stop = threading.Event()
        if self._bus == "memory":
            target: Callable[[], None] = lambda: _receive(self._results[0], stop, seen.extend)  # noqa: E731
        else:
            tail = open_bus(RuntimeSettings(bus=self._bus), self._clock).tail(results_of(self._case.topology))
            target = lambda: read_on(tail, stop, seen.extend)  # noqa: E731
        thread = threading.Thread(target=target, name="reader", daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join(10)

    def play(self, sessions: Sequence[Session], window: Window, say: Say) -> tuple[Played, Usage, Usage]:
        """Make the sessions known, play, and take what was used within the measured time."""
        assert self._load is not None, "the load is made first"
        self._know(sessions)
        self._load.control.send("go")
        self._wait_until(window.measured_us, say, "warming up")
        before = self._usage()
        self._wait_until(window.ends_us, say, "measuring")
        after = self._usage()
        played: Played = self._load.answer(ANSWER_LIMIT_S * 2)
        self._clock.sleep(DRAIN_S)
        return played, before, after

    def _know(self, sessions: Sequence[Session]) -> None:
        if self._state == "memory":
            self._services[0].ask(list(sessions))
            return
        live: LiveState = open_live_state(RuntimeSettings(bus=self._bus, state=self._state))
        for session in sessions:
            live.put_session(session)

    def _usage(self) -> Usage:
        services = {service.name: service.ask("snapshot") for service in self._services}
        load = psutil.Process(self._load.child.pid) if self._load else psutil.Process()
        mine = {"load": _cpu_s(load), "measuring": _cpu_s(psutil.Process())}
        mine |= {name: used.cpu_s for name, used in services.items()}
        known = {service.child.pid for service in self._services} | {load.pid}
        for child in psutil.Process().children(recursive=True):
            if child.pid not in known and (name := _program(child)) is not None:
                mine[name] = mine.get(name, 0.0) + _cpu_s(child)
        times = psutil.cpu_times()
        return Usage(self._clock.monotonic_s(), services, mine, sum(times) - times.idle - getattr(times, "iowait", 0.0))

    def _wait_until(self, until_us: int, say: Say, what: str) -> None:
        """Wait, and notice a process that has died."""
        while (left_s := (until_us - self._clock.wall_us()) / MICROSECONDS) > 0:
            say(f"{what}, {left_s:.0f} s left")
            dead = [process.name for process in [*self._services, self._load] if process and not process.child.is_alive()]
            if dead:
                raise Unavailable(f"{', '.join(dead)} ended in the middle of the run")
            self._clock.sleep(min(left_s, 1.0))

    def _start(self, name: str, target: Callable[..., None], argument: Any) -> _Process:
        ours, theirs = spawning.Pipe()
        child = spawning.Process(target=target, args=(argument, theirs), name=name, daemon=True)
        child.start()
        theirs.close()
        process = _Process(name, child, ours)
        self._stack.callback(_end, process)
        return process


class EdgeRig(Rig):
    """The processes of a run with the edges: all services, and everything that is outside."""

    def __enter__(self) -> EdgeRig:
        """Start the services and wait until their doors are open."""
        self._services.append(self._start("services", serve_edges, None))
        self._door: Door = self._services[0].answer(ANSWER_LIMIT_S * 4)
        return self

    def opened(self) -> tuple[Window, list[str]]:
        """Open the sessions and make what devices send; gives when that starts, and the sessions' names."""
        case = self._case
        plan = Visit(door=self._door, learners=case.learners, warm_up_s=case.warm_up_s, seconds=case.seconds)
        self._load = self._start("load", visit, plan)
        _, made = self._load.answer(MAKING_LIMIT_S)
        window: Window
        window, session_ids = made
        return window, session_ids

    def seen(self) -> tuple[dict[tuple[str, str, int], int], int]:
        """What the pages were told and when, and how often capture refused something."""
        assert self._load is not None, "the load is made first"
        told: tuple[dict[tuple[str, str, int], int], int] = self._load.ask("seen")
        return told

    def _know(self, sessions: Sequence[Session]) -> None:
        """The gateway knows its sessions."""


def _end(process: _Process) -> None:
    """Ask to leave; a process that does not is ended."""
    try:
        process.control.send(None)
    except OSError:
        process.child.kill()
    process.child.join(30)
    if process.child.is_alive():
        process.child.kill()
        process.child.join()


def _receive(pipe: Connection, stop: threading.Event, take: Callable[[list[Seen]], None]) -> None:
    while not stop.is_set():
        if pipe.poll(0.1):
            take([Seen.of_flat(flat) for flat in marshal.loads(pipe.recv_bytes())])


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _program(process: psutil.Process) -> str | None:
    try:
        name = process.name()
    except psutil.Error:
        return None
    return {"java": "broker", "redis-server": "redis"}.get(name)


def _result(case: Case, seen: dict[str, Stage], played: Played, before: Usage, after: Usage) -> Result:
    took_s = after.at_s - before.at_s
    used = {name: after.cpu_s[name] - before.cpu_s.get(name, 0.0) for name in after.cpu_s}
    busy_s = after.busy_s - before.busy_s
    late = np.array(played.late_ms or [0.0])
    per_learner = 1000 / (took_s * case.learners)
    return Result(
        case=case,
        stages=seen,
        late_p99_ms=float(np.percentile(late, 99)),
        late_largest_ms=float(late.max()),
        records_per_s=len(played.late_ms) / case.seconds,
        megabytes_per_s=played.payload_mb / (case.seconds + case.warm_up_s),
        cpu_ms={name: seconds * per_learner for name, seconds in (used | _by_thread(before, after)).items()},
        peak_mb={name: used.peak_mb for name, used in after.services.items()},
        counters=_counted(before, after),
        machine_busy=busy_s / (took_s * (psutil.cpu_count() or 1)),
        others_cores=max(0.0, (busy_s - sum(used.values())) / took_s),
        load_average=psutil.getloadavg()[0],
    )


def first_seen(sessions: Sequence[Session], seen: Sequence[Seen]) -> Mapping[tuple[str, str, int], int]:
    """When each output was seen first, by stage, session and event time."""
    keys = {session.session_id: session.key for session in sessions}
    first: dict[tuple[str, str, int], int] = {}
    for each in seen:
        session_id = each.record.key.decode()
        if session_id in keys and each.record.topic in STAGE_OF_TOPIC:
            header = from_record(each.record, keys[session_id]).header
            first.setdefault((STAGE_OF_TOPIC[each.record.topic], session_id, header.event_time_us), each.at_us)
    return first


def _by_thread(before: Usage, after: Usage) -> dict[str, float]:
    """CPU seconds of each thread of a process that holds several services."""
    spent: dict[str, float] = {}
    for process, used in after.services.items():
        if process == "services":
            earlier = before.services[process].cpu_s_by_thread
            spent |= {f"services/{name}": cpu_s - earlier.get(name, 0.0) for name, cpu_s in used.cpu_s_by_thread.items()}
    return spent


def _counted(before: Usage, after: Usage) -> dict[str, float]:
    """What the services counted within the measured time."""
    total: dict[str, float] = {}
    for process, used in after.services.items():
        for name, value in used.counters.items():
            gained = value - before.services[process].counters.get(name, 0.0)
            if gained:
                total[name] = total.get(name, 0.0) + gained
    return total
