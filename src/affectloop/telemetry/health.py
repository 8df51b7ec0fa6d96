"""/health/live, /health/ready and /metrics of a process: one small server, the same for every service."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from affectloop.clock import Clock
from affectloop.errors import Unavailable

TURN_LIMIT_S = 5.0  # a loop that has not turned for this long hangs; a broker that is away does not stop it from turning


class Health:
    """What each loop of a process last said of itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turned_s: dict[str, float] = {}
        self._ready: set[str] = set()
        self._expected: set[str] = set()

    def expect(self, name: str) -> Callable[[], None]:
        """A loop that must be ready; gives what it calls once a turn. Its first turn makes it ready."""
        self._expected.add(name)

        def turned() -> None:
            self._turned_s[name] = self._clock.monotonic_s()
            self._ready.add(name)

        return turned

    def ready_once(self, name: str) -> Callable[[], None]:
        """An edge that must be ready; gives what it calls when it serves."""
        self._expected.add(name)
        return lambda: self._ready.add(name)

    @property
    def late(self) -> list[str]:
        """Loops that have not turned for too long."""
        now_s = self._clock.monotonic_s()
        return sorted(name for name, turned_s in self._turned_s.items() if now_s > turned_s + TURN_LIMIT_S)

    @property
    def missing(self) -> list[str]:
        """What is not ready yet."""
        return sorted(self._expected - self._ready)


def serve_health(health: Health, host: str, port: int) -> ThreadingHTTPServer:
    """Serve in a thread of its own; ``shutdown()`` of what it gives ends it. ``Unavailable`` where the port is taken."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif self.path == "/health/live":
                self._judge({"late": health.late})
            elif self.path == "/health/ready":
                self._judge({"late": health.late, "missing": health.missing})
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
        server = ThreadingHTTPServer((host, port), Answers)
    except OSError as error:
        raise Unavailable(f"health cannot listen on {host}:{port} ({error.strerror}); give --health-port a free one") from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
