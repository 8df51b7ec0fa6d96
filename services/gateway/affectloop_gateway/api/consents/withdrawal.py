"""Stopping to sense: live state first, so that capture stops at once, then the fact."""

from __future__ import annotations

from collections.abc import Iterable

from affectloop.events import Modality
from affectloop.policy.access import Action
from affectloop.policy.consent import consented, least_age_years
from affectloop.policy.profile import Purpose, profile
from affectloop.session import Session
from affectloop.store.live import LiveState
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import EVERY_TENANT, Work
from affectloop.store.sql.facts import stop_reading
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession
from affectloop.store.sql.tenancy import EVERY_MODALITY, change_profile
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Baselines
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.permissions import check, note, permitted
from affectloop_gateway.api.sessions.latest import ESTIMATE


def withdraw(deps: Dependencies, asking: Caller, learner_id: str, modality: Modality, purpose: Purpose | None) -> list[str]:
    """Take a consent back; gives the sessions that changed. Twice in live state: at once, and with the fact."""
    check(deps, asking, Action.CONSENT_WITHDRAW, learner_id=learner_id)
    modalities = frozenset({modality})
    stops = purpose in (None, Purpose.TRAINING)
    if stops:
        with deps.store.reading(asking.tenant_id) as work:
            running = [row.session_id for row in Sessions(work).open_ones(learner_id)]
        stop_live(deps.live, running, modalities)
    changed: list[str] = []
    with deps.store.work(asking.tenant_id) as work:
        People(work).learner(learner_id, locked=True)  # no session starts with the old answers
        Consents(work).withdraw(learner_id, modalities, purpose)
        if stops:
            Baselines(work).forget(learner_id, modalities)
            rows = Sessions(work).open_ones(learner_id)
            changed = [row.session_id for row in rows if _withdraw_from(deps, work, row, modalities)]
        note(work, asking, f"{Action.CONSENT_WITHDRAW}.{modality}.{purpose or 'all'}", learner_id)
    deps.wake()
    return changed


def stop_sensing(deps: Dependencies, asking: Caller, session_id: str) -> None:
    """Let nothing more be read of this session."""
    check(deps, asking, Action.SENSING_STOP, session_id=session_id)
    stop_live(deps.live, [session_id], EVERY_MODALITY)
    with deps.store.work(asking.tenant_id) as work:
        _withdraw_from(deps, work, Sessions(work).get(session_id, locked=True), EVERY_MODALITY)
        note(work, asking, Action.SENSING_STOP, session_id)
    deps.wake()


def put_under(deps: Dependencies, asking: Caller, profile_name: str) -> list[str]:
    """Put the tenant under another profile; gives the running sessions of which nothing is read any more."""
    with permitted(deps, asking, Action.TENANT_PROFILE, detail=f".{profile_name}") as work:
        changed = change_profile(work, profile_name)
        stop_live(deps.live, changed, EVERY_MODALITY)
    deps.wake()
    return changed


def stop_live(live: LiveState, session_ids: Iterable[str], modalities: frozenset[Modality]) -> None:
    """Let live state read these no more, and know no estimate that may rest on them."""

    def without(session: Session) -> Session:
        return session.with_consents(session.consented - modalities)

    for session_id in session_ids:
        if live.change_session(session_id, without) is not None:
            live.drop_latest(session_id, ESTIMATE)


def narrow_live(deps: Dependencies) -> None:
    """Bring live state to the consents that are stored, where it missed a withdrawal: a command's, or one that broke off."""
    with deps.store.reading(EVERY_TENANT) as work:
        stored = [(row.session_id, frozenset(map(Modality, row.consented))) for row in Sessions(work).open_ones() if row.changes > 1]
    for session_id, left in stored:
        session = deps.live.session(session_id)
        if session is not None and not session.consented <= left:
            stop_live(deps.live, [session_id], session.consented - left)


def stop_expired(deps: Dependencies, work: Work) -> None:
    """Let nothing be read of running sessions whose consent has expired meanwhile."""
    running = Sessions(work).open_ones()
    for learner_id in Consents(work).expired_in({row.learner_id for row in running}):
        learner = People(work).learner(learner_id, locked=True)
        answers, age_years = Consents(work).of(learner_id), least_age_years(learner.birth_year, work.now_us)
        for row in Sessions(work).open_ones(learner_id):
            allowed = consented(profile(row.profile), answers, age_years=age_years, now_us=work.now_us)
            gone = frozenset(map(Modality, row.consented)) - allowed
            if gone:
                _withdraw_from(deps, work, row, gone)


def _withdraw_from(deps: Dependencies, work: Work, row: TrainingSession, modalities: frozenset[Modality]) -> bool:
    row = Sessions(work).get(row.session_id, locked=True)
    stop_live(deps.live, [row.session_id], modalities)
    return stop_reading(work, row, modalities)
