"""What must happen without being asked for: live state comes back after a loss, retention ends, forgotten sessions end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import select

from affectloop.errors import Unavailable
from affectloop.store.sql.database import EVERY_TENANT
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.people import People, UnknownLearner
from affectloop.store.sql.sessions import Sessions, UnknownSession
from affectloop.store.sql.tables import Tenant
from affectloop_gateway.api.consents.withdrawal import narrow_live, stop_expired
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.sessions.end import end_row
from affectloop_gateway.api.sessions.start import put_live

logger = logging.getLogger(__name__)

PUBLISHED_KEPT_S = 3_600  # what the outbox has published stays this long, to be looked at


async def maintain(deps: Dependencies) -> None:
    """Restore and expire until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_every(deps.settings.restore_every_s, lambda: restore(deps)))
        tasks.create_task(_every(deps.settings.expire_every_s, lambda: expire(deps)))


def restore(deps: Dependencies) -> int:
    """Put sessions that live state has lost into it again, with the consents of now; gives how many."""
    narrow_live(deps)
    with deps.store.reading(EVERY_TENANT) as work:
        stored = [(row.tenant_id, row.session_id) for row in Sessions(work).with_keys()]
    if not stored:
        return 0
    known = frozenset(deps.live.sessions())
    return sum(_restore_one(deps, tenant_id, session_id) for tenant_id, session_id in stored if session_id not in known)


def expire(deps: Dependencies) -> int:
    """End expired consents and abandoned sessions, delete what has outlived its retention; gives how many sessions live state forgot."""
    with deps.store.reading(EVERY_TENANT) as work:
        tenants = work.rows.scalars(select(Tenant.tenant_id)).all()
    forgotten: list[str] = []
    for tenant_id in tenants:
        with deps.store.work(tenant_id) as work:
            stop_expired(deps, work)
        with deps.store.work(tenant_id) as work:
            before_us = work.now_us - round(deps.settings.abandoned_after_s * 1e6)
            for row in Sessions(work).abandoned(before_us):
                end_row(deps, work, Sessions(work).get(row.session_id, locked=True))
            forgotten += Sessions(work).close_expired()
    for session_id in forgotten:
        deps.live.forget_session(session_id)
    with deps.store.work(EVERY_TENANT) as work:
        Outbox(work).clear(work.now_us - PUBLISHED_KEPT_S * 1_000_000)
    deps.wake()
    return len(forgotten)


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
