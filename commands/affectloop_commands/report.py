"""``affectloop report``: the report of a recorded session, or of one that the topics still hold."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from affectloop.bus import Bus
from affectloop.cli import Command
from affectloop.clock import SystemClock
from affectloop.codec import from_record
from affectloop.commands.run import settings_from
from affectloop.errors import InvalidInput
from affectloop.events import Event
from affectloop.recording import Recording
from affectloop.report import write_report
from affectloop.runtime.service_runner import open_bus, open_live_state
from affectloop.session import Session
from affectloop_commands.session_results import RESULTS

QUIET_S = 2.0  # a tail that brings nothing for this long has been read to its end


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", help="a session's name, or a file that 'affectloop record' wrote")
    parser.add_argument("--output", type=Path, default=Path("report"), metavar="DIR", help="where to write it (default: report/)")
    parser.add_argument("--bus", help="kafka://host:port (default: AFFECTLOOP_RUNTIME__BUS)")
    parser.add_argument("--state", help="redis://host:port/0 (default: AFFECTLOOP_RUNTIME__STATE)")


def _run(chosen: argparse.Namespace) -> int:
    path = Path(chosen.session)
    if path.exists():
        recording = Recording(path)
        session = recording.session()
        events = [event for stream in recording.streams if stream.topic in _results() for event in recording.events(stream)]
        remedy = "record the result topics too, or replay it: affectloop replay FILE --report DIR"
    else:
        runtime = settings_from(chosen)
        found = open_live_state(runtime).session(chosen.session)
        if found is None:
            raise InvalidInput(f"{chosen.session} is neither a file nor a session that live state knows; its records are sealed without it")
        session = found
        events = list(_held(open_bus(runtime, SystemClock()), session))
        remedy = "the topics keep results for an hour: record the session while it runs"
    if not events:
        raise InvalidInput(f"{chosen.session}: there are no results to report; {remedy}")
    print(write_report(chosen.output, events, session))
    return 0


def _results() -> set[str]:
    return {topic.name for topic in RESULTS}


def _held(bus: Bus, session: Session) -> Iterator[Event]:
    """The session's results that the topics still hold."""
    tail = bus.tail(sorted(_results()), from_start=True)
    while records := tail.poll(QUIET_S, 1000):
        yield from (from_record(record, session.key) for record in records if record.key == session.session_id.encode())
    tail.close()


COMMAND = Command(
    summary="write a session's report",
    description=(
        "Write report.html, report.json and estimates.jsonl of a session.\n\n"
        "  affectloop report session.affectloop --output out/\n"
        "  affectloop report 7f3a12 --bus kafka://localhost:9092 --state redis://localhost:6379/0\n"
    ),
    arguments=_arguments,
    run=_run,
)
