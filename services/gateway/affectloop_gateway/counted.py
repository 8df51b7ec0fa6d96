"""How long requests take and how they end, by route: the route's pattern, never a path, which names sessions and learners."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affectloop.clock import Clock
from affectloop.telemetry.metrics import REQUEST

SERVICE = "gateway"
NO_ROUTE = "none"


class Counted:
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
            route = getattr(scope.get("route"), "path", NO_ROUTE)  # the router leaves it in the scope
            REQUEST.labels(SERVICE, route, f"{status // 100}xx").observe(self._clock.monotonic_s() - since_s)
