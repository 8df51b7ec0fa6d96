"""What a connection may take before anybody knows whose it is: how many there are, in all and of one address, and how long each may dawdle.

Uvicorn bounds what a request costs, not what a connection costs that never makes one. These are its protocols with bounds.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import resource
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from affectloop.telemetry.metrics import CONNECTIONS, HUNG_UP
from affectloop_gateway.api.headers import SECURITY_HEADERS

logger = logging.getLogger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SERVICE = "gateway"
OTHER_DESCRIPTORS = 100  # files, the database, live state, the bus, health: what connections must leave
NOT_UTF8 = 1007  # close code of RFC 6455


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks from a list with commas; ``ValueError`` names what is none."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def possible(most: int) -> int:
    """So many connections, or fewer where this process may not open as many files."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY or most + OTHER_DESCRIPTORS <= allowed:
        return most
    fewer = max(1, allowed - OTHER_DESCRIPTORS)
    logger.warning("this process may open too few files for its connections", extra={"files": allowed, "connections": fewer})
    return fewer


class Connections:
    """Those that are open.

    Parameters
    ----------
    most, most_of_address
        How many there may be, in all and of one address.
    proxies
        Those of these addresses are many people's and only count in all.
    head_within_s, written_within_s
        How long a request's head may take, from the connection's first moment on, and how long what was written may lie unread.
    """

    def __init__(
        self, *, most: int, most_of_address: int, proxies: tuple[Network, ...], head_within_s: float, written_within_s: float
    ) -> None:
        self.head_within_s = head_within_s
        self.written_within_s = written_within_s
        self._most = most
        self._most_of_address = most_of_address
        self._proxies = proxies
        self._of: dict[asyncio.BaseTransport, str] = {}
        self._by_address: dict[str, int] = {}

    def admit(self, transport: asyncio.BaseTransport) -> bool:
        """Count a new one, unless there are too many."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        of_address = self._by_address.get(address, 0)
        if len(self._of) >= self._most:
            HUNG_UP.labels(SERVICE, "too-many").inc()
            return False
        if of_address >= self._most_of_address and not self._is_proxy(address):
            HUNG_UP.labels(SERVICE, "too-many-of-address").inc()
            return False
        self._of[transport] = address
        self._by_address[address] = of_address + 1
        CONNECTIONS.labels(SERVICE).set(len(self._of))
        return True

    def release(self, transport: asyncio.BaseTransport) -> None:
        """One is gone."""
        address = self._of.pop(transport, None)
        if address is None:
            return
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        CONNECTIONS.labels(SERVICE).set(len(self._of))

    def _is_proxy(self, address: str) -> bool:
        return bool(self._proxies) and any(ipaddress.ip_address(address.partition("%")[0]) in network for network in self._proxies)


class BoundedConfig(uvicorn.Config):
    """Uvicorn's configuration with its protocols bounded."""

    def __init__(self, app: ASGIApp, connections: Connections, **settings: Any) -> None:
        super().__init__(app, http=BoundedHttp, ws=BoundedWebSocket, **settings)
        self.bounds = connections


def _bounds(config: uvicorn.Config) -> Connections:
    assert isinstance(config, BoundedConfig)
    return config.bounds


class BoundedHttp(H11Protocol):
    """HTTP of one connection: hung up on when it is one too many, makes no request in time or does not read its answer."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._bounds = _bounds(self.config)
        self._slow_head: asyncio.TimerHandle | None = None
        self._slow_reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Count it; wait for its first request."""
        super().connection_made(transport)
        if self._bounds.admit(transport):
            self._wait_for_head()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self._bounds.release(self.transport)
        self._no_more(head=True, reader=True)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A head that has begun must end in time, whoever sent requests before."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._wait_for_head()
        else:
            self._no_more(head=True)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told so with the same headers as every answer."""
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *SECURITY_HEADERS]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=msg.encode()), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def pause_writing(self) -> None:
        """The other side must read on in time."""
        super().pause_writing()
        self._no_more(reader=True)
        self._slow_reader = self.loop.call_later(self._bounds.written_within_s, self._hang_up, "slow-reader")

    def resume_writing(self) -> None:
        """It reads."""
        super().resume_writing()
        self._no_more(reader=True)

    def on_response_complete(self) -> None:
        """What was written to a connection that is to be closed must be read in time, too."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.loop.call_later(self._bounds.written_within_s, self.transport.abort)

    def _wait_for_head(self) -> None:
        if self._slow_head is None:
            self._slow_head = self.loop.call_later(self._bounds.head_within_s, self._hang_up, "slow-head")

    def _no_more(self, *, head: bool = False, reader: bool = False) -> None:
        if head and self._slow_head is not None:
            self._slow_head.cancel()
            self._slow_head = None
        if reader and self._slow_reader is not None:
            self._slow_reader.cancel()
            self._slow_reader = None

    def _hang_up(self, why: str) -> None:
        HUNG_UP.labels(SERVICE, why).inc()
        self.transport.abort()


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that took over a connection which is counted already."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        _bounds(self.config).release(self.transport)
        super().connection_lost(exc)

    def send_receive_event_to_app(self) -> None:
        """Text that is no text ends the connection, with one line."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(b"".join(self.frames)):
            self.frames = []
            logger.info("a live view sent text that is not UTF-8")
            self.conn.send_close(NOT_UTF8)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
