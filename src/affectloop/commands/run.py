"""``affectloop run``: serve."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from types import FrameType

from affectloop.cli import FAILED, INTERRUPTED, Command
from affectloop.clock import SystemClock
from affectloop.runtime.service import installed, load
from affectloop.runtime.service_runner import ServiceRunner, open_bus, open_live_state
from affectloop.settings import RuntimeSettings
from affectloop.telemetry.health import serve_health
from affectloop.telemetry.logs import log_as_json

logger = logging.getLogger(__name__)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="names of services; all of them when none is given")
    parser.add_argument("--bus", help="memory, or kafka://host:port (default: AFFECTLOOP_RUNTIME__BUS, else memory)")
    parser.add_argument("--state", help="memory, or redis://host:port/0 (default: AFFECTLOOP_RUNTIME__STATE, else memory)")
    parser.add_argument("--health-port", type=int, help="port of /health/live, /health/ready and /metrics; 0 for none")


def settings_from(chosen: argparse.Namespace) -> RuntimeSettings:
    """The runtime's settings: what is given on the command line goes before the environment."""
    given = {name: getattr(chosen, name, None) for name in ("bus", "state", "health_port")}
    return RuntimeSettings(**{name: value for name, value in given.items() if value is not None})


def _run(chosen: argparse.Namespace) -> int:
    log_as_json()
    runtime, clock = settings_from(chosen), SystemClock()
    names = chosen.services or os.environ.get("AFFECTLOOP_SERVICE", "").split() or sorted(installed())
    services = [(service, service.settings()) for service in map(load, names)]
    with ServiceRunner(services, runtime, open_bus(runtime, clock), open_live_state(runtime), clock) as runner:
        signals: list[int] = []

        def leave(number: int, _: FrameType | None) -> None:
            if signals:
                sys.exit(INTERRUPTED)
            signals.append(number)
            runner.stopping.set()

        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
        health = serve_health(runner.health, runtime.health_host, runtime.health_port) if runtime.health_port else None
        runner.stopping.wait()
        if health is not None:
            health.shutdown()
    return FAILED if runner.failure is not None else 0


COMMAND = Command(
    summary="run services until told to stop",
    description=(
        "Run services in this process until SIGTERM or Ctrl-C; each then finishes its turn, publishes, acknowledges and leaves.\n\n"
        "  affectloop run                                             all seven, embedded: memory bus, nothing to install\n"
        "  affectloop run face --bus kafka://broker:9092 --state redis://redis:6379/0 --health-port 9100\n"
    ),
    arguments=_arguments,
    run=_run,
)
