"""The application: routes, error bodies, limits and headers, put runner."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affectloop import __version__
from affectloop_gateway import live_socket, problems
from affectloop_gateway.counted import Counted
from affectloop_gateway.premises import Premises
from affectloop_gateway.problems import Problem
from affectloop_gateway.routes import health, learners, office, pages, sessions

DESCRIPTION = """The door of Affectloop: sessions, answers, consents, and what the recommender and the live view make of them.

Send `Authorization: Bearer <token>`; the token's tenant and role decide what is seen and done. Times are microseconds since 1970.
Every answer that is not a success has the body `{"field", "problem", "remedy"}`.

The live view is a WebSocket at `/v1/sessions/{session_id}/live`: send `{"token": "..."}` first (or offer the subprotocols
`affectloop.v1` and `bearer.<token>`); then come messages `{"topic", "event", "age_ms"}`: the session itself first, then its last minute,
then what happens. It closes with 4401 (token), 4403 (not allowed), 4404 (no such session) or 1013 (try again)."""

SECURITY_HEADERS = [
    (b"content-security-policy", b"default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),  # with the next: timers fine enough for brief stimuli
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=()"),
]
NOT_STORED = (b"cache-control", b"no-store")


def create_app(premises: Premises) -> FastAPI:
    """The application on these premises; it starts nothing of its own."""
    app = FastAPI(
        title="Affectloop gateway",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.premises = premises
    problems.install(app)
    for router in (sessions.router, learners.router, office.router, health.router, live_socket.router, pages.router):
        app.include_router(router)
    app.mount("/static", pages.assets())
    app.add_middleware(Limits, body_bytes=premises.settings.body_bytes)
    app.add_middleware(Counted, clock=premises.clock)  # outermost: what is refused counts too
    return app


class Limits:
    """Refuses bodies that are too large before anything reads them, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, body_bytes: int) -> None:
        self._app = app
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_headers(scope["path"])]
            await send(message)

        read = await self._read(receive)
        if read is None:
            problem = Problem(413, "body", f"it is larger than {self._body_bytes} bytes", "send less at once")
            await problems.answer(problem)(scope, receive, with_headers)
            return

        async def again() -> Message:
            return read.pop(0) if read else await receive()

        await self._app(scope, again, with_headers)

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


def _headers(path: str) -> list[tuple[bytes, bytes]]:
    return SECURITY_HEADERS + ([NOT_STORED] if path.startswith("/v1/") else [])
