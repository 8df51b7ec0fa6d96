"""Serves the built pages and streams a made-up session, for looking at them while they are built. Never part of the product.

python web/dev/fake_gateway.py --port 8900        then open the printed address
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from made_up_session import MadeUp
from starlette.requests import Request
from starlette.responses import Response

from affectloop.clock import SystemClock
from affectloop.events import Event, FaceFeatures
from affectloop.topics import TOPIC_OF_EVENT
from affectloop.viewing import as_viewed

STATIC = Path(__file__).parents[2] / "services/gateway/affectloop_gateway/static"
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
BACKLOG_S = 70.0
LENGTH_S = 600.0


def fault_of(kind: str) -> str:
    """The service in which a fault stops the session: of ``/live/fault-physio`` it is physio."""
    return kind.removeprefix("fault-") if kind.startswith("fault-") else ""


def descriptor(kind: str, stopped: bool) -> dict[str, Any]:
    """What the gateway tells of the session; ``kind`` picks a special case to look at."""
    session = json.loads(MadeUp(SystemClock().wall_us()).session().to_json())
    session.pop("key")
    session["mode"] = "replay"
    session["faults"] = [fault_of(kind)] if fault_of(kind) else []
    if kind == "plain":
        session.update(streams=[], consented=[], emotion_inference=False)
    if kind == "uninferred":
        session.update(emotion_inference=False)
    if stopped:
        session.update(consented=[])
    return session


def wanted(event: Event, kind: str) -> bool:
    """Whether the special case has this event."""
    topic = TOPIC_OF_EVENT[type(event)].name
    if kind == "plain":
        return topic.startswith("session.")
    return not (kind == "uninferred" and topic.startswith("emotion."))


def application() -> FastAPI:
    """The pages, the stream, the stop button."""
    app = FastAPI()
    stopped = asyncio.Event()

    @app.middleware("http")
    async def policy(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    @app.get("/v1/sessions")
    def sessions() -> list[dict[str, Any]]:
        return [descriptor(kind, False) | {"session_id": kind} for kind in ("made-up", "plain", "uninferred", "fault-physio")]

    @app.post("/v1/sessions/{session_id}/sensing/stop")
    def stop(session_id: str) -> dict[str, str]:
        stopped.set()
        return {"session_id": session_id}

    @app.get("/live/{session_id}")
    def live(session_id: str) -> FileResponse:
        return FileResponse(STATIC / "live.html")

    @app.get("/")
    def index() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.websocket("/v1/sessions/{session_id}/live")
    async def stream(socket: WebSocket, session_id: str) -> None:
        await socket.accept()
        token = json.loads(await socket.receive_text())["token"]
        if token != "look":
            await socket.close(4401)
            return
        clock = SystemClock()
        start = clock.wall_us() - round(BACKLOG_S * 1e6)
        await socket.send_text(json.dumps({"topic": "session", "event": descriptor(session_id, stopped.is_set()), "age_ms": 0}))
        gone = asyncio.ensure_future(socket.receive())  # a page says nothing after its token: what comes is that it goes
        for event in MadeUp(start, fault=fault_of(session_id)).events(LENGTH_S):
            due = event.header.complete_until_us if hasattr(event, "samples") else event.header.event_time_us
            late_s = (due - clock.wall_us()) / 1e6 + 0.12
            await asyncio.sleep(max(0.0, late_s))
            if gone.done():
                return
            topic = TOPIC_OF_EVENT[type(event)].name
            if not wanted(event, session_id) or (stopped.is_set() and not topic.startswith("session.")):
                continue
            if "uninferred" in session_id and isinstance(event, FaceFeatures):
                event = replace(event, expression=None)
            age = None if late_s < -1 else (clock.wall_us() - event.header.event_time_us) / 1e3
            await socket.send_text(json.dumps({"topic": topic, "event": as_viewed(event), "age_ms": age}))

    app.mount("/static", StaticFiles(directory=STATIC))
    return app


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8900)
    port = options.parse_args().port
    print(f"http://127.0.0.1:{port}/live/made-up#token=look")
    uvicorn.run(application(), host="127.0.0.1", port=port, log_level="warning")
