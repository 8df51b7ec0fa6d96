"""What a connection may take before anybody knows whose it is."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from affectloop.telemetry.health import serve_health
from affectloop_gateway.connections import Connections, networks, possible
from affectloop_gateway.settings import GatewaySettings
from gateway_server import Running, running
from servers.ports import free_port

HEAD = b"GET /v1/sessions HTTP/1.1\r\nHost: x\r\n"


def served(folder: Path, scenario: Callable[[Running], Awaitable[Any]], **settings: Any) -> Any:
    async def run() -> Any:
        async with running(folder, **settings) as gateway, asyncio.timeout(60):
            return await scenario(gateway)

    return asyncio.run(run())


async def opened(gateway: Running, content: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which so much was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.settings.port)
    writer.write(content)
    await writer.drain()
    return reader, writer


async def told(reader: asyncio.StreamReader) -> bytes:
    """Everything until the gateway hangs up."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


@pytest.mark.parametrize("content", [b"", HEAD, b"GET /v1/ses"], ids=["silent", "half a head", "half a line"])
def test_who_makes_no_request_in_time_is_hung_up_on(content: bytes, tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> bytes:
        reader, writer = await opened(gateway, content)
        answer = await told(reader)
        writer.close()
        return answer

    assert served(tmp_path, scenario, head_within_s=0.1) == b""


def test_a_second_head_on_a_connection_must_end_in_time_too(tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> bytes:
        reader, writer = await opened(gateway, HEAD + b"\r\n")
        await reader.readuntil(b"}")
        writer.write(HEAD)
        left = await told(reader)
        writer.close()
        return left

    assert served(tmp_path, scenario, head_within_s=0.1) == b""


def test_a_body_that_does_not_come_is_a_408_and_the_end(tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> bytes:
        reader, writer = await opened(gateway, b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        answer = await told(reader)
        writer.close()
        return answer

    head, _, body = served(tmp_path, scenario, body_within_s=0.1).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert b"content-security-policy" in head.lower()
    assert json.loads(body)["field"] == "body"


def test_what_is_no_http_is_told_so_with_the_headers_of_every_answer(tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> bytes:
        reader, writer = await opened(gateway, b"\x16\x03\x01 no HTTP\r\n\r\n")
        answer = await told(reader)
        writer.close()
        return answer

    answer = served(tmp_path, scenario)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"content-security-policy" in answer.lower()


def test_who_does_not_read_the_answers_is_hung_up_on(tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> bool:
        _unread, writer = await asyncio.open_connection("127.0.0.1", gateway.settings.port, limit=1024)
        asked = 0
        with suppress(ConnectionError):
            while True:
                writer.write(b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
                await writer.drain()
                asked += 1
        writer.close()
        return asked > 0

    assert served(tmp_path, scenario, written_within_s=0.2)


def test_one_address_has_so_many_connections_and_gets_them_back(tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> list[bool]:
        async with AsyncExitStack() as stack:
            ended = []
            for number in range(5):
                reader, writer = await opened(gateway, HEAD)
                stack.callback(writer.close)
                ended.append(number >= 3 and await told(reader) == b"")
        while True:
            try:
                await gateway.call("GET", "/v1/profiles")
                break
            except httpx.TransportError:  # the gateway sees a moment later that they are gone
                await asyncio.sleep(0)
        return ended

    assert served(tmp_path, scenario, connections_of_address=3) == [False, False, False, True, True]


def test_half_open_connections_keep_neither_health_nor_for_long_anybody_else_out(tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> tuple[int, int]:
        port = free_port()
        server = serve_health(gateway.health, "127.0.0.1", port)
        async with AsyncExitStack() as stack:
            stack.callback(server.shutdown)
            stack.callback(server.server_close)
            waiting = []
            for _ in range(60):
                reader, writer = await opened(gateway, HEAD)
                stack.callback(writer.close)
                waiting.append(reader)
            async with httpx.AsyncClient(trust_env=False) as client:
                health = (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code
            await asyncio.gather(*map(told, waiting))
            await gateway.call("GET", "/v1/profiles")
            return health, len(waiting)

    assert served(tmp_path, scenario, connections_most=20, connections_of_address=100, head_within_s=0.5) == (200, 60)


@pytest.mark.parametrize(("proxies", "last"), [("", 429), ("127.0.0.1", 401), ("10.0.0.0/8", 429)])
def test_whom_a_request_is_forwarded_for_is_believed_of_named_proxies_alone(proxies: str, last: int, tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> list[int]:
        async with httpx.AsyncClient(base_url=f"http://{gateway.address}", trust_env=False) as client:
            statuses = []
            for number in range(4):
                headers = {"Authorization": "Bearer al_none_x", "X-Forwarded-For": f"192.0.2.{number}"}
                statuses.append((await client.get("/v1/sessions", headers=headers)).status_code)
            return statuses

    assert served(tmp_path, scenario, proxies=proxies, refusals_per_min=3)[-1] == last


async def closed_with(socket: ClientConnection) -> int | None:
    """How the gateway closed it."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else None


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\0\1", 1003), ("{", 4401), ("[" * 4000, 4401), (json.dumps({"token": "al_x_\ud800"}), 4401), ("x" * 5000, 1009)],
    ids=["bytes", "no JSON", "deep", "half a surrogate", "too long"],
)
def test_a_frame_that_is_no_token_closes_the_view_and_is_a_line_at_most(
    frame: str | bytes, code: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(gateway: Running) -> int | None:
        async with connect(f"ws://{gateway.address}/v1/sessions/any/live", proxy=None) as socket:
            await socket.send(frame)
            return await closed_with(socket)

    with caplog.at_level(logging.INFO):
        assert served(tmp_path, scenario) == code
    words = [line for line in caplog.records if line.name.startswith("affectloop_gateway") or line.levelno >= logging.WARNING]
    assert len(words) <= 1
    assert not any(line.exc_info for line in caplog.records)


def test_text_that_is_no_text_closes_the_view_with_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(gateway: Running) -> int | None:
        async with connect(f"ws://{gateway.address}/v1/sessions/any/live", proxy=None) as socket:
            await socket.send(b"\xff\xfe", text=True)
            return await closed_with(socket)

    with caplog.at_level(logging.INFO, "affectloop_gateway"):
        assert served(tmp_path, scenario) == 1007
    assert not any(line.exc_info for line in caplog.records)


def test_a_view_without_a_token_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affectloop_gateway.live.socket.TOKEN_WITHIN_S", 0.1)

    async def scenario(gateway: Running) -> int | None:
        async with connect(f"ws://{gateway.address}/v1/sessions/any/live", proxy=None) as socket:
            return await closed_with(socket)

    assert served(tmp_path, scenario) == 4401


@pytest.mark.parametrize("bound", ["sockets_of_token", "sockets_of_address"])
def test_live_views_beyond_the_bound_are_told_to_come_again(bound: str, tmp_path: Path) -> None:
    async def scenario(gateway: Running) -> list[int | None]:
        session = await gateway.call("POST", "/v1/sessions", {"learner_id": gateway.first.learner_id})
        address = f"ws://{gateway.address}/v1/sessions/{session['session_id']}/live"
        async with AsyncExitStack() as stack:
            ended: list[int | None] = []
            for number in range(3):
                socket = await stack.enter_async_context(connect(address, proxy=None))
                with suppress(ConnectionClosed):  # one too many may be closed before it says anything
                    await socket.send(json.dumps({"token": gateway.first.admin_token}))
                if number < 2:
                    assert json.loads(await socket.recv())["topic"] == "session"
                else:
                    ended.append(await closed_with(socket))
            return ended

    assert served(tmp_path, scenario, **{bound: 2}) == [1013]


def test_connections_leave_files_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affectloop_gateway.connections.resource.getrlimit", lambda _: (250, 250))
    assert (possible(1000), possible(120)) == (150, 120)


def test_a_proxy_that_is_no_address_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="proxies"):
        GatewaySettings(proxies="127.0.0.1,nginx")


class FakeTransport(asyncio.BaseTransport):
    """A transport that only knows whose it is."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})


def test_many_people_come_through_a_named_proxy() -> None:
    connections = Connections(most=10, most_of_address=2, proxies=networks("10.0.0.0/8, 192.0.2.1"), head_within_s=1, written_within_s=1)
    admitted = [connections.admit(FakeTransport(address)) for address in ["10.1.2.3"] * 4 + ["198.51.100.1"] * 3]
    assert admitted == [True] * 6 + [False]
