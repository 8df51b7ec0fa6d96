"""The application: routes, error bodies, limits and headers, put together."""

from __future__ import annotations

from fastapi import FastAPI

from affectloop import __version__
from affectloop_gateway import pages
from affectloop_gateway.api import errors
from affectloop_gateway.api.admin import classes, tokens
from affectloop_gateway.api.admin import routes as admin
from affectloop_gateway.api.consents import routes as consents
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.learners import routes as learners
from affectloop_gateway.api.middleware import BodyLimit, LastResort, RequestMetrics, SecurityHeaders
from affectloop_gateway.api.sessions import routes as sessions
from affectloop_gateway.live import socket
from affectloop_gateway.live.feed import Feed
from affectloop_gateway.live.slots import Slots, SocketSlots

DESCRIPTION = """The door of Affectloop: sessions, answers, consents, and what the recommender and the live view make of them.

Send `Authorization: Bearer <token>`; the token's tenant and role decide what is seen and done. Times are microseconds since 1970.
Every answer that is not a success has the body `{"field", "problem", "remedy"}`.

The live view is a WebSocket at `/v1/sessions/{session_id}/live`: send `{"token": "..."}` first (or offer the subprotocols
`affectloop.v1` and `bearer.<token>`); then come messages `{"topic", "event", "age_ms"}`: the session itself first, then its last minute,
then what happens. It closes with 4401 (token), 4403 (not allowed), 4404 (no such session) or 1013 (try again)."""


def create_app(dependencies: Dependencies, feed: Feed) -> FastAPI:
    """The application on these dependencies and the live view's source; it starts nothing of its own."""
    app = FastAPI(
        title="Affectloop gateway",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
    )
    settings = dependencies.settings
    app.state.dependencies, app.state.feed = dependencies, feed
    app.state.slots = SocketSlots(Slots(settings.sockets_of_address), Slots(settings.sockets_of_token))
    errors.install(app)
    for room in (sessions, learners, consents, admin, tokens, classes, socket, pages):
        app.include_router(room.router)
    app.mount("/static", pages.assets())
    app.add_middleware(BodyLimit, body_bytes=settings.body_bytes, within_s=settings.body_within_s)
    app.add_middleware(LastResort)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestMetrics, clock=dependencies.clock)  # outermost: what is refused counts too
    return app
