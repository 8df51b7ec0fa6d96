"""What the bus is told of a session: stored in the outbox, in the transaction that changes what it tells."""

from __future__ import annotations

from affectloop.codec import to_record
from affectloop.events import Event
from affectloop.session import Mode, SessionKey
from affectloop.store.sql.database import Work
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.tables import TrainingSession
from affectloop.store.sql.training import Trials
from affectloop_gateway.api.dependencies import Dependencies

FACTS_KEY = SessionKey("none", b"")  # facts are not sealed; a key that seals nothing shows if that ever changes


def tell(work: Work, event: Event) -> None:
    """Let the bus know, once the transaction is committed. Lock the session first."""
    Outbox(work).put(to_record(event, FACTS_KEY))


def time_of(deps: Dependencies, work: Work, row: TrainingSession) -> int:
    """What time it is in a session: now, or in a replay the time of the last that happened."""
    last_us = max(row.started_at_us, Trials(work).last_time_us(row.session_id))
    return max(last_us, deps.clock.wall_us()) if row.mode == Mode.LIVE.value else last_us
