"""What every request passes: figures by route (the route's pattern, never a path, which names sessions and learners), headers, size."""

from __future__ import annotations

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affectloop.clock import Clock
from affectloop.runtime.faults import reason
from affectloop.telemetry.metrics import REQUEST
from affectloop_gateway.api import errors
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.api.headers import SECURITY_HEADERS

logger = logging.getLogger(__name__)

SERVICE = "gateway"
NO_ROUTE = "none"
NOT_STORED = (b"cache-control", b"no-store")
LAST = {"Connection": "close"}  # the rest of what comes is not waited for


class RequestMetrics:
    """Observes each HTTP request once its answer is out; one that broke off counts as 5xx."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app, self._clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        since_s = self._clock.monotonic_s()
        try:
            await self._app(scope, receive, noting)
        finally:
            REQUEST.labels(SERVICE, _route(scope), f"{status // 100}xx").observe(self._clock.monotonic_s() - since_s)


class SecurityHeaders:
    """Puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_headers(scope["path"])]
            await send(message)

        await self._app(scope, receive, with_headers)


class LastResort:
    """Answers what nobody answers: texts that no database holds, and errors that nobody meant to raise.

    Such an error is one line with its kind and place, and never its text, which may hold what a person sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            await errors.answer(Problem(422, "request", "its address holds the character NUL", "leave it out"))(scope, receive, send)
            return
        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            logger.error("a request failed", extra={"route": _route(scope), "cause": reason(error)})
            if not started:
                await errors.answer(Problem(500, "service", "a defect", "report the time and the route"))(scope, receive, send)


class BodyLimit:
    """Refuses bodies that are too large or too slow before anything reads them."""

    def __init__(self, app: ASGIApp, body_bytes: int, within_s: float) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        try:
            async with asyncio.timeout(self._within_s):
                read = await self._read(receive)
        except TimeoutError:
            await errors.answer(Problem(408, "body", "it did not come in time", "send it at once", LAST))(scope, receive, send)
            return
        if read is None:
            problem = Problem(413, "body", f"it is larger than {self._body_bytes} bytes", "send less at once", LAST)
            await errors.answer(problem)(scope, receive, send)
            return

        async def again() -> Message:
            return read.pop(0) if read else await receive()

        await self._app(scope, again, send)

    async def _read(self, receive: Receive) -> list[Message] | None:
        """The messages of the body; ``None`` where it is too large."""
        messages: list[Message] = []
        left = self._body_bytes
        while True:
            message = await receive()
            messages.append(message)
            left -= len(message.get("body", b""))
            if left < 0:
                return None
            if message["type"] != "http.request" or not message.get("more_body", False):
                return messages


def _route(scope: Scope) -> str:
    """The route's pattern; the router leaves it in the scope."""
    return str(getattr(scope.get("route"), "path", NO_ROUTE))


def _headers(path: str) -> list[tuple[bytes, bytes]]:
    return SECURITY_HEADERS + ([NOT_STORED] if path.startswith("/v1/") else [])
