"""``affectloop demo``: everything in one process, a recorded or a real learner, a simulated one who answers, a page to watch."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from affectloop.cli import Command
from affectloop.clock import SystemClock
from affectloop.errors import InvalidInput, Unavailable
from affectloop.report import write_report
from affectloop.runtime.service import installed
from affectloop.runtime.service_runner import ServiceRunner, open_bus, open_live_state
from affectloop.session import Session
from affectloop.settings import RuntimeSettings
from affectloop.store.sql.bootstrap import Bootstrapped, bootstrap
from affectloop.store.sql.database import Store
from affectloop.synthetic.learner import SimulatedLearner, Traits
from affectloop.telemetry.logs import log_as_json
from affectloop.topics import TOPIC_BY_NAME
from affectloop_capture.admission.consent_gate import ConsentGate
from affectloop_capture.playback.live import stream_devices
from affectloop_capture.playback.merge import MergedSource, merge
from affectloop_capture.playback.publish import Hooks, Progress, play
from affectloop_capture.sources.base import Device
from affectloop_capture.sources.devices.microphone import Microphone
from affectloop_capture.sources.devices.webcam import Webcam
from affectloop_commands.gateway_client import GatewayClient
from affectloop_commands.inputs import DEMO, add_reading, offsets_of, open_inputs
from affectloop_commands.session_results import SessionResults
from affectloop_commands.simulated_client import practise

PROFILE = "demo"
PORT = 8080
FOLDER = Path("var/demo")
LEARNER = Traits(ability=0.4, gain=0.8, pace=25.0, face_spread=0.3, proneness=1.0)  # practises with success, minds misses
SEED = 7
RESULTS_S = 15.0  # what is still on its way when the play ends is there well within this


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="play these instead of the recorded learner (as replay does)")
    add_reading(parser)
    parser.add_argument("--camera", type=int, metavar="N", help="read camera N of this machine instead of a recording")
    parser.add_argument("--microphone", action="store_true", help="read this machine's microphone, too")
    parser.add_argument("--port", type=int, default=PORT, help=f"port of the page (default {PORT}, or a free one where that is taken)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--duration", type=float, metavar="S", help="end after this many seconds")
    parser.add_argument("--speed", type=float, default=1.0, help="of the recording (default 1: real time)")
    parser.add_argument("--exit", action="store_true", help="leave when the report is written, instead of serving on")
    parser.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help=f"database and report (default {FOLDER}/)")


def _run(chosen: argparse.Namespace) -> int:
    if chosen.camera is not None and chosen.files:
        raise InvalidInput("choose: a camera, or files")
    chosen.output.mkdir(parents=True, exist_ok=True)
    with (chosen.output / "log.jsonl").open("w") as log:
        log_as_json(stream=log)
        return _demonstrate(chosen)


def _demonstrate(chosen: argparse.Namespace) -> int:
    clock = SystemClock()
    runtime = RuntimeSettings(bus="memory", state="memory")
    bus, live, port = open_bus(runtime, clock), open_live_state(runtime), free_port(chosen.port)
    database = f"sqlite:///{chosen.output / 'demo.db'}"
    say(1, "starting seven services in this process, on a bus in memory")
    with ServiceRunner(_services(port, database), runtime, bus, live, clock) as runner:
        runner.wait_until_ready()
        address = f"http://127.0.0.1:{port}"
        say(2, f"they serve at {address}; opening a session for a simulated learner who consented to all of it")
        start = _bootstrap(database)
        gateway = GatewayClient(address, start.admin_token)
        streams = _devices(chosen, runner, runtime)
        asked = {"learner_id": start.learner_id, **streams.asked}
        session_id = gateway.post("/v1/sessions", asked)["session_id"]
        page = f"{address}/live/{session_id}#token={start.admin_token}"
        say(3, f"watch: {page}\n      {streams.description}")
        if not chosen.no_browser:
            webbrowser.open(page)
        session = live.session(session_id)
        assert session is not None, "the gateway opens a session before it answers"
        events = _session(streams, session, gateway, runner, chosen)
        say(4, f"report: {write_report(chosen.output / 'report', events, session, notes=streams.notes)}")
        if not chosen.exit:
            print("      still serving; Ctrl-C ends it", flush=True)
            runner.stopping.wait()
    return 0


class _Recorded:
    """Files play the learner."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing of the files or was assumed."""
        return self._merged.notes

    def __init__(self, merged: MergedSource, speed: float) -> None:
        self.description = "\n".join([merged.description, *merged.notes]).replace("\n", "\n      ")
        self.asked = asked(merged.streams)
        self._merged, self._speed = merged, speed

    def run(self, session: Session, runner: ServiceRunner, stop: threading.Event) -> None:
        """Play to the end, or until ``stop``."""
        producer = runner.bus.producer(durable=True)
        now = self._merged.moved_to(runner.clock.wall_us())
        hooks = Hooks(gate=ConsentGate(runner.live.session, runner.clock), progress=_progress, should_stop=stop.is_set)
        play(now, session, producer, runner.clock, speed=self._speed, hooks=hooks)
        producer.close()


class _Devices:
    """A person in front of this machine's devices."""

    notes: tuple[str, ...] = ()

    def __init__(self, devices: Sequence[Device], seconds: float | None) -> None:
        self.description = f"capturing {', '.join(device.stream.stream_id for device in devices)}; Ctrl-C stops"
        self.asked = asked([device.stream for device in devices])
        self._devices, self._seconds = devices, seconds

    def run(self, session: Session, runner: ServiceRunner, stop: threading.Event) -> None:
        """Capture until ``stop``, or for as long as was asked."""
        ender = threading.Thread(target=self._end, args=(stop,), daemon=True)
        ender.start()
        producer = runner.bus.producer(durable=False)
        stream_devices(self._devices, session.session_id, producer, ConsentGate(runner.live.session, runner.clock))
        producer.close()

    def _end(self, stop: threading.Event) -> None:
        stop.wait(self._seconds)
        for device in self._devices:
            device.stop()


def _devices(chosen: argparse.Namespace, runner: ServiceRunner, runtime: RuntimeSettings) -> _Recorded | _Devices:
    if chosen.camera is not None or chosen.microphone:
        devices: list[Device] = [] if chosen.camera is None else [Webcam(chosen.camera, runner.clock)]
        return _Devices([*devices, Microphone(runner.clock)] if chosen.microphone else devices, chosen.duration)
    files = chosen.files or [Path(DEMO)]
    merged = merge(
        open_inputs(files, salvage=chosen.salvage),
        duration_s=chosen.duration,
        offsets_s=offsets_of(chosen.offset, files),
        longest_us=runtime.longest_session_us,
        now_us=runner.clock.wall_us(),
    )
    return _Recorded(merged, chosen.speed)


def asked(streams: Sequence[Any]) -> dict[str, Any]:
    """What a session's start asks for these streams."""
    modalities = sorted({str(TOPIC_BY_NAME[stream.topic].event.modality) for stream in streams})
    return {"modalities": modalities, "streams": [{"topic": stream.topic, "stream_id": stream.stream_id} for stream in streams]}


def _session(
    streams: _Recorded | _Devices, session: Session, gateway: GatewayClient, runner: ServiceRunner, chosen: argparse.Namespace
) -> list[Any]:
    """Sensing and practice side by side, to the end; gives what the services made of it."""
    results, stop = SessionResults(runner.bus, session, from_start=True), threading.Event()
    learner = SimulatedLearner(SEED, LEARNER)
    practice = threading.Thread(target=practise, args=(gateway, session.session_id, learner, runner.clock, stop), daemon=True)
    practice.start()
    try:
        with _stopping(runner, stop):
            streams.run(session, runner, stop)
    except KeyboardInterrupt:
        print("\n      ending the session", flush=True)
    finally:
        stop.set()
        practice.join(RESULTS_S)
    print(flush=True)
    gateway.post(f"/v1/sessions/{session.session_id}/end")
    until_s = runner.clock.monotonic_s() + RESULTS_S
    while not results.complete and runner.clock.monotonic_s() < until_s:
        runner.clock.sleep(0.1)
    results.close()
    return results.events


@contextlib.contextmanager
def _stopping(runner: ServiceRunner, stop: threading.Event) -> Iterator[None]:
    """A service that fails ends the session, too."""

    def watch() -> None:
        runner.stopping.wait()
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    yield
    if runner.failure is not None:
        raise Unavailable(f"a service failed: {runner.failure}") from runner.failure


def _services(port: int, database: str) -> list[tuple[Any, Any]]:
    own: dict[str, dict[str, Any]] = {"gateway": {"port": port, "database": database}, "capture": {"port": 0}}
    return [(service, service.settings(**own.get(name, {}))) for name, service in installed().items()]


def _bootstrap(database: str) -> Bootstrapped:
    store = Store.open(database)
    try:
        return bootstrap(store, profile_name=PROFILE)
    finally:
        store.close()


def free_port(wanted: int) -> int:
    """The port, or a free one where it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise Unavailable("no port of this machine is free")


def say(step: int, what: str) -> None:
    """Tell where the demonstration is."""
    print(f"  {step}/4 {what}", flush=True)


def _progress(progress: Progress) -> None:
    if sys.stdout.isatty() or os.environ.get("AFFECTLOOP_PROGRESS"):
        print(f"\r      {progress.played_s:5.1f} of {progress.of_s:.1f} s", end="", flush=True)


COMMAND = Command(
    summary="everything in one process, with a learner to watch",
    description=(
        "Start all seven services in this process, play a recorded learner (synthetic, the project's own) while a simulated one answers\n"
        "trials, show the live view, and write the session's report.\n\n"
        "  affectloop demo                       the recorded learner, about 90 seconds\n"
        "  affectloop demo --camera 0 --microphone   your own face and voice; nothing is stored\n"
        "  affectloop demo face.mp4 S05_E4.zip   your own files\n"
    ),
    arguments=_arguments,
    run=_run,
)
