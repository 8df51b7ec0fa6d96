"""Stopping to sense: live state first, so that capture stops at once, then the fact."""

from __future__ import annotations

from collections.abc import Iterable

from affectloop.events import Modality, SessionChange
from affectloop.policy.profile import Purpose
from affectloop.session import Session
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import Consents, People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Baselines
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.sessions.facts import tell, time_of

EVERY_MODALITY = frozenset(Modality)


def withdraw(deps: Dependencies, asking: Caller, learner_id: str, modality: Modality, purpose: Purpose | None) -> list[str]:
    """Take a consent back; gives the sessions that changed. Twice in live state: at once, and with the fact."""
    modalities = frozenset({modality})
    stops = purpose in (None, Purpose.TRAINING)
    if stops:
        with deps.store.reading(asking.tenant_id) as work:
            running = [row.session_id for row in Sessions(work).open_ones_of(learner_id)]
        _stop_live(deps, running, modalities)
    with deps.store.work(asking.tenant_id) as work:
        People(work).learner(learner_id, locked=True)  # no session starts with the old answers
        Consents(work).withdraw(learner_id, modalities, purpose)
        if not stops:
            return []
        Baselines(work).forget(learner_id, modalities)
        rows = Sessions(work).open_ones_of(learner_id)
        changed = [row.session_id for row in rows if _withdraw_from(deps, work, row, modalities)]
    deps.wake()
    return changed


def stop_sensing(deps: Dependencies, tenant_id: str, session_id: str) -> None:
    """Let nothing more be read of this session."""
    _stop_live(deps, [session_id], EVERY_MODALITY)
    with deps.store.work(tenant_id) as work:
        _withdraw_from(deps, work, Sessions(work).get(session_id, locked=True), EVERY_MODALITY)
    deps.wake()


def _stop_live(deps: Dependencies, session_ids: Iterable[str], modalities: frozenset[Modality]) -> None:
    def without(session: Session) -> Session:
        return session.with_consents(session.consented - modalities)

    for session_id in session_ids:
        deps.live.change_session(session_id, without)


def _withdraw_from(deps: Dependencies, work: Work, row: TrainingSession, modalities: frozenset[Modality]) -> bool:
    row = Sessions(work).get(row.session_id, locked=True)
    _stop_live(deps, [row.session_id], modalities)
    left = sorted(set(row.consented) - modalities)
    if left == row.consented or row.ended_at_us is not None:
        return False
    row.consented = left
    event = Sessions(work).note(row, SessionChange.CONSENT_WITHDRAWN, time_of(deps, work, row))
    tell(work, event)
    return True
