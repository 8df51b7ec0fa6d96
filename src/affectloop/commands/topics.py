"""``affectloop topics``: list, create, check, and read a session's records."""

from __future__ import annotations

import argparse
import json
import sys

from affectloop.bus import Bus, Record
from affectloop.cli import FAILED, Command
from affectloop.clock import SystemClock
from affectloop.codec import from_record, to_json
from affectloop.commands.run import settings_from
from affectloop.errors import AffectloopError, InvalidInput
from affectloop.runtime.service_runner import open_bus, open_live_state
from affectloop.session import Session
from affectloop.topics import TOPIC_BY_NAME, TOPICS

POLL_S = 0.5


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "create", "check", "tail"], help="what to do")
    parser.add_argument("session", nargs="?", help="tail: the session whose records to show; its key is read from live state")
    parser.add_argument("--topic", action="append", choices=sorted(TOPIC_BY_NAME), help="tail: only this topic (may be repeated)")
    parser.add_argument("--from-start", action="store_true", help="tail: from the oldest record on, not from now")
    parser.add_argument("--bus", help="kafka://host:port (default: AFFECTLOOP_RUNTIME__BUS)")
    parser.add_argument("--state", help="redis://host:port/0 (default: AFFECTLOOP_RUNTIME__STATE)")


def _run(chosen: argparse.Namespace) -> int:
    if chosen.action == "list":
        for topic in TOPICS:
            print(f"{topic.name:28} {topic.event.__name__:18} {topic.privacy:8} kept {topic.retention_s:>8} s  {topic.rate}")
        return 0
    runtime = settings_from(chosen)
    bus = open_bus(runtime, SystemClock())
    if chosen.action == "create":
        created = bus.create(TOPICS)
        print("\n".join(f"created {name}" for name in created) or "every topic was there")
    if chosen.action in ("create", "check"):
        differences = bus.differences(TOPICS)
        print("\n".join(differences) or "every topic is as declared", file=sys.stderr if differences else sys.stdout)
        return FAILED if differences else 0
    if not chosen.session:
        raise InvalidInput("tail needs a session's name: affectloop topics tail SESSION")
    session = open_live_state(runtime).session(chosen.session)
    if session is None:
        raise InvalidInput(f"live state does not know session {chosen.session}, so its records cannot be opened: they are sealed")
    return _tail(bus, session, chosen.topic or [topic.name for topic in TOPICS], from_start=chosen.from_start)


def _tail(bus: Bus, session: Session, topics: list[str], *, from_start: bool) -> int:
    tail = bus.tail(topics, from_start=from_start)
    try:
        while True:
            for record in tail.poll(POLL_S, 100):
                if record.key == session.session_id.encode():
                    print(json.dumps(_shown(record, session)), flush=True)
    finally:
        tail.close()


def _shown(record: Record, session: Session) -> dict[str, object]:
    """A record as a line: its event, or why it does not open."""
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    try:
        return {**place, "event": to_json(from_record(record, session.key))}
    except AffectloopError as error:
        return {**place, "problem": str(error)}


COMMAND = Command(
    summary="list, create and check topics; show a session's records",
    description=(
        "Work on the bus's topics: what is declared, whether the broker has it so, and what a session's records say.\n\n"
        "  affectloop topics list                         what is declared\n"
        "  affectloop topics create --bus kafka://...     create what is missing, then check\n"
        "  affectloop topics check --bus kafka://...      name every topic that differs from its declaration (exit code 1)\n"
        "  affectloop topics tail SESSION --bus ... --state redis://...   a session's records as JSON lines; opens only with its key\n"
    ),
    arguments=_arguments,
    run=_run,
)
