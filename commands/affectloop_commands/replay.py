"""``affectloop replay``: recordings as one learner, through the same services as a live session, to a report."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from affectloop.bus import Bus
from affectloop.bus.memory import MemoryBus
from affectloop.cli import FAILED, Command
from affectloop.clock import MICROSECONDS, Clock, SystemClock
from affectloop.commands.run import settings_from
from affectloop.errors import InvalidInput, Unavailable
from affectloop.report import write_report
from affectloop.runtime.service import makers, need_makers, processors
from affectloop.runtime.service_runner import ServiceRunner, open_bus, open_live_state
from affectloop.session import Mode, Session, new_session
from affectloop.store.live import LiveState
from affectloop.topics import TOPIC_BY_NAME, TOPICS
from affectloop_capture.playback.merge import CHUNK_MS, MergedSource, merge
from affectloop_capture.playback.publish import Hooks, Played, Progress, play
from affectloop_commands.inputs import HELP, add_reading, offsets_of, open_inputs
from affectloop_commands.session_results import SessionResults

AHEAD_US = 60 * MICROSECONDS  # a play at full speed runs at most this far ahead of the services: raw topics keep a minute
SILENT_LIMIT_S = 120.0  # nothing new for this long after the play: the services are gone, or one failed
QUIET_S = 10.0  # nothing new for this long: it says what it waits for
RESEARCH = "research"  # who replays a file of their own states that its person agreed


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``replay``."""
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help=HELP,
    )
    parser.add_argument("--bus", help="memory (default), or kafka://host:port")
    parser.add_argument("--state", help="memory (default), or redis://host:port/0")
    parser.add_argument("--attach", action="store_true", help="the services run elsewhere on this bus and state: only play and collect")
    parser.add_argument("--speed", default="max", choices=["max", "1"], help="as fast as it goes (default), or real time")
    parser.add_argument("--chunk-ms", type=float, default=CHUNK_MS, help=f"length of the chunks of signals and sound (default {CHUNK_MS})")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="begin this many seconds into the files")
    parser.add_argument("--duration", type=float, metavar="S", help="play only this many seconds")
    add_reading(parser)
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html, report.json and estimates.jsonl there")


def run(chosen: argparse.Namespace) -> int:
    """Replay, and write the report."""
    runtime, clock = settings_from(chosen), SystemClock()
    merged = merge(
        open_inputs(chosen.files, salvage=chosen.salvage),
        chunk_ms=chosen.chunk_ms,
        start_s=chosen.start,
        duration_s=chosen.duration,
        offsets_s=offsets_of(chosen.offset, chosen.files),
        longest_us=runtime.longest_session_us,
        now_us=clock.wall_us(),
    )
    print(merged.description, *merged.notes, sep="\n", file=sys.stderr)
    told = set(merged.notes)
    if chosen.attach and (runtime.bus == "memory" or runtime.state == "memory"):
        raise InvalidInput("--attach needs a bus and a state that the services share: give --bus kafka://... and --state redis://...")
    bus, live = open_bus(runtime, clock), open_live_state(runtime)
    if not isinstance(bus, MemoryBus):
        bus.create(TOPICS)
    session = session_of(merged)
    need_makers(session, merged.streams, processors())
    with ExitStack() as stack:
        if not chosen.attach:
            services = [(service, service.settings()) for service in processors()]
            stack.enter_context(runner := ServiceRunner(services, runtime, bus, live, clock))
            runner.wait_until_ready()
        results = replay(merged, session, bus, live, clock, speed=None if chosen.speed == "max" else 1.0)
    print(f"{len(results.events)} results collected", *results.notes, sep="\n", file=sys.stderr)
    for note in merged.notes:
        if note not in told:
            print(note, file=sys.stderr)
    if chosen.report is not None:
        print(write_report(chosen.report, results.events, session, notes=(*merged.notes, *results.notes)))
    return FAILED if results.notes else 0


def session_of(merged: MergedSource) -> Session:
    """The session of a replay: it waits for every stream that the files bring."""
    modalities = {TOPIC_BY_NAME[stream.topic].event.modality for stream in merged.streams}
    return new_session(
        mode=Mode.REPLAY,
        captured=merged.streams,
        consented=frozenset(modality for modality in modalities if modality is not None),
        profile=RESEARCH,
        emotion_inference=True,
        started_at_us=merged.started_at_us,
    )


def replay(merged: MergedSource, session: Session, bus: Bus, live: LiveState, clock: Clock, *, speed: float | None) -> SessionResults:
    """Play the files into the session and collect what the services make of them, to the end."""
    live.put_session(session)
    results = SessionResults(bus, session)
    producer = bus.producer(durable=True)
    stop = threading.Event()
    try:
        hooks = Hooks(
            progress=_show,
            should_stop=stop.is_set,
            hold=_Lead(results, clock).is_long if speed is None else lambda came_until_us: False,
        )
        played = play(merged, session, producer, clock, speed=speed, hooks=hooks)
        _wait_for(results, clock)
    finally:
        stop.set()
        producer.close()
        results.close()
    _tell(played)
    return results


class _Lead:
    """How far a play is ahead of the services; services from which nothing comes any more end it."""

    def __init__(self, results: SessionResults, clock: Clock) -> None:
        self._results, self._clock = results, clock
        self._count, self._since_s = -1, clock.monotonic_s()
        self._told = False

    def is_long(self, came_until_us: int) -> bool:
        """Whether the play is to wait for the services; raises ``Unavailable`` when they are silent meanwhile."""
        if came_until_us <= self._results.reached_us + AHEAD_US:
            self._count = -1
            return False
        self.check()
        return True

    def check(self) -> None:
        """Call while waiting."""
        if len(self._results.events) != self._count:
            self._count, self._since_s = len(self._results.events), self._clock.monotonic_s()
            self._told = False
        silent_s = self._clock.monotonic_s() - self._since_s
        if silent_s > SILENT_LIMIT_S:
            raise Unavailable(f"nothing came for {SILENT_LIMIT_S:g} s while waiting for {self._waited_for()}: are the services up?")
        if silent_s > QUIET_S and not self._told:
            self._told = True
            print(f"\nnothing came for {QUIET_S:g} s: waiting for {self._waited_for()}", file=sys.stderr)

    def _waited_for(self) -> str:
        services = processors()
        waits = [(f"{stream.stream_id} ({stream.topic}", makers(stream, services)) for stream in self._results.waits_for]
        return ", ".join(f"{name}, made by {' or '.join(made_by) or 'nobody here'})" for name, made_by in waits)


def _wait_for(results: SessionResults, clock: Clock) -> None:
    """Until the last estimate is there, or nothing comes any more."""
    lead = _Lead(results, clock)
    while not results.complete:
        lead.check()
        clock.sleep(0.05)


def _show(progress: Progress) -> None:
    if sys.stderr.isatty():
        print(
            f"\r{progress.played_s:8.1f} of {progress.of_s:.1f} s played, {progress.records} records", end="", file=sys.stderr, flush=True
        )


def _tell(played: Played) -> None:
    late = "" if played.lateness_p95_s is None else f", 95 % at most {played.lateness_p95_s * 1000:.0f} ms late"
    print(f"\n{played.records} records, {played.payload_bytes / 1e6:.1f} MB, {played.took_s:.1f} s{late}", file=sys.stderr)


COMMAND = Command(
    summary="play files as one learner and report",
    description=(
        "Play recordings as one learner through the same services as a live session, and write a report.\n\n"
        "  affectloop replay face.mp4 S05_E4.zip voice.wav --report out/\n"
        "  affectloop replay session.affectloop --bus kafka://localhost:9092 --speed 1 --chunk-ms 50 --report out/\n\n"
        "Files start by their own clocks, those without one with the first; what was assumed is said, and --offset changes it.\n"
        "Speed, chunk length and bus change nothing in the estimates.\n"
        "The files must be yours to process: whoever replays them states that the person recorded agreed."
    ),
    arguments=arguments,
    run=run,
)
