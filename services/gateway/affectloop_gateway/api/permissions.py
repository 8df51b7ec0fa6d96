"""The one way to a learner's data: who asks what of whom is decided by ``affectloop.policy.access`` and audited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from affectloop.codec import decode
from affectloop.events import EmotionEstimate, Modality
from affectloop.policy.access import (
    MEASURED,
    RULES,
    Action,
    Denial,
    Permissions,
    Relation,
    Subject,
    decide,
    may_be_read,
    modalities_of,
    rests_on,
)
from affectloop.policy.access import permissions_of as permissions_for
from affectloop.policy.consent import consented, least_age_years
from affectloop.policy.profile import STAFF, Purpose, Role, profile
from affectloop.session import Session
from affectloop.store.live import LiveState
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import People, UnknownLearner
from affectloop.store.sql.sessions import Sessions, UnknownSession
from affectloop.store.sql.tokens import Caller
from affectloop.topics import View
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.api.sessions.latest import ESTIMATE

IDENTIFIER = re.compile(r"[0-9a-f]{16,24}")  # of sessions, learners and tokens; anything else could be a name
DENIALS_PER_MIN = 60  # of a token that are audited: the log is no place to fill


@contextmanager
def permitted(
    deps: Dependencies,
    asking: Caller,
    action: Action,
    *,
    learner_id: str | None = None,
    session_id: str | None = None,
    about: str | None = None,
    detail: str = "",
    noting: bool = True,
) -> Iterator[Work]:
    """A transaction in which the caller may do this to a learner, a session or the tenant; else the answer that says why not.

    What staff do is audited in the same transaction, what they look at once a minute, what they were denied too: as the action with
    its ``detail``, ``about`` whom or what. An act whose subject is made only now says so by itself, by ``note`` (``noting=False``).
    """
    rule, about = RULES[action], about or session_id or learner_id or asking.tenant_id
    look = (asking.tenant_id, asking.token_id, action + detail, about)
    audited = (
        noting and rule.audited and (asking.role in STAFF or action in NOTED_OF_LEARNERS) and not (rule.is_look and deps.looks.is_old(look))
    )
    transaction = deps.store.work if rule.writes or audited else deps.store.reading
    with transaction(asking.tenant_id) as work:
        denial = decide(action, asking.role, subject_of(deps, asking, work, action, learner_id=learner_id, session_id=session_id))
        if denial is None:
            yield work
            if audited:
                note(work, asking, action + detail, about)  # last: what it locks, everybody locks after learners and sessions
    if denial is not None:
        note_denied(deps, asking, action + detail, about)
        raise _refused(denial, learner_id, session_id)
    if audited:
        deps.looks.remember(look)


def check(deps: Dependencies, asking: Caller, action: Action, *, learner_id: str | None = None, session_id: str | None = None) -> None:
    """Refuse where the caller may not do this; for acts that begin in live state and are audited when they are stored."""
    with deps.store.reading(asking.tenant_id) as work:
        denial = decide(action, asking.role, subject_of(deps, asking, work, action, learner_id=learner_id, session_id=session_id))
    if denial is not None:
        note_denied(deps, asking, action, session_id or learner_id or asking.tenant_id)
        raise _refused(denial, learner_id, session_id)


NOTED_OF_LEARNERS = frozenset({Action.CONSENT_GIVE, Action.NAME_VIEW})  # proof of what was agreed to, and every look into the vault


def note(work: Work, asking: Caller, action: str, about: str) -> None:
    """Add to the audit log what somebody did or saw."""
    known = about if about == asking.tenant_id or IDENTIFIER.fullmatch(about) else "unknown"
    Audit(work).add(actor=asking.token_id, holder=asking.holder, role=asking.role, action=action, subject=known)


def note_denied(deps: Dependencies, asking: Caller, action: str, about: str) -> None:
    """Audit what somebody may not do: each thing once a minute, and not without end."""
    look = (asking.tenant_id, asking.token_id, f"{action}.denied", about)
    if deps.looks.is_old(look) or deps.live.count_within(f"denied:{asking.tenant_id}:{asking.token_id}", 60) > DENIALS_PER_MIN:
        return
    with deps.store.work(asking.tenant_id) as work:
        note(work, asking, f"{action}.denied", about)
    deps.looks.remember(look)


def subject_of(
    deps: Dependencies, asking: Caller, work: Work, action: Action, *, learner_id: str | None = None, session_id: str | None = None
) -> Subject:
    """Whom it is about, as far as access depends on it."""
    people = People(work)
    if session_id is not None:
        return _of_session(deps, asking, work, action, session_id)
    if learner_id is None:
        return Subject(profile=people.own_profile())
    relation = _relation(asking, people, learner_id) if people.is_known(learner_id) else Relation.ABSENT
    return Subject(profile=people.own_profile(), relation=relation)


def permissions_of(deps: Dependencies, asking: Caller, work: Work, session_id: str) -> Permissions | None:
    """What the caller may see of a session's live view at this moment; ``None`` where nothing at all."""
    subject = subject_of(deps, asking, work, Action.LIVE_VIEW, session_id=session_id)
    return None if decide(Action.LIVE_VIEW, asking.role, subject) is not None else permissions_for(asking.role, subject)


def sees_estimates(deps: Dependencies, asking: Caller, work: Work, session_id: str) -> bool:
    """Whether the caller may see what rests on estimates of a session, whatever they were made of."""
    permissions = permissions_of(deps, asking, work, session_id)
    return permissions is not None and permissions.shows(View.ESTIMATES, _declared(deps, work, session_id))


def known_session(deps: Dependencies, asking: Caller, work: Work, session_id: str) -> Session:
    """The session with its consents of now; ask first whether the caller may."""
    session = deps.live.session(session_id)
    if session is None:
        row = Sessions(work).get(session_id)
        session = Sessions(work).descriptor(row, People(work).key(row.learner_id))
    if session is None or session.tenant_id != asking.tenant_id:
        raise UnknownSession(session_id)
    return session


def newest_estimate(live: LiveState, session: Session) -> EmotionEstimate | None:
    """The newest estimate that rests on nothing but what may be read now."""
    newest = live.latest(session.session_id, ESTIMATE)
    event = decode(EmotionEstimate, newest) if newest else None
    return event if isinstance(event, EmotionEstimate) and may_be_read(event, session.consented) else None


def _of_session(deps: Dependencies, asking: Caller, work: Work, action: Action, session_id: str) -> Subject:
    row = Sessions(work).find(session_id)
    session = deps.live.session(session_id) if row is None or RULES[action].sees in MEASURED else None
    if row is None and (session is None or session.tenant_id != asking.tenant_id):
        return Subject(profile=People(work).own_profile(), relation=Relation.ABSENT)
    found = row or session
    assert found is not None
    people, own = People(work), profile(found.profile)
    subject = Subject(profile=own, relation=_relation(asking, people, found.learner_id))
    if asking.role in STAFF and (action is Action.LIVE_VIEW or RULES[action].sees in MEASURED):
        subject = replace(subject, reported=_reported(work, found.profile, found.learner_id))
    if RULES[action].sees not in MEASURED:
        return subject
    declared = _declared(deps, work, session_id)
    newest = newest_estimate(deps.live, session) if session is not None else None
    return replace(subject, rests_on=declared if newest is None else rests_on(newest, declared))


def _declared(deps: Dependencies, work: Work, session_id: str) -> frozenset[Modality]:
    """The modalities that a session was to read."""
    row = Sessions(work).find(session_id)
    if row is not None:
        return modalities_of(topic for topic, _ in row.streams)
    session = deps.live.session(session_id)
    return frozenset() if session is None else modalities_of(stream.topic for stream in session.streams)


def _relation(asking: Caller, people: People, learner_id: str) -> Relation:
    if asking.role is Role.LEARNER:
        return Relation.OWN if asking.learner_id == learner_id else Relation.OTHER
    taught = asking.role is Role.TEACHER and people.is_taught_by(learner_id, asking.holder)
    return Relation.TAUGHT if taught else Relation.OTHER


def _reported(work: Work, profile_name: str, learner_id: str) -> frozenset[Modality]:
    """The modalities whose measurements staff may look at; unknown means none."""
    try:
        learner = People(work).learner(learner_id)
    except UnknownLearner:
        return frozenset()
    answers, age_years = Consents(work).of(learner_id), least_age_years(learner.birth_year, work.now_us)
    return consented(profile(profile_name), answers, age_years=age_years, now_us=work.now_us, purpose=Purpose.REPORT)


def _refused(denial: Denial, learner_id: str | None, session_id: str | None) -> Exception:
    if not denial.is_hidden:
        return Problem(403, denial.field, denial.problem, denial.remedy)
    return UnknownSession(session_id) if session_id is not None else UnknownLearner(learner_id or "")
