"""``affectloop doctor``: what works here, and what to do about the rest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

from affectloop.cli import FAILED, Command
from affectloop.clock import SystemClock
from affectloop.commands.run import settings_from
from affectloop.errors import AffectloopError
from affectloop.models import PLACES, checked, config
from affectloop.runtime.service import Service, installed, load
from affectloop.runtime.service_runner import open_bus, open_live_state
from affectloop.settings import RuntimeSettings
from affectloop.topics import TOPICS

Check = tuple[str, Callable[[], str]]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bus", help="memory, or kafka://host:port (default: AFFECTLOOP_RUNTIME__BUS, else memory)")
    parser.add_argument("--state", help="memory, or redis://host:port/0 (default: AFFECTLOOP_RUNTIME__STATE, else memory)")


def _run(chosen: argparse.Namespace) -> int:
    failed = 0
    for name, check in _checks(settings_from(chosen)):
        try:
            found, mark = check(), "ok  "
        except (AffectloopError, OSError, ValueError, ImportError) as error:
            found, mark, failed = str(error), "FAIL", failed + 1
        print(f"{mark} {name}: {found}", flush=True)
    print("everything works" if not failed else f"{failed} checks failed", file=sys.stderr if failed else sys.stdout)
    return FAILED if failed else 0


def _checks(runtime: RuntimeSettings) -> Iterator[Check]:
    yield "python", lambda: sys.version.split()[0]
    for name in installed():
        yield f"service {name}", lambda name=name: _service(name)  # type: ignore[misc]
    for folder in sorted({path.parent for place in PLACES for path in place.glob("*/config.json")}):
        yield f"model {folder.name}", lambda folder=folder: _model(folder.name)  # type: ignore[misc]
    yield f"bus {runtime.bus}", lambda: _bus(runtime)
    yield f"live state {runtime.state}", lambda: f"{len(open_live_state(runtime).sessions())} sessions"


def _service(name: str) -> str:
    service = load(name)
    settings = service.settings()
    if isinstance(service, Service):
        for make in (service.prepare, service.complete):
            if make is not None:
                make(settings)
    return "loads, settings are valid"


def _model(name: str) -> str:
    files = config(name)["sha256"]
    for file in files:
        checked(name, file)
    return f"{len(files)} files are what the card says"


def _bus(runtime: RuntimeSettings) -> str:
    differences = open_bus(runtime, SystemClock()).differences(TOPICS)
    if differences:
        raise ValueError("; ".join(differences))
    return "every topic is as declared"


COMMAND = Command(
    summary="check this installation: services, models, bus, live state",
    description=(
        "Check everything that a session needs, one line each; exit code 1 if something is missing, with what to do about it.\n\n"
        "  affectloop doctor                                          services, models, settings\n"
        "  affectloop doctor --bus kafka://localhost:9092 --state redis://localhost:6379/0   the broker, its topics and Redis, too\n"
    ),
    arguments=_arguments,
    run=_run,
)
