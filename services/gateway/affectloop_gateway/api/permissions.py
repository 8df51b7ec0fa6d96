"""Who may see what of a session: tenant, role, profile, and for staff the learner's consent to reports."""

from __future__ import annotations

from affectloop.events import Modality
from affectloop.policy.consent import consented, least_age_years
from affectloop.policy.profile import STAFF, Purpose, Role, profile
from affectloop.session import Session
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import Consents, People, UnknownLearner
from affectloop.store.sql.sessions import Sessions, UnknownSession
from affectloop.store.sql.tokens import Caller
from affectloop.topics import View
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.live.rendering import Permissions


def known_session(deps: Dependencies, asking: Caller, work: Work, session_id: str) -> Session:
    """The session, if it is this caller's to know of; to others it is as if it were not there."""
    session = deps.live.session(session_id)
    if session is None:
        row = Sessions(work).get(session_id)
        session = Sessions(work).descriptor(row, People(work).key(row.learner_id))
    if session is None or session.tenant_id != asking.tenant_id:
        raise UnknownSession(session_id)
    if asking.role is Role.DEVICE or (asking.role is Role.LEARNER and asking.learner_id != session.learner_id):
        raise UnknownSession(session_id)
    return session


def permissions_of(asking: Caller, work: Work, session: Session) -> Permissions:
    """What the caller may see of the session at this moment."""
    known = profile(session.profile)
    views = frozenset(view for view in View if known.shows(asking.role, view))
    modalities = _reported(work, session) if asking.role in STAFF else frozenset(Modality)
    return Permissions(views, modalities & known.modalities)


def need(permissions: Permissions, view: View, session: Session) -> None:
    """Refuse where this may not be seen."""
    if view not in permissions.views:
        raise Problem(
            403, "token", f"the profile {session.profile} does not show {view} to this role", "ask somebody whose role may see it"
        )
    if view is not View.PROGRESS and not session.consented <= permissions.modalities:
        raise Problem(403, "consent", "the learner has not agreed to reports", "ask for consent to the purpose report")


def _reported(work: Work, session: Session) -> frozenset[Modality]:
    """The modalities whose measurements staff may look at; unknown means none."""
    try:
        learner = People(work).learner(session.learner_id)
    except UnknownLearner:
        return frozenset()
    age_years = least_age_years(learner.birth_year, work.now_us)
    answers = Consents(work).of(session.learner_id)
    return consented(profile(session.profile), answers, age_years=age_years, now_us=work.now_us, purpose=Purpose.REPORT)
