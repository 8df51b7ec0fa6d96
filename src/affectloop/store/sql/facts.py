"""What the bus is told of a session: stored in the outbox, in the transaction that changes what it tells."""

from __future__ import annotations

from affectloop.codec import to_record
from affectloop.events import Event, Modality, SessionChange
from affectloop.session import Mode
from affectloop.store.sql.database import Work
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession
from affectloop.store.sql.training import Trials


def tell(work: Work, event: Event) -> None:
    """Let the bus know, once the transaction is committed, sealed with the session's key. Lock the session first."""
    row = Sessions(work).get(event.header.session_id)
    session = Sessions(work).descriptor(row, People(work).key(row.learner_id))
    if session is not None:  # without its key nobody may read it any more
        Outbox(work).put(to_record(event, session.key))


def time_of(work: Work, row: TrainingSession) -> int:
    """What time it is in a session: now, or in a replay the time of the last that happened."""
    last_us = max(row.started_at_us, Trials(work).last_time_us(row.session_id))
    return max(last_us, work.now_us) if row.mode == Mode.LIVE.value else last_us


def stop_reading(work: Work, row: TrainingSession, modalities: frozenset[Modality]) -> bool:
    """Note and tell that these are read no more; ``False`` where that changes nothing. Lock the session first."""
    left = sorted(set(row.consented) - modalities)
    if left == row.consented or row.ended_at_us is not None:
        return False
    row.consented = left
    tell(work, Sessions(work).note(row, SessionChange.CONSENT_WITHDRAWN, time_of(work, row)))
    return True
