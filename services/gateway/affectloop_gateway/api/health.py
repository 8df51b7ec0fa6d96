"""Whether it lives, whether it can work, and its figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from affectloop.errors import Unavailable
from affectloop.store.sql.database import EVERY_TENANT
from affectloop_gateway.api.dependencies import Dependencies, Deps

router = APIRouter(tags=["health"])


@router.get("/health/live", summary="Whether the process turns")
async def live() -> dict[str, str]:
    """200 while the event loop turns; no store or bus is asked."""
    return {"status": "live"}


@router.get(
    "/health/ready",
    summary="Whether requests can be served",
    responses={503: {"description": "Something is not there; the body says what."}},
)
def ready(deps: Deps) -> Response:
    """200 when the database and live state answer and the bus is followed."""
    missing = [name for name, is_there in (("database", _database), ("live state", _live), ("bus", _bus)) if not is_there(deps)]
    return JSONResponse({"status": "waiting" if missing else "ready", "missing": missing}, 503 if missing else 200)


@router.get("/metrics", summary="Figures for Prometheus")
def metrics() -> Response:
    """Counts and times; no label names a session or a person."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _database(deps: Dependencies) -> bool:
    try:
        with deps.store.reading(EVERY_TENANT):
            return True
    except Unavailable:
        return False


def _live(deps: Dependencies) -> bool:
    try:
        deps.live.latest("nobody", "nothing")
    except Unavailable:
        return False
    return True


def _bus(deps: Dependencies) -> bool:
    return deps.is_ready()
