"""Stopping to sense: live state first, so that capture stops at once, then the fact."""

from __future__ import annotations

from collections.abc import Iterable

from affectloop.codec import to_record
from affectloop.events import Modality, SessionChange
from affectloop.policy.profile import Purpose
from affectloop.session import Mode, Session, SessionKey
from affectloop.store.sql.database import Work
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.people import Consents, People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Baselines, Trials
from affectloop_gateway.premises import Premises

FACTS_KEY = SessionKey("none", b"")  # facts are not sealed; a key that seals nothing shows if that ever changes
EVERY_MODALITY = frozenset(Modality)


def withdraw(here: Premises, asking: Caller, learner_id: str, modality: Modality, purpose: Purpose | None) -> list[str]:
    """Take a consent back; gives the sessions that changed. Twice in live state: at once, and with the fact."""
    modalities = frozenset({modality})
    stops = purpose in (None, Purpose.TRAINING)
    if stops:
        with here.store.reading(asking.tenant_id) as work:
            running = [row.session_id for row in Sessions(work).open_ones_of(learner_id)]
        _stop_live(here, running, modalities)
    with here.store.work(asking.tenant_id) as work:
        People(work).learner(learner_id, locked=True)  # no session starts with the old answers
        Consents(work).withdraw(learner_id, modalities, purpose)
        if not stops:
            return []
        Baselines(work).forget(learner_id, modalities)
        rows = Sessions(work).open_ones_of(learner_id)
        changed = [row.session_id for row in rows if _withdraw_from(here, work, row, modalities)]
    here.wake()
    return changed


def stop_sensing(here: Premises, tenant_id: str, session_id: str) -> None:
    """Let nothing more be read of this session."""
    _stop_live(here, [session_id], EVERY_MODALITY)
    with here.store.work(tenant_id) as work:
        _withdraw_from(here, work, Sessions(work).get(session_id, locked=True), EVERY_MODALITY)
    here.wake()


def time_of(here: Premises, work: Work, row: TrainingSession) -> int:
    """What time it is in a session: now, or in a replay the time of the last that happened."""
    last_us = max(row.started_at_us, Trials(work).last_time_us(row.session_id))
    return max(last_us, here.clock.wall_us()) if row.mode == Mode.LIVE.value else last_us


def _stop_live(here: Premises, session_ids: Iterable[str], modalities: frozenset[Modality]) -> None:
    def without(session: Session) -> Session:
        return session.with_consents(session.consented - modalities)

    for session_id in session_ids:
        here.live.change_session(session_id, without)


def _withdraw_from(here: Premises, work: Work, row: TrainingSession, modalities: frozenset[Modality]) -> bool:
    row = Sessions(work).get(row.session_id, locked=True)
    _stop_live(here, [row.session_id], modalities)
    left = sorted(set(row.consented) - modalities)
    if left == row.consented or row.ended_at_us is not None:
        return False
    row.consented = left
    event = Sessions(work).note(row, SessionChange.CONSENT_WITHDRAWN, time_of(here, work, row))
    Outbox(work).put(to_record(event, FACTS_KEY))
    return True
