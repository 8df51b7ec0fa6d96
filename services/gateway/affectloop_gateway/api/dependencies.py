"""What every route depends on: the store, live state, the clock, the feed, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from affectloop.clock import Clock
from affectloop.errors import NotAllowed
from affectloop.policy.profile import STAFF, Role
from affectloop.store.live import LiveState
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.database import Store, Work
from affectloop.store.sql.tokens import Caller, caller_of
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.live.feed import Feed
from affectloop_gateway.settings import GatewaySettings

AUDITED_ONCE_IN_S = 60.0  # a page that asks every second is one view


def _nobody() -> None:
    """Nobody waits for the outbox."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the gateway works with."""

    settings: GatewaySettings
    store: Store
    live: LiveState
    clock: Clock
    feed: Feed
    longest_session_us: int
    wake: Callable[[], None] = field(default=_nobody)  # the outbox has something; may be called from any thread
    is_ready: Callable[[], bool] = field(default=lambda: True)


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
        raise unauthorized(str(error)) from error
    if deps.live.count_within(f"requests:{found.tenant_id}:{found.token_id}", 10) > deps.settings.requests_per_10_s:
        raise Problem(429, "token", "too many requests with this token", "wait and ask less often", {"Retry-After": "10"})
    return found


def unauthorized(problem: str) -> Problem:
    """The answer to who shows no good token."""
    return Problem(401, "Authorization", problem, "send 'Authorization: Bearer <token>'", {"WWW-Authenticate": "Bearer"})


AnyCaller = Annotated[Caller, Depends(caller)]


def one_of(*roles: Role) -> Callable[[Caller], Caller]:
    """A dependency that lets only these roles pass."""

    def check(asking: AnyCaller) -> Caller:
        if asking.role not in roles:
            raise Problem(403, "token", f"a {asking.role}'s token may not do this", f"use one of: {', '.join(sorted(roles))}")
        return asking

    return check


def for_learner(asking: Caller, learner_id: str) -> None:
    """A learner's token is for its learner alone; to others it is as if nobody else were there."""
    if asking.role is Role.LEARNER and asking.learner_id != learner_id:
        raise Problem(404, "learner_id", "no such learner for this token", "use the learner's own token")


def audit_view(deps: Dependencies, asking: Caller, work: Work, action: str, subject: str) -> None:
    """Note that staff looked at somebody; asking again within a minute is the same look."""
    if asking.role in STAFF and deps.live.take_once(f"audited:{asking.tenant_id}:{asking.token_id}:{action}:{subject}", AUDITED_ONCE_IN_S):
        Audit(work).add(actor=asking.token_id, role=asking.role, action=action, subject=subject)


def note(work: Work, asking: Caller, action: str, subject: str) -> None:
    """Add to the audit log what somebody did."""
    Audit(work).add(actor=asking.token_id, role=asking.role, action=action, subject=subject)
