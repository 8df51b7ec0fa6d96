"""What the gateway lacks at this moment, for its readiness."""

from __future__ import annotations

from affectloop.errors import Unavailable
from affectloop.store.sql.database import EVERY_TENANT
from affectloop_gateway.api.dependencies import Dependencies


def missing(deps: Dependencies) -> list[str]:
    """What is not there now: database, live state, bus."""
    asked = (("database", _database), ("room on the database's disk", _room), ("live state", _live), ("bus", _bus))
    return [name for name, is_there in asked if not is_there(deps)]


def _database(deps: Dependencies) -> bool:
    try:
        with deps.store.reading(EVERY_TENANT):
            return True
    except Unavailable:
        return False


def _room(deps: Dependencies) -> bool:
    return not deps.store.is_full


def _live(deps: Dependencies) -> bool:
    try:
        deps.live.latest("nobody", "nothing")
    except Unavailable:
        return False
    return True


def _bus(deps: Dependencies) -> bool:
    return deps.is_followed()
