"""Who may see and do what: one function over one table.

A caller has a role and a relation to the learner whom it is about; the table says which roles an action is for and what
the jurisdiction profile must show them or let them do; a learner's consent to reports decides what of the measured staff
may see. Whatever is out of a caller's reach is answered like what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from affectloop.events import FELT_CAUSES, EmotionEstimate, Event, Modality
from affectloop.policy.profile import STAFF, Deed, Profile, Role
from affectloop.topics import TOPIC_BY_NAME, TOPIC_OF_EVENT, View


class Action(StrEnum):
    """What a route or a socket lets one do; the audit log calls it so."""

    SESSION_START = "session.start"
    SESSION_END = "session.end"
    SESSION_ANSWER = "session.answer"
    SESSION_WISH = "session.wish"
    SENSING_STOP = "sensing.stop"
    SESSIONS_VIEW = "view.sessions"
    SESSION_VIEW = "view.session"
    DIRECTIVE_VIEW = "view.directive"
    ESTIMATE_VIEW = "view.estimate"
    EVENTS_VIEW = "view.events"
    LIVE_VIEW = "view.live"
    LEARNER_ADD = "learner.add"
    LEARNER_ERASE = "learner.erase"
    LEARNERS_VIEW = "view.learners"
    LEARNER_VIEW = "view.learner"
    NAME_VIEW = "view.name"
    RESULTS_VIEW = "view.results"
    CONSENTS_VIEW = "view.consents"
    CONSENT_GIVE = "consent.give"
    CONSENT_WITHDRAW = "consent.withdraw"
    CLASSES_VIEW = "view.classes"
    CLASS_GIVE = "class.give"
    CLASS_TAKE = "class.take"
    TOKEN_MAKE = "token.make"
    TOKEN_MAKE_LEARNER = "token.make.learner"
    TOKEN_REVOKE = "token.revoke"
    TOKENS_VIEW = "view.tokens"
    SIGN_OUT = "token.sign-out"
    TENANT_VIEW = "view.tenant"
    TENANT_PROFILE = "tenant.profile"
    AUDIT_VIEW = "view.audit"
    PROFILES_VIEW = "view.profiles"


class Relation(StrEnum):
    """What a learner is to a caller."""

    OWN = "own"  # it is themself
    TAUGHT = "taught"  # in a class that the caller teaches
    OTHER = "other"  # somebody of the same tenant
    ABSENT = "absent"  # nobody, or somebody of another tenant: both tell the same


PERSONS = frozenset(Role) - {Role.DEVICE}
OFFICE = frozenset({Role.ADMIN, Role.PLATFORM})
CARE = OFFICE | {Role.TEACHER, Role.COUNSELLOR}  # who is responsible for learners
ANYBODY = frozenset({Relation.OWN, Relation.TAUGHT, Relation.OTHER})
REACH: Mapping[Role, frozenset[Relation]] = {
    Role.ADMIN: ANYBODY,
    Role.PLATFORM: ANYBODY,
    Role.COUNSELLOR: ANYBODY,
    Role.RESEARCHER: ANYBODY,
    Role.TEACHER: frozenset({Relation.TAUGHT}),
    Role.LEARNER: frozenset({Relation.OWN}),
    Role.DEVICE: frozenset(),
}
MEASURED = frozenset({View.ESTIMATES, View.FEATURES, View.SIGNALS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table: for whom an action is, and what the profile must say."""

    roles: frozenset[Role]
    sees: View | None = None  # the profile shows this to the role
    does: Deed | None = None  # the profile lets the role do this
    even_own: bool = True  # the profile counts for learners about themselves, too
    writes: bool = False
    audited: bool = True  # when staff do or see it

    @property
    def is_look(self) -> bool:
        """Whether doing it again within a minute is the same: a page that asks every second is one look. Each look at a name counts."""
        return (not self.writes or self.does is Deed.ANSWERS) and self.sees is not View.NAMES


RULES: Mapping[Action, Rule] = {
    Action.SESSION_START: Rule(roles=PERSONS - {Role.COUNSELLOR}, does=Deed.SESSIONS, writes=True),
    Action.SESSION_END: Rule(roles=PERSONS - {Role.COUNSELLOR}, does=Deed.SESSIONS, writes=True),
    Action.SESSION_ANSWER: Rule(roles=OFFICE | {Role.RESEARCHER, Role.LEARNER}, does=Deed.ANSWERS, writes=True),
    Action.SESSION_WISH: Rule(roles=OFFICE | {Role.RESEARCHER, Role.LEARNER}, does=Deed.ANSWERS, writes=True),
    Action.SENSING_STOP: Rule(roles=PERSONS, writes=True),  # protects: nobody in reach is asked for more
    Action.SESSIONS_VIEW: Rule(roles=PERSONS),  # each session by its own profile
    Action.SESSION_VIEW: Rule(roles=PERSONS, sees=View.PROGRESS),
    Action.DIRECTIVE_VIEW: Rule(roles=PERSONS, sees=View.PROGRESS),
    Action.ESTIMATE_VIEW: Rule(roles=PERSONS, sees=View.ESTIMATES),
    Action.EVENTS_VIEW: Rule(roles=PERSONS, sees=View.PROGRESS),
    Action.LIVE_VIEW: Rule(roles=PERSONS, sees=View.PROGRESS),  # each message by what it shows
    Action.LEARNER_ADD: Rule(roles=OFFICE, does=Deed.PEOPLE, writes=True),
    Action.LEARNER_ERASE: Rule(roles=OFFICE, does=Deed.PEOPLE, writes=True),
    Action.LEARNERS_VIEW: Rule(roles=CARE, sees=View.PROGRESS),
    Action.LEARNER_VIEW: Rule(roles=CARE | {Role.LEARNER}, sees=View.PROGRESS),
    Action.NAME_VIEW: Rule(roles=CARE | {Role.LEARNER}, sees=View.NAMES, even_own=False),
    Action.RESULTS_VIEW: Rule(roles=PERSONS, sees=View.PROGRESS),  # each session's by its own profile, too
    Action.CONSENTS_VIEW: Rule(roles=CARE | {Role.LEARNER}, sees=View.PROGRESS),
    Action.CONSENT_GIVE: Rule(roles=OFFICE | {Role.LEARNER}, does=Deed.CONSENTS, writes=True),
    Action.CONSENT_WITHDRAW: Rule(roles=CARE | {Role.LEARNER}, writes=True),  # protects
    Action.CLASSES_VIEW: Rule(roles=OFFICE),
    Action.CLASS_GIVE: Rule(roles=OFFICE, does=Deed.PEOPLE, writes=True),
    Action.CLASS_TAKE: Rule(roles=OFFICE, does=Deed.PEOPLE, writes=True),
    Action.TOKEN_MAKE: Rule(roles=frozenset({Role.ADMIN}), writes=True),
    Action.TOKEN_MAKE_LEARNER: Rule(roles=CARE, sees=View.NAMES, writes=True),  # it opens the learner's name
    Action.TOKEN_REVOKE: Rule(roles=frozenset({Role.ADMIN}), writes=True),
    Action.TOKENS_VIEW: Rule(roles=frozenset({Role.ADMIN})),
    Action.SIGN_OUT: Rule(roles=frozenset(Role), writes=True),
    Action.TENANT_VIEW: Rule(roles=PERSONS, audited=False),
    Action.TENANT_PROFILE: Rule(roles=frozenset({Role.ADMIN}), writes=True),
    Action.AUDIT_VIEW: Rule(roles=frozenset({Role.ADMIN})),
    Action.PROFILES_VIEW: Rule(roles=frozenset(Role), audited=False),  # the same for everybody
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom it is about, as far as access depends on it."""

    profile: Profile  # the session's own, else the tenant's
    relation: Relation | None = None  # None: nobody in particular
    rests_on: frozenset[Modality] = frozenset()  # what is asked for was measured through these
    reported: frozenset[Modality] = frozenset()  # staff may see these: the learner agrees to reports now


@dataclass(frozen=True, slots=True)
class Permissions:
    """What somebody may see of one session."""

    views: frozenset[View] = frozenset()
    modalities: frozenset[Modality] = frozenset()

    def shows(self, view: View, rests_on: frozenset[Modality]) -> bool:
        """Whether this may be seen; where no modality is open, nothing measured is."""
        return view in self.views and (view not in MEASURED or (bool(self.modalities) and rests_on <= self.modalities))


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why not, and what would change that."""

    is_hidden: bool = False  # answered as if it were not there
    field: str = "token"
    problem: str = ""
    remedy: str = ""


HIDDEN = Denial(is_hidden=True)


def decide(action: Action, role: Role, subject: Subject) -> Denial | None:
    """Why a caller may not do this; ``None`` where it may. The role comes first, so that it tells nothing of what is there."""
    rule, own = RULES[action], subject.profile
    if role not in rule.roles:
        return Denial(problem=f"a {role}'s token may not do this", remedy=f"use one of: {', '.join(sorted(rule.roles))}")
    if subject.relation is not None and subject.relation not in REACH[role]:
        return HIDDEN
    if subject.relation is Relation.OWN and role is Role.LEARNER and not rule.even_own:
        return None
    if rule.does is not None and not own.lets(role, rule.does):
        return Denial(problem=f"the profile {own.name} gives {rule.does} to other roles", remedy="ask somebody whose role may do it")
    if rule.sees is not None and not own.shows(role, rule.sees):
        return Denial(problem=f"the profile {own.name} does not show {rule.sees} to this role", remedy="ask somebody whose role may see it")
    if rule.sees in MEASURED and not permissions_of(role, subject).shows(rule.sees, subject.rests_on):
        return Denial(field="consent", problem="the learner has not agreed to reports", remedy="ask for consent to the purpose report")
    return None


def permissions_of(role: Role, subject: Subject) -> Permissions:
    """What somebody in reach may see of a session, view by view and modality by modality."""
    own = subject.profile
    views = frozenset(view for view in View if own.shows(role, view))
    return Permissions(views, (subject.reported if role in STAFF else frozenset(Modality)) & own.modalities)


def rests_on(event: Event, otherwise: frozenset[Modality]) -> frozenset[Modality]:
    """Through which modalities an event was measured; what is fused and names none rests on ``otherwise``."""
    if isinstance(event, EmotionEstimate):
        shares = {Modality.FACE: event.face_share, Modality.WRISTBAND: event.wristband_share, Modality.VOICE: event.voice_share}
        return frozenset(modality for modality, share in shares.items() if share > 0) or otherwise
    if event.modality is not None:
        return frozenset({event.modality})
    return otherwise if _fused(event) else frozenset()


def without_felt_causes(directive: dict[str, Any]) -> dict[str, Any]:
    """A directive's fields as they are told to who may not see estimates: a cause such as rising strain is one."""
    return {**directive, "causes": [cause for cause in directive.get("causes", ()) if cause["cause"] not in FELT_CAUSES]}


def may_be_read(event: Event, consented: frozenset[Modality]) -> bool:
    """Whether all that an event was measured through may be read at this moment; what is fused of nothing may not."""
    through = rests_on(event, consented)
    return through <= consented and (bool(through) or not _fused(event))


def _fused(event: Event) -> bool:
    return event.modality is None and bool(TOPIC_OF_EVENT[type(event)].derives_from)


def modalities_of(topics: Iterable[str]) -> frozenset[Modality]:
    """The modalities that streams of these topics measure."""
    return frozenset(known for name in topics if name in TOPIC_BY_NAME and (known := TOPIC_BY_NAME[name].event.modality) is not None)
