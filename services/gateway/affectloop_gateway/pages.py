"""The web app's built pages, with a policy that lets nothing in from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

from affectloop_gateway.api.errors import Problem

STATIC = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False)


@router.get("/")
def index() -> FileResponse:
    """The staff's way in."""
    return page("index.html")


@router.get("/live/{session_id}")
def live(session_id: str) -> FileResponse:
    """The live view of a session; the page itself asks for the token."""
    return page("live.html")


@router.get("/icon.svg")
def icon() -> FileResponse:
    """What a tab shows."""
    return page("icon.svg")


def page(name: str) -> FileResponse:
    """A built page, asked for anew each time; what it loads has names that change with its content."""
    path = STATIC / name
    if not path.is_file():
        raise Problem(404, "page", "the web app is not built here", "build it as web/README.md says")
    return FileResponse(path, headers={"Cache-Control": "no-cache"})


def assets() -> StaticFiles:
    """What the pages load."""
    return StaticFiles(directory=STATIC, check_dir=False)
