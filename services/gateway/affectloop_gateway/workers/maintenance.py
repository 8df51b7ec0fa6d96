"""What must happen without being asked for: live state comes back after a loss, retention ends, forgotten sessions end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import select

from affectloop.errors import Unavailable
from affectloop.runtime.faults import place_of, reason
from affectloop.store.sql.database import EVERY_TENANT
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.people import People, UnknownLearner
from affectloop.store.sql.sessions import Sessions, UnknownSession
from affectloop.store.sql.tables import Tenant
from affectloop_gateway.api.consents.withdrawal import narrow_live, stop_expired
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.sessions.end import end_live, end_row, finish_live
from affectloop_gateway.api.sessions.start import put_live

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
PUBLISHED_KEPT_S = 3_600  # what the outbox has published stays this long, to be looked at


async def maintain(deps: Dependencies) -> None:
    """Restore and expire until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_every(deps.settings.restore_every_s, lambda: restore(deps)))
        tasks.create_task(_every(deps.settings.expire_every_s, lambda: expire(deps)))


def restore(deps: Dependencies) -> int:
    """Put sessions that live state has lost into it again, with the consents of now; gives how many."""
    narrow_live(deps)
    finish_live(deps)
    with deps.store.reading(EVERY_TENANT) as work:
        stored = [(row.tenant_id, row.session_id) for row in Sessions(work).with_keys()]
    if not stored:
        return 0
    known = frozenset(deps.live.sessions())
    lost = [pair for pair in stored if pair[1] not in known]
    return sum(bool(apart(partial(_restore_one, deps, *pair))) for pair in lost)


def expire(deps: Dependencies) -> int:
    """End expired consents and abandoned sessions, delete what has outlived its retention; gives how many sessions live state forgot."""
    with deps.store.reading(EVERY_TENANT) as work:
        tenants = work.rows.scalars(select(Tenant.tenant_id)).all()
    forgotten: list[str] = []
    for tenant_id in tenants:
        apart(partial(_stop_expired, deps, tenant_id))
        for session_id in _abandoned(deps, tenant_id):
            apart(partial(_end, deps, tenant_id, session_id))
        forgotten += apart(partial(_close_expired, deps, tenant_id)) or []
    for session_id in forgotten:
        deps.live.forget_session(session_id)
    with deps.store.work(EVERY_TENANT) as work:
        Outbox(work).clear(work.now_us - PUBLISHED_KEPT_S * 1_000_000)
    if not deps.store.is_postgres:
        deps.store.scrub()
    deps.wake()
    return len(forgotten)


def apart(do: Callable[[], Result]) -> Result | None:
    """Do something for one session or tenant; what fails costs no other, and is said in the log. A store that is away goes on up."""
    try:
        return do()
    except Unavailable:
        raise
    except Exception as error:
        logger.error("maintenance of one session or tenant failed", extra={"cause": reason(error), "place": place_of(error)})
        return None


def _stop_expired(deps: Dependencies, tenant_id: str) -> None:
    with deps.store.work(tenant_id) as work:
        stop_expired(deps, work)


def _abandoned(deps: Dependencies, tenant_id: str) -> list[str]:
    with deps.store.reading(tenant_id) as work:
        return [row.session_id for row in Sessions(work).abandoned(work.now_us - round(deps.settings.abandoned_after_s * 1e6))]


def _end(deps: Dependencies, tenant_id: str, session_id: str) -> None:
    with deps.store.work(tenant_id) as work:
        row = Sessions(work).get(session_id, locked=True)
        if row.ended_at_us is None:
            end_row(deps, work, row)
        at_us = row.ended_at_us or 0
    end_live(deps.live, session_id, at_us)


def _close_expired(deps: Dependencies, tenant_id: str) -> list[str]:
    with deps.store.work(tenant_id) as work:
        return Sessions(work).close_expired()


def _restore_one(deps: Dependencies, tenant_id: str, session_id: str) -> bool:
    try:
        with deps.store.work(tenant_id) as work:
            row = Sessions(work).get(session_id, locked=True)  # neither erased nor changed until it is there
            key = People(work).key(row.learner_id)
            session = Sessions(work).descriptor(row, key)
            if session is None:
                return False
            put_live(deps, work, session, row.grant, key)
    except (UnknownSession, UnknownLearner):
        return False
    logger.info("a session came back into live state")
    return True


async def _every(seconds: float, do: Callable[[], object]) -> None:
    while True:
        try:
            await asyncio.to_thread(do)
        except Unavailable as error:
            logger.warning("maintenance waits", extra={"cause": str(error)})
        await asyncio.sleep(seconds)
