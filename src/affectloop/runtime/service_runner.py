"""Services together in one process: a thread for each host, the event loop for the edges."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from affectloop.bus import Bus
from affectloop.bus.memory import MemoryBus
from affectloop.clock import Clock, SystemClock
from affectloop.errors import Unavailable
from affectloop.runtime.polling_loop import run_polling
from affectloop.runtime.processor_host import ProcessorHost
from affectloop.runtime.service import Edge, Loop, Service, Surroundings
from affectloop.settings import RuntimeSettings
from affectloop.store.live import LiveState
from affectloop.store.live.memory import MemoryLiveState
from affectloop.telemetry.health import Health

logger = logging.getLogger(__name__)

LEAVE_S = 20.0  # a service finishes, publishes, acknowledges and leaves within this


def open_bus(runtime: RuntimeSettings, clock: Clock) -> Bus:
    """The bus that the settings name."""
    if runtime.bus == "memory":
        return MemoryBus(runtime.partitions, clock)
    if not runtime.bus.startswith("kafka://"):
        raise Unavailable(f"no bus is called {runtime.bus}: use memory or kafka://host:port")
    try:
        from affectloop.bus.kafka import KafkaBus
    except ImportError as error:
        raise Unavailable("Kafka needs its clients: pip install 'affectloop[kafka]'") from error
    return KafkaBus(
        runtime.bus.removeprefix("kafka://"),
        partitions=runtime.partitions,
        replicas=runtime.replicas,
        session_timeout_ms=runtime.kafka_session_timeout_ms,
        instance=runtime.instance,
    )


def open_live_state(runtime: RuntimeSettings) -> LiveState:
    """The live state that the settings name."""
    if runtime.state == "memory":
        return MemoryLiveState()
    if not runtime.state.startswith("redis"):
        raise Unavailable(f"no live state is called {runtime.state}: use memory or redis://host:port/number")
    from affectloop.store.live.redis import RedisLiveState

    return RedisLiveState(runtime.state)


class ServiceRunner:
    """Some services in this process, on one bus and one live state. A context manager: leaving it stops them cleanly.

    Parameters
    ----------
    services
        What runs: services and edges, each with its settings.
    runtime, bus, live, clock
        Settings of the runtime, and what all share.
    """

    def __init__(
        self,
        services: Iterable[tuple[Service | Edge, Any]],
        runtime: RuntimeSettings,
        bus: Bus,
        live: LiveState,
        clock: Clock | None = None,
    ) -> None:
        self.bus, self.live, self.runtime = bus, live, runtime
        self.clock = clock or SystemClock()
        self.health = Health(self.clock)
        self.failure: BaseException | None = None
        self.stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._services = list(services)

    def __enter__(self) -> Self:
        """Load models, then start every loop."""
        for service, settings in self._services:
            target = self._service(service, settings) if isinstance(service, Service) else self._edge(service, settings)
            self._threads.append(threading.Thread(target=self._guarded, args=(target,), name=service.name, daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ask all to leave, and wait for them."""
        self.stopping.set()
        until_s = self.clock.monotonic_s() + LEAVE_S
        for thread in self._threads:
            thread.join(max(0.0, until_s - self.clock.monotonic_s()))
        self.bus.close()
        if self.failure is not None and error is None:
            raise self.failure

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Wait until every loop has turned and every edge serves; raises what made one fail."""
        until_s = self.clock.monotonic_s() + seconds
        while self.health.missing and self.failure is None:
            if self.clock.monotonic_s() > until_s:
                raise Unavailable(f"{', '.join(self.health.missing)} did not become ready within {seconds:g} s")
            self.clock.sleep(0.02)
        if self.failure is not None:
            raise self.failure

    def _service(self, service: Service, settings: Any) -> Callable[[], None]:
        turned = self.health.expect(service.name)
        host = ProcessorHost(service, settings, self.live, self.runtime, self.clock)
        loop: Callable[..., None] = run_polling
        if service.loop is Loop.JOINS and self.runtime.bus != "memory":
            from affectloop.runtime.faust_loop import run_faust

            loop = run_faust
        return lambda: loop(service, host, self.bus, self.runtime, self.stopping, turned)

    def _edge(self, edge: Edge, settings: Any) -> Callable[[], None]:
        ready, turned = self.health.ready_once(edge.name), self.health.turns(edge.name)
        surroundings = Surroundings(bus=self.bus, live=self.live, clock=self.clock, ready=ready, health=self.health, runtime=self.runtime)

        async def serve() -> None:
            task = asyncio.ensure_future(edge.run(settings, surroundings))
            while not task.done() and not self.stopping.is_set():
                turned()  # shows that the event loop turns, which no request may hold up
                await asyncio.wait([task], timeout=0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=self.stopping.is_set())

        return lambda: asyncio.run(serve())

    def _guarded(self, target: Callable[[], None]) -> None:
        """A service that fails stops the process: its supervisor starts it again."""
        try:
            target()
        except BaseException as error:
            logger.exception("service failed")
            self.failure = self.failure or error
            self.stopping.set()
