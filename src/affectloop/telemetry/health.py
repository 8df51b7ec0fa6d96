"""/health/live, /health/ready and /metrics of a process: one small server on a port of its own, the same for every service."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from affectloop.clock import Clock
from affectloop.errors import Unavailable

TURN_LIMIT_S = 5.0  # a loop that has not turned for this long hangs; a broker that is away does not stop it from turning
FIRST_TURN_LIMIT_S = 60.0  # until its first turn a loop may also wait for a broker and join its group
ASKING_LIMIT_S = 5.0  # who asks and does not finish asking is let go
MOST_ASKING = 16  # at the same time, since each holds a thread


class Health:
    """What each loop of a process last said of itself, and what else must be there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_s: dict[str, float] = {}  # by when each loop must have turned again
        self._ready: set[str] = set()
        self._expected: set[str] = set()
        self._checks: list[Callable[[], list[str]]] = []

    def expect(self, name: str) -> Callable[[], None]:
        """A loop that must be ready; gives what it calls once a turn. Its first turn makes it ready."""
        ready, turned = self.ready_once(name), self.turns(name)

        def both() -> None:
            turned()
            ready()

        return both

    def ready_once(self, name: str) -> Callable[[], None]:
        """An edge that must be ready; gives what it calls when it serves."""
        self._expected.add(name)
        return lambda: self._ready.add(name)

    def turns(self, name: str) -> Callable[[], None]:
        """A loop that must go on turning, its first turn included; gives what it calls once a turn."""
        self._until_s[name] = self._clock.monotonic_s() + FIRST_TURN_LIMIT_S

        def turned() -> None:
            self._until_s[name] = self._clock.monotonic_s() + TURN_LIMIT_S

        return turned

    def check(self, missing: Callable[[], list[str]]) -> None:
        """Something that is asked whenever readiness is: gives what it lacks."""
        self._checks.append(missing)

    @property
    def late(self) -> list[str]:
        """Loops that have not turned for too long."""
        now_s = self._clock.monotonic_s()
        return sorted(name for name, until_s in list(self._until_s.items()) if now_s > until_s)

    @property
    def missing(self) -> list[str]:
        """What is not ready yet."""
        return sorted(self._expected - self._ready)

    @property
    def lacking(self) -> list[str]:
        """What is not ready yet, and what is not there now."""
        return self.missing + [name for check in list(self._checks) for name in check()]


class _Server(ThreadingHTTPServer):
    """Answers a bounded number at the same time; whoever comes beyond it is hung up on."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], answers: type[BaseHTTPRequestHandler]) -> None:
        self._room = threading.BoundedSemaphore(MOST_ASKING)
        super().__init__(address, answers)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody who hangs up in the middle is not worth a line."""


def serve_health(health: Health, host: str, port: int) -> ThreadingHTTPServer:
    """Serve in a thread of its own; ``shutdown()`` of what it gives ends it. ``Unavailable`` where the port is taken."""

    class Answers(BaseHTTPRequestHandler):
        timeout = ASKING_LIMIT_S

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif self.path == "/health/live":
                self._judge({"late": health.late})
            elif self.path == "/health/ready":
                self._judge({"late": health.late, "missing": health.lacking})
            else:
                self._answer(404, b"there are /health/live, /health/ready and /metrics\n", "text/plain")

        def _judge(self, faults: dict[str, list[str]]) -> None:
            status = 503 if any(faults.values()) else 200
            self._answer(status, json.dumps(faults).encode(), "application/json")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Probes every few seconds are not worth a line."""

    try:
        server = _Server((host, port), Answers)
    except OSError as error:
        raise Unavailable(f"health cannot listen on {host}:{port} ({error.strerror}); give --health-port a free one") from error
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
