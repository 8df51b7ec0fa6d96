"""``affectloop record``: a running session into one file, sealed as it is on the bus."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from affectloop.bus import Bus, Record
from affectloop.cli import Command
from affectloop.clock import SystemClock
from affectloop.codec import from_record
from affectloop.commands.run import settings_from
from affectloop.errors import InvalidInput, InvalidMessage
from affectloop.recording import RecordingWriter, key_path
from affectloop.runtime.service_runner import open_bus, open_live_state
from affectloop.session import Session, Stream
from affectloop.topics import TOPICS

POLL_S = 0.2
# Faces and voices are never kept: what the services made of them is recorded, and plays the same session again.
RECORDED = tuple(topic for topic in TOPICS if topic.recorded)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", help="the session's name; it must be in live state")
    parser.add_argument("file", type=Path, help="where to write it, for example session.affectloop; the key goes to FILE.key")
    parser.add_argument("--from-start", action="store_true", help="take in what the topics still hold, too")
    parser.add_argument("--bus", help="kafka://host:port (default: AFFECTLOOP_RUNTIME__BUS)")
    parser.add_argument("--state", help="redis://host:port/0 (default: AFFECTLOOP_RUNTIME__STATE)")


def _run(chosen: argparse.Namespace) -> int:
    runtime = settings_from(chosen)
    if runtime.bus == "memory" or runtime.state == "memory":
        raise InvalidInput("a session in another process is recorded over --bus kafka://... and --state redis://...")
    session = open_live_state(runtime).session(chosen.session)
    if session is None:
        raise InvalidInput(f"live state does not know session {chosen.session}: check the name and --state")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    count = record(session, open_bus(runtime, SystemClock()), chosen.file, stop, from_start=chosen.from_start)
    print(f"{count} records in {chosen.file}; its key is in {key_path(chosen.file)}: keep them apart")
    return 0


def record(session: Session, bus: Bus, path: Path, stop: threading.Event, *, from_start: bool) -> int:
    """Write the session's records, not pictures and sound, until every declared stream has ended or ``stop`` is set; gives how many."""
    names = [topic.name for topic in RECORDED]
    tail = bus.tail(names, from_start=from_start)
    awaited, count = {stream for stream in session.streams if stream.topic in names}, 0
    try:
        with RecordingWriter(path, session) as writer:
            while awaited and not stop.is_set():
                records = [record for record in tail.poll(POLL_S, 500) if record.key == session.session_id.encode()]
                count += writer.write(records)
                for taken in records:
                    awaited -= _ended(taken, session)
                if sys.stderr.isatty():
                    print(f"\r{count} records", end="", file=sys.stderr, flush=True)
    finally:
        tail.close()
    return count


def _ended(taken: Record, session: Session) -> set[Stream]:
    try:
        header = from_record(taken, session.key).header
    except InvalidMessage:
        return set()  # kept as it came; a reader will name it
    return {Stream(taken.topic, header.stream_id)} if header.ends_stream else set()


COMMAND = Command(
    summary="record a running session into one file",
    description=(
        "Record a session's records, as they are on the bus, into one file. Payloads stay sealed; the key goes into a file beside it.\n"
        "Pictures and sound are left out: what was derived from them is there, and plays the session again.\n\n"
        "  affectloop record 7f3a12 session.affectloop --bus kafka://localhost:9092 --state redis://localhost:6379/0\n"
        "  affectloop replay session.affectloop --report out/\n"
    ),
    arguments=_arguments,
    run=_run,
)
