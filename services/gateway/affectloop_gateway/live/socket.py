"""The live view's WebSocket: the token in its first message, the session, its last minute, then what arrives."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import dataclass

import anyio  # what Starlette runs on; its task groups and asyncio's do not mix
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from affectloop.errors import InvalidInput, NotAllowed, Unavailable
from affectloop.policy.access import Action, Permissions
from affectloop.session import Session
from affectloop.store.sql.tokens import Caller, caller_of
from affectloop_gateway.api.dependencies import Dependencies, admit
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.api.permissions import known_session, permissions_of, permitted
from affectloop_gateway.live.downsampling import Downsampler
from affectloop_gateway.live.feed import Feed, Watch
from affectloop_gateway.live.rendering import first_message
from affectloop_gateway.live.slots import Slots, SocketSlots

logger = logging.getLogger(__name__)

NOT_TEXT = 1003  # RFC 6455: a kind of data that is not taken here
REFUSED, FORBIDDEN, UNKNOWN, AWAY = 4401, 4403, 4404, 1013  # close codes: HTTP's, in the range that is free
TOKEN_WITHIN_S = 5.0
SENT_WITHIN_S = 10.0  # a page that takes longer for one message is gone
PROTOCOL, BEARER = "affectloop.v1", "bearer."  # of Sec-WebSocket-Protocol, where a client cannot send first

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Admitted:
    asking: Caller
    session: Session
    permissions: Permissions


@router.websocket("/v1/sessions/{session_id}/live")
async def live(socket: WebSocket, session_id: str) -> None:
    """Show a session while it happens."""
    deps: Dependencies = socket.app.state.dependencies
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(PROTOCOL if PROTOCOL in offered else None)
    slots: SocketSlots = socket.app.state.slots
    address = socket.client.host if socket.client else ""
    not_text = False
    try:
        with slots.of_address.taken(address) as has_slot:
            if has_slot:
                await _serve(deps, socket, slots.of_token, session_id, offered, address)
            else:
                await _close(socket, AWAY, "too many live views from this address")
    except* (WebSocketDisconnect, TimeoutError):
        pass  # it went away, or took too long
    except* _NotText:
        not_text = True
    if not_text:
        logger.info("a live view sent what is no text")
        await _close(socket, NOT_TEXT, "send text")


class _Over(Exception):
    """Nothing may be seen any more."""


class _NotText(Exception):
    """A frame that holds bytes."""


async def _serve(deps: Dependencies, socket: WebSocket, slots: Slots, session_id: str, offered: list[str], address: str) -> None:
    try:
        token = await _token(socket, offered)
    except TimeoutError:
        await _close(socket, REFUSED, "no token came in time")
        return
    try:
        admitted = await asyncio.to_thread(_admit, deps, token, address, session_id)
    except Problem as problem:
        await _close(socket, {404: UNKNOWN, 403: FORBIDDEN}.get(problem.status, REFUSED), problem.body["problem"])
    except InvalidInput:
        await _close(socket, UNKNOWN, "no such session for this token")
    except Unavailable:
        await _close(socket, AWAY, "try again in a few seconds")
    else:
        with slots.taken(admitted.asking.token_id) as has_slot:
            if has_slot:
                await _show(deps, socket, token, admitted)
            else:
                await _close(socket, AWAY, "too many live views with this token")


async def _token(socket: WebSocket, offered: list[str]) -> str:
    """The token: of the subprotocols, or of the first message."""
    for protocol in offered:
        if protocol.startswith(BEARER):
            return protocol.removeprefix(BEARER)
    with anyio.fail_after(TOKEN_WITHIN_S):
        text = await _text(socket)
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        token = str(json.loads(text)["token"])
        token.encode()  # half a surrogate is no token
        return token
    return ""


def _admit(deps: Dependencies, token: str, address: str, session_id: str) -> _Admitted:
    asking = admit(deps, token, address)
    with permitted(deps, asking, Action.LIVE_VIEW, session_id=session_id) as work:
        session = known_session(deps, asking, work, session_id)
        permissions = permissions_of(deps, asking, work, session_id)
    return _Admitted(asking, session, permissions or Permissions())


async def _show(deps: Dependencies, socket: WebSocket, token: str, admitted: _Admitted) -> None:
    """Send until the page goes, or its permission does."""
    session_id, feed = admitted.session.session_id, source_of(socket)
    async with feed.watching(session_id, admitted.permissions) as watch:
        await _send(socket, first_message(admitted.session))
        for message in await asyncio.to_thread(feed.render, session_id, watch.before, Downsampler()):
            seen = message.seen_with(watch.permissions)
            if seen is not None:
                await _send(socket, seen.text)
        watch.before = ()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_forward, socket, watch)
                tasks.start_soon(_look_again, deps, token, watch)
                tasks.start_soon(_listen, socket)
        except* _Over:
            await _close(socket, REFUSED, "the token opens this no more")


def source_of(socket: WebSocket) -> Feed:
    """What the app was made with."""
    feed: Feed = socket.app.state.feed
    return feed


async def _forward(socket: WebSocket, watch: Watch) -> None:
    while True:
        await _send(socket, (await watch.next()).text)


async def _look_again(deps: Dependencies, token: str, watch: Watch) -> None:
    """Ask from time to time what may be seen still; raises ``_Over`` when nothing may."""
    while True:
        await asyncio.sleep(deps.settings.permissions_every_s)
        try:
            watch.permissions = await asyncio.to_thread(_permissions_now, deps, token, watch.session_id)
        except (NotAllowed, InvalidInput) as error:
            raise _Over from error
        except Unavailable:
            watch.permissions = Permissions()  # unknown means no


def _permissions_now(deps: Dependencies, token: str, session_id: str) -> Permissions:
    asking = caller_of(deps.store, token)
    with deps.store.reading(asking.tenant_id) as work:
        known_session(deps, asking, work, session_id)
        permissions = permissions_of(deps, asking, work, session_id)
    if permissions is None:
        raise NotAllowed("the token opens this no more: ask for another one")
    return permissions


async def _listen(socket: WebSocket) -> None:
    """What a page says after its token means nothing; that it goes does."""
    while True:
        await _text(socket)


async def _text(socket: WebSocket) -> str:
    """The next message."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    text = message.get("text")
    if text is None:
        raise _NotText
    return str(text)


async def _send(socket: WebSocket, text: str) -> None:
    with anyio.fail_after(SENT_WITHIN_S):
        await socket.send_text(text)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Close it, unless it is closed."""
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(code, reason)
