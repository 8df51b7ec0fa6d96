"""The gateway as a service: serves until it is cancelled, then lets open requests finish."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from affectloop.errors import Unavailable
from affectloop.runtime.service import Edge, Surroundings
from affectloop.topics import SESSION_EVENTS, TOPICS, TRIALS
from affectloop_gateway.api.dependencies import Dependencies, Looks
from affectloop_gateway.app import create_app
from affectloop_gateway.connections import BoundedConfig, Connections, networks, possible
from affectloop_gateway.database import open_store
from affectloop_gateway.health import missing
from affectloop_gateway.live.feed import Feed
from affectloop_gateway.settings import GatewaySettings
from affectloop_gateway.workers.fact_ingest import FactIngest
from affectloop_gateway.workers.maintenance import maintain
from affectloop_gateway.workers.outbox_publisher import OutboxPublisher

LARGEST_SOCKET_MESSAGE = 4_096  # pages send a token and nothing else


class Server(uvicorn.Server):
    """Uvicorn in a loop that is not its own: signals are the runtime's, and it says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._listening()


async def run(settings: GatewaySettings, surroundings: Surroundings) -> None:
    """Serve until cancelled."""
    store = await asyncio.to_thread(open_store, settings, surroundings.clock)
    try:
        feed = Feed(
            surroundings.live,
            surroundings.clock,
            history_s=settings.history_s,
            history_bytes=settings.history_bytes,
            viewer_queue=settings.viewer_queue,
        )
        outbox = OutboxPublisher(store, surroundings.bus, batch=settings.outbox_batch, every_s=settings.outbox_every_s)
        followed = asyncio.Event()
        dependencies = Dependencies(
            settings=settings,
            store=store,
            live=surroundings.live,
            clock=surroundings.clock,
            directives=feed,
            looks=Looks(surroundings.clock),
            longest_session_us=surroundings.runtime.longest_session_us,
            wake=outbox.wake,
            is_followed=followed.is_set,
        )
        ingest = FactIngest(store, surroundings.live, surroundings.bus, surroundings.clock)
        background = (feed.follow(surroundings.bus, followed.set), outbox.run(), ingest.run(), maintain(dependencies))
        surroundings.health.check(lambda: missing(dependencies))
        await _serve(dependencies, feed, surroundings.ready, [asyncio.create_task(work) for work in background])
    finally:
        await asyncio.to_thread(store.close)


async def _serve(dependencies: Dependencies, feed: Feed, ready: Callable[[], None], background: list[asyncio.Task[None]]) -> None:
    """Serve beside the background work; the end of either ends both, the server first, so that the outbox leaves last."""
    config = configuration(dependencies, feed)
    listener = bind(dependencies.settings.host, dependencies.settings.port)
    server = Server(config, ready)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        done, _ = await asyncio.wait([serving, *background], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        server.should_exit = True
        with contextlib.suppress(Exception):
            await asyncio.wait_for(serving, dependencies.settings.drain_s + 2)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        listener.close()


def configuration(dependencies: Dependencies, feed: Feed) -> BoundedConfig:
    """How Uvicorn serves the application: bounded, and silent about who asked for what."""
    settings = dependencies.settings
    proxies = networks(settings.proxies)
    connections = Connections(
        most=possible(settings.connections_most),
        most_of_address=settings.connections_of_address,
        proxies=proxies,
        head_within_s=settings.head_within_s,
        written_within_s=settings.written_within_s,
    )
    return BoundedConfig(
        create_app(dependencies, feed),
        connections,
        log_config=None,
        access_log=False,  # addresses and sessions have no place in a log
        lifespan="off",
        ws_max_size=LARGEST_SOCKET_MESSAGE,
        timeout_graceful_shutdown=round(settings.drain_s),
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=[str(network) for network in proxies],
    )


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there; ``Unavailable`` says what to do where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"the gateway cannot listen on {host}:{port} ({error.strerror}); set AFFECTLOOP_GATEWAY__PORT to a free one"
        ) from error
    return listener


SERVICE = Edge(
    name="gateway",
    consumes=tuple(topic for topic in TOPICS if topic.view is not None or topic.kept),
    produces=(TRIALS, SESSION_EVENTS),
    settings=GatewaySettings,
    run=run,
)
