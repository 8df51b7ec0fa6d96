"""What every route depends on: the store, live state, the clock, the feed, and who is asking."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from affectloop.clock import Clock
from affectloop.errors import NotAllowed
from affectloop.store.live import LiveState
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.database import Store
from affectloop.store.sql.people import tenants
from affectloop.store.sql.tokens import Caller, Tokens, caller_of, tenant_of
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.api.newest_directives import NewestDirectives
from affectloop_gateway.settings import GatewaySettings

logger = logging.getLogger(__name__)

LOOK_S = 60.0  # a page that asks every second is one look
LOOKS = 10_000  # how many are remembered; beyond that they are audited again


def _nobody() -> None:
    """Nobody waits for the outbox."""


class Looks:
    """What was audited of late, so that looking again within a minute is the same look."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[Hashable, float] = {}

    def is_old(self, look: Hashable) -> bool:
        """Whether it was audited within the last minute."""
        return self._seen.get(look, -LOOK_S) > self._clock.monotonic_s() - LOOK_S

    def remember(self, look: Hashable) -> None:
        """It is in the audit log now."""
        if len(self._seen) >= LOOKS:
            self._seen = {}
        self._seen[look] = self._clock.monotonic_s()


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the gateway works with."""

    settings: GatewaySettings
    store: Store
    live: LiveState
    clock: Clock
    directives: NewestDirectives
    looks: Looks
    longest_session_us: int
    wake: Callable[[], None] = field(default=_nobody)  # the outbox has something; may be called from any thread
    is_followed: Callable[[], bool] = field(default=lambda: True)  # the live view's source


def dependencies_of(request: Request) -> Dependencies:
    """What the app was made with."""
    dependencies: Dependencies = request.app.state.dependencies
    return dependencies


Deps = Annotated[Dependencies, Depends(dependencies_of)]
BEARER = HTTPBearer(auto_error=False, description="A token of this tenant; its role decides what it may do.")


def caller(deps: Deps, request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> Caller:
    """Who is asking; counts requests, so that one token cannot take the place of all."""
    if credentials is None:
        raise unauthorized("there is no token")
    return admit(deps, credentials.credentials, request.client.host if request.client else "")


def admit(deps: Dependencies, token: str, address: str) -> Caller:
    """Who holds the token, within the limits."""
    try:
        found = caller_of(deps.store, token)
    except NotAllowed as error:
        if deps.live.count_within(f"refused:{address}", 60) > deps.settings.refusals_per_min:
            raise Problem(429, "token", "too many wrong tokens from this address", "wait a minute", {"Retry-After": "60"}) from error
        note_refused(deps, token)
        raise unauthorized(str(error)) from error
    if deps.live.count_within(f"requests:{found.tenant_id}:{found.token_id}", 10) > deps.settings.requests_per_10_s:
        raise Problem(429, "token", "too many requests with this token", "wait and ask less often", {"Retry-After": "10"})
    return found


def note_refused(deps: Dependencies, token: str) -> None:
    """Audit a token that opens nothing, in the log of the tenant that it names: each once a minute, unknown ones together."""
    try:
        tenant_id = tenant_of(token)
    except NotAllowed:
        tenant_id = ""
    known = tenant_id in {tenant.tenant_id for tenant in tenants(deps.store)}
    name = None
    if known:
        with deps.store.reading(tenant_id) as work:
            name = Tokens(work).name_of(token)
    look = ("token.refused", tenant_id if known else "", name)
    if deps.looks.is_old(look):
        return
    deps.looks.remember(look)
    logger.warning("a token was refused", extra={"tenant": tenant_id if known else "unknown", "token_id": name or "unknown"})
    if known:
        with deps.store.work(tenant_id) as work:
            Audit(work).add(actor=name or "unknown", holder="", role=None, action="token.refused", subject=name or "unknown")


def unauthorized(problem: str) -> Problem:
    """The answer to who shows no good token."""
    return Problem(401, "Authorization", problem, "send 'Authorization: Bearer <token>'", {"WWW-Authenticate": "Bearer"})


AnyCaller = Annotated[Caller, Depends(caller)]
